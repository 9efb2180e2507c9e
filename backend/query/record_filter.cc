#include "backend/query/record_filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/enum_word.h"
#include "proto/field_path.h"

namespace rollcall {
namespace {

using ::google::protobuf::FieldDescriptor;

constexpr int kMaxFilters = 32;
constexpr size_t kMaxValue = 1024;
constexpr size_t kMaxQuoted = 64;
constexpr int64_t kRegexMemory = int64_t{1} << 20;

enum class Root { kPayload, kRecord, kStored };

std::unique_ptr<RE2> CompileExpression(const std::string& pattern, bool any_case) {
  RE2::Options options;
  options.set_max_mem(kRegexMemory);
  options.set_log_errors(false);
  options.set_case_sensitive(!any_case);
  return std::make_unique<RE2>(pattern, options);
}

template <typename... Parts>
absl::Status Refuse(const pb::Filter& filter, const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat("filter records: ", filter.field(), ": ", parts...));
}

bool IsNumber(const FieldDescriptor* field) {
  if (field->message_type() != nullptr) return field->message_type()->full_name() == "google.protobuf.Duration";
  return field->enum_type() == nullptr && field->cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
         field->cpp_type() != FieldDescriptor::CPPTYPE_BOOL;
}

}  // namespace

struct RecordFilter::Condition {
  Root root = Root::kPayload;
  FieldPath path;
  pb::Filter::Operator op = pb::Filter::EQUALS;
  // For EQUALS, as FieldValues writes it.
  std::string value;
  // Whether EQUALS asks for what is not set.
  bool unset = false;
  // For MATCHES.
  std::unique_ptr<RE2> expression;
  // For GREATER and LESS.
  double number = 0;

  const google::protobuf::Message& RootOf(const pb::StoredRecord& stored) const {
    if (root == Root::kPayload) return PayloadOf(stored.record());
    if (root == Root::kRecord) return stored.record();
    return stored;
  }

  bool Holds(const pb::StoredRecord& stored) const {
    const std::vector<std::string> values = FieldValues(RootOf(stored), path);
    if (unset && values.empty()) return true;
    return std::any_of(values.begin(), values.end(), [this](const std::string& text) { return HoldsFor(text); });
  }

  bool HoldsFor(const std::string& text) const {
    if (op == pb::Filter::EQUALS) return text == value;
    if (op == pb::Filter::MATCHES) return RE2::PartialMatch(text, *expression);
    double figure = 0;
    if (!absl::SimpleAtod(text, &figure)) return false;
    return op == pb::Filter::GREATER ? figure > number : figure < number;
  }

  // Finds the field in the payload, else in the envelopes around it.
  absl::Status Resolve(const Kind& kind, const pb::Filter& filter) {
    absl::StatusOr<FieldPath> found = ResolveFieldPath(kind.message, filter.field());
    const absl::Status unknown = found.status();
    if (!found.ok()) {
      root = Root::kRecord;
      found = ResolveFieldPath(pb::Record::descriptor(), filter.field());
    }
    if (!found.ok()) {
      root = Root::kStored;
      found = ResolveFieldPath(pb::StoredRecord::descriptor(), filter.field());
    }
    if (!found.ok()) return unknown;
    path = *std::move(found);
    return absl::OkStatus();
  }

  // Reads the value as the field's type has it.
  absl::Status CompileValue(const pb::Filter& filter) {
    const FieldDescriptor* field = path.back();
    value = filter.value();
    unset = value.empty();
    if (value.size() > kMaxValue) return Refuse(filter, "the value is too long");
    switch (filter.op()) {
      case pb::Filter::EQUALS:
        return field->enum_type() != nullptr                        ? CompileEnum(filter, field->enum_type())
               : field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL ? CompileBoolean(filter)
                                                                    : absl::OkStatus();
      case pb::Filter::MATCHES:
        unset = false;
        expression = CompileExpression(value, field->enum_type() != nullptr);
        return expression->ok() ? absl::OkStatus() : Refuse(filter, "bad expression: ", expression->error());
      case pb::Filter::GREATER:
      case pb::Filter::LESS:
        unset = false;
        if (!IsNumber(field)) return Refuse(filter, "it is no number, so there is no greater or less");
        if (absl::SimpleAtod(value, &number) && !std::isnan(number)) return absl::OkStatus();
        return Refuse(filter, "'", absl::CHexEscape(value.substr(0, kMaxQuoted)), "' is no number");
      default:
        return Refuse(filter, "there is no operator");
    }
  }

  absl::Status CompileEnum(const pb::Filter& filter, const google::protobuf::EnumDescriptor* type) {
    const auto* named = FindEnumValue(type, value);
    if (named != nullptr) value = named->name();
    // Numbers are values that are newer than this backend.
    uint32_t number_of_value = 0;
    if (named != nullptr || unset || absl::SimpleAtoi(value, &number_of_value)) return absl::OkStatus();
    return Refuse(filter, "no such value; there are ", absl::StrJoin(EnumWords(type), ", "));
  }

  absl::Status CompileBoolean(const pb::Filter& filter) {
    if (absl::EqualsIgnoreCase(value, "yes")) value = "true";
    if (absl::EqualsIgnoreCase(value, "no")) value = "false";
    absl::AsciiStrToLower(&value);
    if (unset || value == "true" || value == "false") return absl::OkStatus();
    return Refuse(filter, "expected true or false");
  }
};

RecordFilter::RecordFilter() = default;
RecordFilter::~RecordFilter() = default;
RecordFilter::RecordFilter(RecordFilter&&) noexcept = default;
RecordFilter& RecordFilter::operator=(RecordFilter&&) noexcept = default;

absl::StatusOr<RecordFilter> RecordFilter::Compile(const Kind& kind,
                                                   const google::protobuf::RepeatedPtrField<pb::Filter>& filters) {
  if (filters.size() > kMaxFilters) {
    return absl::InvalidArgumentError(absl::StrCat("filter records: more than ", kMaxFilters, " conditions"));
  }
  RecordFilter compiled;
  for (const pb::Filter& filter : filters) {
    auto condition = std::make_unique<Condition>();
    if (absl::Status status = condition->Resolve(kind, filter); !status.ok()) return status;
    condition->op = filter.op();
    if (absl::Status status = condition->CompileValue(filter); !status.ok()) return status;
    compiled.conditions_.push_back(std::move(condition));
  }
  return compiled;
}

bool RecordFilter::Matches(const pb::StoredRecord& stored) const {
  return std::all_of(conditions_.begin(), conditions_.end(),
                     [&](const auto& condition) { return condition->Holds(stored); });
}

}  // namespace rollcall
