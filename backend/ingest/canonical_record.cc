#include "backend/ingest/canonical_record.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "google/protobuf/wire_format_lite.h"
#include "proto/identity_parts.h"
#include "proto/kind_registry.h"
#include "proto/short_hash.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using ::google::protobuf::internal::WireFormatLite;

// Levels of messages below the record, as CheckMessageBounds counts them.
constexpr int kMaxDepth = 8;

const CanonicalTypes& RecordTypes() {
  static const CanonicalTypes& types = *new CanonicalTypes(pb::Record::descriptor());
  return types;
}

bool IsText(const CanonicalField& field) {
  return field.form == CanonicalField::Form::kText || field.form == CanonicalField::Form::kBytes;
}

int64_t SignedValue(const CanonicalField& field, uint64_t number) {
  const bool zigzag = field.form == CanonicalField::Form::kSint32 || field.form == CanonicalField::Form::kSint64;
  return zigzag ? WireFormatLite::ZigZagDecode64(number) : static_cast<int64_t>(number);
}

void AppendNumber(const CanonicalField& field, uint64_t number, std::string* out) {
  const bool is_unsigned = field.form == CanonicalField::Form::kUint64;
  const absl::AlphaNum text = is_unsigned ? absl::AlphaNum(number) : absl::AlphaNum(SignedValue(field, number));
  AppendIdentityPart(text.Piece(), out);
}

}  // namespace

// What is to be done with the fields of a kind's message; as many roles as it has fields. Number 0: no kind.
struct CanonicalRecordReader::KindRules {
  enum class Role : uint8_t { kNone, kIdentity, kVolatile };

  int number = 0;
  const CanonicalType* type = nullptr;
  std::vector<Role> roles;
  // The kind's name as it is hashed.
  std::string name_part;

  // Fields of the identity from `first` to before `last`, as they are hashed where they are not set.
  void AppendAbsent(size_t first, size_t last, std::string* out) const {
    for (size_t i = first; i < last; ++i) {
      if (roles[i] != Role::kIdentity) continue;
      AppendIdentityPart(IsText(type->fields[i]) ? absl::string_view() : absl::string_view("0"), out);
    }
  }
};

CanonicalRecordReader::KindRules CanonicalRecordReader::MakeRules(const Kind& kind) {
  using Role = KindRules::Role;
  KindRules made{.number = kind.number, .type = RecordTypes().Of(kind.message)};
  AppendIdentityPart(kind.options->name(), &made.name_part);
  for (const CanonicalField& field : made.type->fields) {
    const bool identifies = std::find(kind.identity.begin(), kind.identity.end(), field.field) != kind.identity.end();
    const bool is_figure = field.field->options().GetExtension(pb::volatile_figure);
    made.roles.push_back(identifies ? Role::kIdentity : is_figure ? Role::kVolatile : Role::kNone);
  }
  return made;
}

const std::vector<CanonicalRecordReader::KindRules>& CanonicalRecordReader::Rules() {
  static const auto& all = *[] {
    const CanonicalType& record = *RecordTypes().Of(pb::Record::descriptor());
    auto* rules = new std::vector<KindRules>(record.fields.size());
    for (size_t i = 0; i < rules->size(); ++i) {
      const Kind* kind = FindKind(record.fields[i].field->number());
      if (kind != nullptr) (*rules)[i] = MakeRules(*kind);
    }
    return rules;
  }();
  return all;
}

CanonicalRecordReader::CanonicalRecordReader(const pb::Scope& scope, size_t max_string_bytes)
    : max_string_bytes_(max_string_bytes), scope_bytes_([&] {
        pb::Scope known;
        known.set_type(scope.type());
        known.set_id(scope.id());
        return known.SerializeAsString();
      }()) {
  AppendIdentityPart(ScopeText(scope), &scope_part_);
}

