#include "backend/ingest/message_bounds.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::internal::WireFormatLite;
using ::google::protobuf::io::CodedInputStream;

constexpr int kMaxDepth = 8;

struct TypeRules;

// What is to be looked at in a field.
struct FieldRule {
  const FieldDescriptor* field = nullptr;
  WireFormatLite::WireType wire_type = WireFormatLite::WIRETYPE_VARINT;
  // Several numbers may stand in one run of bytes.
  bool packable = false;
  // Of an enum: the numbers it names, ascending.
  std::vector<int> values;
  // Of a message: the rules of its type.
  const TypeRules* message = nullptr;
};

struct TypeRules {
  const Descriptor* type = nullptr;
  std::vector<FieldRule> fields;  // ascending by number

  const FieldRule* Find(int number) const {
    const auto found = std::lower_bound(fields.begin(), fields.end(), number,
                                        [](const FieldRule& rule, int n) { return rule.field->number() < n; });
    return found != fields.end() && found->field->number() == number ? &*found : nullptr;
  }
};

// Rules of the types asked for so far. Making them takes longer than a check, so every thread remembers.
class RuleBook {
 public:
  const TypeRules* Of(const Descriptor* type) {
    const auto [found, is_new] = known_.try_emplace(type);
    if (!is_new) return found->second.get();
    // Known before its fields are: a type may hold itself.
    found->second = std::make_unique<TypeRules>();
    TypeRules* rules = found->second.get();
    rules->type = type;
    for (int i = 0; i < type->field_count(); ++i) rules->fields.push_back(RuleOf(type->field(i)));
    std::sort(rules->fields.begin(), rules->fields.end(),
              [](const FieldRule& a, const FieldRule& b) { return a.field->number() < b.field->number(); });
    return rules;
  }

 private:
  FieldRule RuleOf(const FieldDescriptor* field) {
    const auto type = static_cast<WireFormatLite::FieldType>(field->type());
    FieldRule rule = {
        .field = field, .wire_type = WireFormatLite::WireTypeForFieldType(type), .packable = field->is_packable()};
    if (field->type() == FieldDescriptor::TYPE_ENUM) {
      const EnumDescriptor* values = field->enum_type();
      for (int i = 0; i < values->value_count(); ++i) rule.values.push_back(values->value(i)->number());
      std::sort(rule.values.begin(), rule.values.end());
    }
    if (field->type() == FieldDescriptor::TYPE_MESSAGE) rule.message = Of(field->message_type());
    return rule;
  }

  std::map<const Descriptor*, std::unique_ptr<TypeRules>> known_;
};

class Checker {
 public:
  Checker(absl::string_view bytes, size_t max_string_bytes)
      : in_(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size())),
        max_string_bytes_(max_string_bytes) {}

  // A message up to the end of the bytes, or to the limit that is set.
  absl::Status Check(const TypeRules& rules, int depth) {
    if (depth > kMaxDepth) return absl::InvalidArgumentError("check record: nested too deeply");
    while (const uint32_t tag = in_.ReadTag()) {
      const FieldRule* rule = rules.Find(WireFormatLite::GetTagFieldNumber(tag));
      const WireFormatLite::WireType wire_type = WireFormatLite::GetTagWireType(tag);
      const bool has_length = wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      if (rule == nullptr || (wire_type != rule->wire_type && !(rule->packable && has_length))) {
        return absl::InvalidArgumentError(absl::StrCat("check ", rules.type->name(),
                                                       ": it has a field this backend does not know; "
                                                       "upgrade the backend before its agents"));
      }
      absl::Status status = has_length                                     ? CheckBytes(*rule, depth)
                            : wire_type == WireFormatLite::WIRETYPE_VARINT ? CheckNumber(*rule)
                                                                           : Skip(tag, *rule);
      if (!status.ok()) return status;
    }
    return in_.ConsumedEntireMessage() ? absl::OkStatus() : Damaged(rules.type->name());
  }

 private:
  static absl::Status Damaged(absl::string_view name) {
    return absl::InvalidArgumentError(absl::StrCat("check ", name, ": its bytes are damaged"));
  }

  absl::Status Skip(uint32_t tag, const FieldRule& rule) {
    return WireFormatLite::SkipField(&in_, tag) ? absl::OkStatus() : Damaged(rule.field->name());
  }

  absl::Status CheckNumber(const FieldRule& rule) {
    uint64_t number = 0;
    if (!in_.ReadVarint64(&number)) return Damaged(rule.field->name());
    // Negative numbers come as 64 bits; a parser takes the lower 32.
    const auto value = static_cast<int32_t>(static_cast<uint32_t>(number));
    if (rule.values.empty() || std::binary_search(rule.values.begin(), rule.values.end(), value)) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("check field ", rule.field->name(), ": no value has number ", value));
  }

  absl::Status CheckBytes(const FieldRule& rule, int depth) {
    uint32_t size = 0;
    if (!in_.ReadVarint32(&size) || size > static_cast<uint32_t>(std::max(in_.BytesUntilLimit(), 0))) {
      return Damaged(rule.field->name());
    }
    if (rule.message == nullptr && rule.values.empty()) {
      if (rule.wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED && size > max_string_bytes_) {
        return absl::InvalidArgumentError(
            absl::StrCat("check field ", rule.field->name(), ": longer than ", max_string_bytes_, " bytes"));
      }
      return in_.Skip(static_cast<int>(size)) ? absl::OkStatus() : Damaged(rule.field->name());
    }
    const CodedInputStream::Limit limit = in_.PushLimit(static_cast<int>(size));
    absl::Status status = rule.message != nullptr ? Check(*rule.message, depth + 1) : absl::OkStatus();
    while (rule.message == nullptr && status.ok() && in_.BytesUntilLimit() > 0) status = CheckNumber(rule);  // packed
    in_.PopLimit(limit);
    return status;
  }

  CodedInputStream in_;
  const size_t max_string_bytes_;
};

}  // namespace

absl::Status CheckMessageBounds(const Descriptor* type, absl::string_view bytes, size_t max_string_bytes) {
  thread_local RuleBook rules;
  return Checker(bytes, max_string_bytes).Check(*rules.Of(type), 0);
}

}  // namespace rollcall
