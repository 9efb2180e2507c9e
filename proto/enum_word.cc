#include "proto/enum_word.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace rollcall {
namespace {

using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::EnumValueDescriptor;

bool IsUnspecified(const EnumValueDescriptor* value) {
  return value->number() == 0 && absl::EndsWith(value->name(), "UNSPECIFIED");
}

// Length of the words that the names of all values begin with, underscore included; 0 if a name would be empty
// without them or there is but one.
size_t CommonPrefix(const EnumDescriptor* type) {
  absl::string_view prefix;
  int values = 0;
  for (int i = 0; i < type->value_count(); ++i) {
    if (IsUnspecified(type->value(i))) continue;
    const absl::string_view name = type->value(i)->name();
    if (values++ == 0) {
      prefix = name.substr(0, name.rfind('_') == absl::string_view::npos ? 0 : name.rfind('_') + 1);
    }
    while (!prefix.empty() && (!absl::StartsWith(name, prefix) || name.size() == prefix.size())) {
      const size_t before = prefix.substr(0, prefix.size() - 1).rfind('_');
      prefix = prefix.substr(0, before == absl::string_view::npos ? 0 : before + 1);
    }
  }
  return values > 1 ? prefix.size() : 0;
}

}  // namespace

std::string EnumWord(const EnumValueDescriptor* value) {
  if (IsUnspecified(value)) return "";
  return absl::AsciiStrToLower(absl::string_view(value->name()).substr(CommonPrefix(value->type())));
}

const EnumValueDescriptor* FindEnumValue(const EnumDescriptor* type, absl::string_view text) {
  for (int i = 0; i < type->value_count(); ++i) {
    const EnumValueDescriptor* value = type->value(i);
    if (absl::EqualsIgnoreCase(value->name(), text) || absl::EqualsIgnoreCase(EnumWord(value), text)) return value;
  }
  return nullptr;
}

std::vector<std::string> EnumWords(const EnumDescriptor* type) {
  std::vector<std::string> words;
  for (int i = 0; i < type->value_count(); ++i) {
    std::string word = EnumWord(type->value(i));
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

}  // namespace rollcall