bool CanonicalRecordReader::Read(absl::string_view bytes, CanonicalRecord* record) {
  *record = CanonicalRecord();
  print_ = scope_part_;
  scope_read_ = false;
  CanonicalFields fields(*RecordTypes().Of(pb::Record::descriptor()), bytes, max_string_bytes_);
  FoundField field;
  while (fields.Next(&field)) {
    if (!ReadField(field, record)) return false;
  }
  if (!fields.proven() || !scope_read_ || record->kind == 0) return false;
  const std::array<uint8_t, 32> key = ShortHash(key_);
  std::copy_n(key.begin(), record->identity.asset_key.size(), record->identity.asset_key.begin());
  record->identity.fingerprint = ShortHash(print_);
  return true;
}

bool CanonicalRecordReader::ReadField(const FoundField& field, CanonicalRecord* record) {
  switch (field.rule->field->number()) {
    case pb::Record::kScopeFieldNumber:
      // Also of a scope there is one canonical form, so its bytes say all.
      scope_read_ = field.content == scope_bytes_;
      return scope_read_;
    case pb::Record::kCollectedAtFieldNumber:
      return ReadCollectedAt(field, record);
    case pb::Record::kRedactionsFieldNumber:
      return AppendRedaction(field);
    default: {
      // Derived fields are none.
      const KindRules& rules = Rules()[field.index];
      if (rules.number == 0) return false;
      record->kind = rules.number;
      return ReadPayload(rules, field.content);
    }
  }
}

bool CanonicalRecordReader::ReadCollectedAt(const FoundField& field, CanonicalRecord* record) const {
  CanonicalFields parts(*field.rule->message, field.content, max_string_bytes_);
  google::protobuf::Timestamp time;
  FoundField part;
  while (parts.Next(&part)) {
    switch (part.rule->field->number()) {
      case google::protobuf::Timestamp::kSecondsFieldNumber:
        time.set_seconds(static_cast<int64_t>(part.number));
        break;
      case google::protobuf::Timestamp::kNanosFieldNumber:
        time.set_nanos(static_cast<int32_t>(part.number));
        break;
      default:
        return false;
    }
  }
  record->collected_at = FromWire(time);
  return parts.proven();
}

bool CanonicalRecordReader::AppendRedaction(const FoundField& field) {
  CanonicalFields parts(*field.rule->message, field.content, max_string_bytes_);
  absl::string_view path;
  absl::string_view rule;
  FoundField part;
  while (parts.Next(&part)) {
    switch (part.rule->field->number()) {
      case pb::Redaction::kFieldFieldNumber:
        path = part.content;
        break;
      case pb::Redaction::kRuleFieldNumber:
        rule = part.content;
        break;
      default:
        return false;
    }
  }
  AppendIdentityPart(path, &print_);
  AppendIdentityPart(rule, &print_);
  return parts.proven();
}

bool CanonicalRecordReader::ReadPayload(const KindRules& rules, absl::string_view payload) {
  key_ = rules.name_part;
  key_ += scope_part_;
  CanonicalFields fields(*rules.type, payload, max_string_bytes_);
  FoundField field;
  size_t hashed = 0;   // fields before this one are in key_
  size_t printed = 0;  // bytes before this one are in print_, or left out
  while (fields.Next(&field)) {
    const CanonicalType* message = field.rule->message;
    if (message != nullptr && !IsCanonical(*message, field.content, max_string_bytes_, kMaxDepth - 2)) return false;
    const KindRules::Role role = rules.roles[field.index];
    if (role == KindRules::Role::kVolatile) {
      print_.append(payload.data() + printed, field.begin - printed);
      printed = field.end;
    } else if (role == KindRules::Role::kIdentity) {
      rules.AppendAbsent(hashed, field.index, &key_);
      hashed = field.index + 1;
      if (IsText(*field.rule)) {
        AppendIdentityPart(field.content, &key_);
      } else {
        AppendNumber(*field.rule, field.number, &key_);
      }
    }
  }
  rules.AppendAbsent(hashed, rules.roles.size(), &key_);
  print_.append(payload.data() + printed, payload.size() - printed);
  return fields.proven();
}

}  // namespace rollcall
