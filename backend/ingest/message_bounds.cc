#include "backend/ingest/message_bounds.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::Reflection;

constexpr int kMaxDepth = 8;

// Fields of a type whose values need a look: numbers, for one, do not. Finding them takes longer than
// looking at them, so every thread remembers.
const std::vector<const FieldDescriptor*>& FieldsToCheck(const Descriptor* type) {
  thread_local std::map<const Descriptor*, std::vector<const FieldDescriptor*>> known;
  const auto [found, is_new] = known.try_emplace(type);
  if (!is_new) return found->second;
  for (int i = 0; i < type->field_count(); ++i) {
    const auto cpp_type = type->field(i)->cpp_type();
    if (cpp_type == FieldDescriptor::CPPTYPE_MESSAGE || cpp_type == FieldDescriptor::CPPTYPE_ENUM ||
        cpp_type == FieldDescriptor::CPPTYPE_STRING) {
      found->second.push_back(type->field(i));
    }
  }
  return found->second;
}

class Checker {
 public:
  // With `short_strings` the whole message is known to be shorter than a string may be.
  Checker(size_t max_string_bytes, bool short_strings)
      : max_string_bytes_(max_string_bytes), short_strings_(short_strings) {}

  absl::Status Check(const Message& message, int depth) {
    if (depth > kMaxDepth) return absl::InvalidArgumentError("check record: nested too deeply");
    const Reflection* reflection = message.GetReflection();
    if (!reflection->GetUnknownFields(message).empty()) {
      return absl::InvalidArgumentError(absl::StrCat("check ", message.GetDescriptor()->name(),
                                                     ": it has a field this backend does not know; "
                                                     "upgrade the backend before its agents"));
    }
    for (const FieldDescriptor* field : FieldsToCheck(message.GetDescriptor())) {
      if (short_strings_ && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) continue;
      const int count = field->is_repeated()                   ? reflection->FieldSize(message, field)
                        : reflection->HasField(message, field) ? 1
                                                               : 0;
      for (int i = 0; i < count; ++i) {
        if (absl::Status status = CheckValue(message, field, i, depth); !status.ok()) return status;
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CheckValue(const Message& message, const FieldDescriptor* field, int index, int depth) {
    const Reflection* reflection = message.GetReflection();
    const bool repeated = field->is_repeated();
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      return Check(
          repeated ? reflection->GetRepeatedMessage(message, field, index) : reflection->GetMessage(message, field),
          depth + 1);
    }
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      const int number =
          repeated ? reflection->GetRepeatedEnumValue(message, field, index) : reflection->GetEnumValue(message, field);
      if (field->enum_type()->FindValueByNumber(number) != nullptr) return absl::OkStatus();
      return absl::InvalidArgumentError(absl::StrCat("check field ", field->name(), ": no value has number ", number));
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return absl::OkStatus();
    std::string scratch;
    const std::string& text = repeated ? reflection->GetRepeatedStringReference(message, field, index, &scratch)
                                       : reflection->GetStringReference(message, field, &scratch);
    if (text.size() <= max_string_bytes_) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("check field ", field->name(), ": longer than ", max_string_bytes_, " bytes"));
  }

  const size_t max_string_bytes_;
  const bool short_strings_;
};

}  // namespace

absl::Status CheckMessageBounds(const Message& message, size_t max_string_bytes) {
  return Checker(max_string_bytes, message.ByteSizeLong() <= max_string_bytes).Check(message, 0);
}

}  // namespace rollcall
