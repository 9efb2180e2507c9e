#include "cli/selector_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/status_macros.h"
#include "proto/enum_word.h"

namespace rollcall {
namespace {

absl::StatusOr<int> ReadWord(const google::protobuf::EnumDescriptor* type, const std::string& what,
                             const std::string& word) {
  const google::protobuf::EnumValueDescriptor* value = FindEnumValue(type, word);
  if (value != nullptr && value->number() != 0) return value->number();
  return absl::InvalidArgumentError(
      absl::StrCat("'", word, "' is no ", what, ": there are ", absl::StrJoin(EnumWords(type), ", ")));
}

// Words of enum values, joined.
template <typename Values>
std::string Words(const google::protobuf::EnumDescriptor* type, const Values& values) {
  std::vector<std::string> words;
  for (const int number : values) {
    const google::protobuf::EnumValueDescriptor* value = type->FindValueByNumber(number);
    words.push_back(value == nullptr ? absl::StrCat(number) : EnumWord(value));
  }
  return absl::StrJoin(words, ", ");
}

}  // namespace

absl::StatusOr<pb::Selector> ReadSelector(const SelectorArguments& arguments) {
  pb::Selector selector;
  for (const std::string& word : arguments.categories) {
    ROLLCALL_ASSIGN_OR_RETURN(const int category, ReadWord(pb::Category_descriptor(), "category", word));
    selector.add_categories(static_cast<pb::Category>(category));
  }
  for (const std::string& word : arguments.elements) {
    ROLLCALL_ASSIGN_OR_RETURN(const int element, ReadWord(pb::Element_descriptor(), "element", word));
    selector.add_elements(static_cast<pb::Element>(element));
  }
  for (const std::string& service : arguments.services) selector.add_hosting_services(service);
  for (const std::string& host : arguments.hosts) selector.add_hosts(host);
  for (const std::string& condition : arguments.fields) {
    const size_t equals = condition.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(absl::StrCat("'", condition, "' is no condition: use KIND.FIELD=VALUE"));
    }
    pb::FieldCondition* field = selector.add_fields();
    field->set_field(condition.substr(0, equals));
    field->set_value(condition.substr(equals + 1));
  }
  selector.set_from_day(arguments.from_day);
  selector.set_to_day(arguments.to_day);
  return selector;
}

bool SelectsEverything(const pb::Selector& selector) { return selector.ByteSizeLong() == 0; }

std::string SelectorText(const pb::Selector& selector) {
  if (SelectsEverything(selector)) return "everything";
  std::string text =
      selector.categories().empty() ? "everything" : Words(pb::Category_descriptor(), selector.categories());
  if (!selector.elements().empty()) absl::StrAppend(&text, ", ", Words(pb::Element_descriptor(), selector.elements()));
  if (!selector.hosting_services().empty())
    absl::StrAppend(&text, " of ", absl::StrJoin(selector.hosting_services(), ", "));
  if (!selector.hosts().empty()) absl::StrAppend(&text, " on ", absl::StrJoin(selector.hosts(), ", "));
  for (const pb::FieldCondition& field : selector.fields()) {
    absl::StrAppend(&text, &field == &selector.fields(0) ? " where " : " or ", field.field(), " is ", field.value());
  }
  if (!selector.from_day().empty() || !selector.to_day().empty()) absl::StrAppend(&text, ", collected");
  if (!selector.from_day().empty()) absl::StrAppend(&text, " from ", selector.from_day());
  if (!selector.to_day().empty()) absl::StrAppend(&text, " to ", selector.to_day());
  return text;
}

}  // namespace rollcall
