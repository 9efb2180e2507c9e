#include "backend/query/record_filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "proto/field_path.h"

namespace rollcall {
namespace {

constexpr int kMaxFilters = 32;
constexpr size_t kMaxValue = 1024;
constexpr int64_t kRegexMemory = int64_t{1} << 20;

enum class Root { kPayload, kRecord, kStored };

std::unique_ptr<RE2> CompileExpression(const std::string& pattern) {
  RE2::Options options;
  options.set_max_mem(kRegexMemory);
  options.set_log_errors(false);
  return std::make_unique<RE2>(pattern, options);
}

}  // namespace

struct RecordFilter::Condition {
  Root root = Root::kPayload;
  FieldPath path;
  pb::Filter::Operator op = pb::Filter::EQUALS;
  std::string value;
  std::unique_ptr<RE2> expression;

  const google::protobuf::Message& RootOf(const pb::StoredRecord& stored) const {
    if (root == Root::kPayload) return PayloadOf(stored.record());
    if (root == Root::kRecord) return stored.record();
    return stored;
  }

  bool Holds(const pb::StoredRecord& stored) const {
    const std::vector<std::string> values = FieldValues(RootOf(stored), path);
    if (op == pb::Filter::EQUALS && value.empty() && values.empty()) return true;
    return std::any_of(values.begin(), values.end(), [this](const std::string& text) {
      return op == pb::Filter::EQUALS ? text == value : RE2::PartialMatch(text, *expression);
    });
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
    absl::StatusOr<FieldPath> path = ResolveFieldPath(kind.message, filter.field());
    const absl::Status unknown = path.status();
    if (!path.ok()) {
      condition->root = Root::kRecord;
      path = ResolveFieldPath(pb::Record::descriptor(), filter.field());
    }
    if (!path.ok()) {
      condition->root = Root::kStored;
      path = ResolveFieldPath(pb::StoredRecord::descriptor(), filter.field());
    }
    if (!path.ok()) return unknown;
    condition->path = *std::move(path);
    condition->op = filter.op();
    condition->value = filter.value();
    if (filter.value().size() > kMaxValue) {
      return absl::InvalidArgumentError(absl::StrCat("filter records: the value for ", filter.field(), " is too long"));
    }
    if (filter.op() != pb::Filter::EQUALS && filter.op() != pb::Filter::MATCHES) {
      return absl::InvalidArgumentError(absl::StrCat("filter records: no operator for ", filter.field()));
    }
    if (filter.op() == pb::Filter::MATCHES) {
      condition->expression = CompileExpression(filter.value());
      if (!condition->expression->ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat("filter records: bad expression for ", filter.field(), ": ", condition->expression->error()));
      }
    }
    compiled.conditions_.push_back(std::move(condition));
  }
  return compiled;
}

bool RecordFilter::Matches(const pb::StoredRecord& stored) const {
  return std::all_of(conditions_.begin(), conditions_.end(),
                     [&](const auto& condition) { return condition->Holds(stored); });
}

}  // namespace rollcall
