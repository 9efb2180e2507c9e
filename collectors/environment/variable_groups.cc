#include "collectors/environment/variable_groups.h"

#include <algorithm>
#include <utility>

#include "collectors/environment/shown_values.h"
#include "collectors/environment/value_class.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

using Record = VariableGroups::Record;

constexpr char kEnviron[] = "/proc/PID/environ";

int PlaceOf(Record::OwnerKind kind) {
  switch (kind) {
    case Record::SYSTEM_FILE:
      return 0;
    case Record::UNIT:
      return 1;
    case Record::PROCESS:
      return 2;
    default:
      return 3;
  }
}

}  // namespace

VariableGroups::Group* VariableGroups::Find(Record::OwnerKind kind, absl::string_view owner, const std::string& name,
                                            Record::ValueClass grouped) {
  const Key key = {PlaceOf(kind), ToRecordText(owner), name, grouped};
  const auto found = groups_.find(key);
  if (found != groups_.end()) return &found->second;
  if (groups_.size() >= kMaxGroups) {
    ++beyond_limit_;
    return nullptr;
  }
  Group& group = groups_[key];
  group.kind = kind;
  return &group;
}

bool VariableGroups::AddValue(const Variable& variable, Record::ValueClass value_class, Group* group) {
  group->value_class = value_class;
  group->length_bucket = std::max(group->length_bucket, LengthBucket(variable.value.size()));
  const bool shown = IsShown(variable.name, variable.value);
  if (shown && group->shown.size() < kMaxValues) group->shown.insert(variable.value);
  return shown;
}

void VariableGroups::AddSettings(Record::OwnerKind kind, absl::string_view owner, absl::string_view source,
                                 const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) {
    Group* const group = Find(kind, owner, variable.name, Record::VALUE_CLASS_UNSPECIFIED);
    if (group == nullptr) continue;
    group->source = ToRecordText(source);
    const bool shown = AddValue(variable, ValueClassOf(variable.name, variable.value), group);
    group->last = shown ? variable.value : "";
  }
}

void VariableGroups::AddProcess(Record::OwnerKind kind, absl::string_view owner,
                                const std::vector<Variable>& variables) {
  for (const Variable& variable : variables) {
    const Record::ValueClass value_class = ValueClassOf(variable.name, variable.value);
    Group* const group = Find(kind, owner, variable.name, value_class);
    if (group == nullptr) continue;
    group->source = kEnviron;
    AddValue(variable, value_class, group);
    ++group->processes;
  }
}

std::vector<Record> VariableGroups::TakeRecords() {
  std::vector<Record> records;
  records.reserve(groups_.size());
  for (const auto& [key, group] : groups_) {
    Record& record = records.emplace_back();
    record.set_owner_kind(group.kind);
    record.set_owner(std::get<1>(key));
    record.set_name(std::get<2>(key));
    record.set_grouped_class(static_cast<Record::ValueClass>(std::get<3>(key)));
    record.set_value_class(group.value_class);
    record.set_source(group.source);
    record.set_value_length_at_most(group.length_bucket);
    // Values that may be shown are ASCII, and of bounded length.
    if (group.processes == 0) {
      record.set_value(group.last);
    } else if (!group.shown.empty()) {
      record.set_value(*group.shown.begin());
    }
    record.set_distinct_values(static_cast<uint32_t>(group.shown.size()));
    record.set_process_count(group.processes);
  }
  groups_.clear();
  return records;
}

}  // namespace rollcall
