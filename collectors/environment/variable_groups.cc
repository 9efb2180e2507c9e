#include "collectors/environment/variable_groups.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "collectors/environment/shown_values.h"
#include "collectors/environment/value_class.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

using Record = VariableGroups::Record;

constexpr char kEnviron[] = "/proc/PID/environ";

// Owners in the order of records.
constexpr Record::OwnerKind kOrder[] = {Record::SYSTEM_FILE, Record::UNIT, Record::PROCESS, Record::CONTAINER};

int PlaceOf(Record::OwnerKind kind) {
  return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder) - 1, kind) - std::begin(kOrder));
}

}  // namespace

VariableGroups::Group* VariableGroups::Find(Groups& groups, const std::string& name, Record::ValueClass grouped) {
  const std::pair<std::string, int> key = {name, grouped};
  const auto found = groups.find(key);
  if (found != groups.end()) return &found->second;
  if (kept_ >= kMaxGroups) {
    ++beyond_limit_;
    return nullptr;
  }
  ++kept_;
  return &groups[key];
}

bool VariableGroups::AddValue(const Variable& variable, Record::ValueClass value_class, Group* group) {
  group->value_class = value_class;
  group->length_bucket = std::max(group->length_bucket, LengthBucket(variable.value.size()));
  const bool shown = IsShown(variable.name, variable.value);
  if (shown && group->value_hashes.size() < kMaxValues) {
    group->value_hashes.insert(std::hash<std::string>()(variable.value));
  }
  return shown;
}

void VariableGroups::DropIfEmpty(const OwnerKey& owner) {
  const auto found = owners_.find(owner);
  if (found->second.empty()) owners_.erase(found);
}

void VariableGroups::AddSettings(Record::OwnerKind kind, absl::string_view owner, absl::string_view source,
                                 const std::vector<Variable>& variables) {
  const OwnerKey key = {PlaceOf(kind), ToRecordText(owner)};
  Groups& groups = owners_[key];
  for (const Variable& variable : variables) {
    Group* const group = Find(groups, variable.name, Record::VALUE_CLASS_UNSPECIFIED);
    if (group == nullptr) continue;
    group->source = ToRecordText(source);
    const bool shown = AddValue(variable, ValueClassOf(variable.name, variable.value), group);
    group->shown = shown ? variable.value : "";
  }
  DropIfEmpty(key);
}

void VariableGroups::AddProcess(Record::OwnerKind kind, absl::string_view owner,
                                const std::vector<Variable>& variables) {
  const OwnerKey key = {PlaceOf(kind), ToRecordText(owner)};
  Groups& groups = owners_[key];
  for (const Variable& variable : variables) {
    const Record::ValueClass value_class = ValueClassOf(variable.name, variable.value);
    Group* const group = Find(groups, variable.name, value_class);
    if (group == nullptr) continue;
    const bool is_first = group->value_hashes.empty();
    const bool shown = AddValue(variable, value_class, group);
    if (shown && (is_first || variable.value < group->shown)) group->shown = variable.value;
    ++group->processes;
  }
  DropIfEmpty(key);
}

std::optional<Record> VariableGroups::TakeRecord() {
  if (owners_.empty()) return std::nullopt;
  const auto owner = owners_.begin();
  auto taken = owner->second.extract(owner->second.begin());
  Group& group = taken.mapped();
  Record record;
  record.set_owner_kind(kOrder[owner->first.first]);
  record.set_owner(owner->first.second);
  record.set_name(std::move(taken.key().first));
  record.set_grouped_class(static_cast<Record::ValueClass>(taken.key().second));
  record.set_value_class(group.value_class);
  record.set_source(group.processes == 0 ? std::move(group.source) : kEnviron);
  record.set_value_length_at_most(group.length_bucket);
  // Values that may be shown are ASCII, and of bounded length.
  record.set_value(std::move(group.shown));
  record.set_distinct_values(static_cast<uint32_t>(group.value_hashes.size()));
  record.set_process_count(group.processes);
  if (owner->second.empty()) owners_.erase(owner);
  return record;
}

}  // namespace rollcall
