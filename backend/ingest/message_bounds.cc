#include "backend/ingest/message_bounds.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::EnumDescriptor;
using ::google::protobuf::FieldDescriptor;

constexpr int kMaxDepth = 8;
constexpr int kMaxVarintBytes = 10;

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct TypeRules;

// What is to be looked at in a field.
struct FieldRule {
  const FieldDescriptor* field = nullptr;
  WireType wire_type = kVarint;
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

  const FieldRule* Find(uint64_t number) const {
    const auto found = std::lower_bound(fields.begin(), fields.end(), number, [](const FieldRule& rule, uint64_t n) {
      return uint64_t(rule.field->number()) < n;
    });
    return found != fields.end() && uint64_t(found->field->number()) == number ? &*found : nullptr;
  }
};

WireType WireTypeOf(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
      return kFixed64;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
      return kFixed32;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
      return kBytes;
    default:
      return kVarint;
  }
}

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
    FieldRule rule = {.field = field, .wire_type = WireTypeOf(field->type()), .packable = field->is_packable()};
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
  explicit Checker(size_t max_string_bytes) : max_string_bytes_(max_string_bytes) {}

  absl::Status Check(const TypeRules& rules, absl::string_view bytes, int depth) const {
    if (depth > kMaxDepth) return absl::InvalidArgumentError("check record: nested too deeply");
    while (!bytes.empty()) {
      uint64_t tag = 0;
      if (!TakeVarint(&bytes, &tag)) return Malformed(rules);
      const FieldRule* rule = rules.Find(tag >> 3U);
      const auto wire_type = static_cast<uint32_t>(tag & 7U);
      if (rule == nullptr || (wire_type != rule->wire_type && !(rule->packable && wire_type == kBytes))) {
        return absl::InvalidArgumentError(absl::StrCat("check ", rules.type->name(),
                                                       ": it has a field this backend does not know; "
                                                       "upgrade the backend before its agents"));
      }
      absl::string_view value;
      uint64_t number = 0;
      if (!TakeValue(wire_type, &bytes, &value, &number)) return Malformed(rules);
      absl::Status status = wire_type == kVarint  ? CheckEnum(*rule, number)
                            : wire_type == kBytes ? CheckBytes(*rule, value, depth)
                                                  : absl::OkStatus();
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Malformed(const TypeRules& rules) {
    return absl::InvalidArgumentError(absl::StrCat("check ", rules.type->name(), ": its bytes are damaged"));
  }

  static bool TakeVarint(absl::string_view* bytes, uint64_t* value) {
    *value = 0;
    for (int i = 0; i < kMaxVarintBytes && static_cast<size_t>(i) < bytes->size(); ++i) {
      const auto byte = static_cast<uint8_t>((*bytes)[static_cast<size_t>(i)]);
      *value |= static_cast<uint64_t>(byte & 0x7fU) << (7 * i);
      if ((byte & 0x80U) != 0) continue;
      bytes->remove_prefix(static_cast<size_t>(i) + 1);
      return true;
    }
    return false;
  }

  // The value behind a tag: a number where it is a varint, its bytes where it has a length.
  static bool TakeValue(uint32_t wire_type, absl::string_view* bytes, absl::string_view* value, uint64_t* number) {
    if (wire_type == kVarint) return TakeVarint(bytes, number);
    uint64_t size = wire_type == kFixed64 ? 8 : 4;
    if (wire_type == kBytes && !TakeVarint(bytes, &size)) return false;
    if (size > bytes->size()) return false;
    *value = bytes->substr(0, size);
    bytes->remove_prefix(size);
    return true;
  }

  static absl::Status CheckEnum(const FieldRule& rule, uint64_t number) {
    // Negative numbers come as 64 bits; a parser takes the lower 32.
    const auto value = static_cast<int32_t>(static_cast<uint32_t>(number));
    if (rule.values.empty() || std::binary_search(rule.values.begin(), rule.values.end(), value)) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("check field ", rule.field->name(), ": no value has number ", value));
  }

  absl::Status CheckBytes(const FieldRule& rule, absl::string_view value, int depth) const {
    if (rule.message != nullptr) return Check(*rule.message, value, depth + 1);
    if (rule.wire_type == kBytes) {
      if (value.size() <= max_string_bytes_) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat("check field ", rule.field->name(), ": longer than ", max_string_bytes_, " bytes"));
    }
    while (!rule.values.empty() && !value.empty()) {  // packed
      uint64_t number = 0;
      if (!TakeVarint(&value, &number)) {
        return absl::InvalidArgumentError(absl::StrCat("check field ", rule.field->name(), ": its bytes are damaged"));
      }
      if (absl::Status status = CheckEnum(rule, number); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const size_t max_string_bytes_;
};

}  // namespace

absl::Status CheckMessageBounds(const Descriptor* type, absl::string_view bytes, size_t max_string_bytes) {
  thread_local RuleBook rules;
  return Checker(max_string_bytes).Check(*rules.Of(type), bytes, 0);
}

}  // namespace rollcall
