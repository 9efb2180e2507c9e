#include "cli/field_changes.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/field_path.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

std::map<std::string, std::string> StableFields(const rollcall::v1::Record& record) {
  std::map<std::string, std::string> fields;
  const Kind* kind = KindOf(record);
  if (kind == nullptr) return fields;
  for (auto& [path, text] : FlattenFields(PayloadOf(record))) {
    const auto* field = kind->message->FindFieldByName(path.substr(0, path.find_first_of(".[")));
    if (field != nullptr && field->options().GetExtension(pb::volatile_figure)) continue;
    fields.emplace(path, text);
  }
  return fields;
}

}  // namespace

std::vector<FieldChange> FieldChanges(const rollcall::v1::Record& before, const rollcall::v1::Record& after) {
  std::map<std::string, std::string> old_fields = StableFields(before);
  std::map<std::string, std::string> new_fields = StableFields(after);
  std::set<std::string> paths;
  for (const auto& [path, text] : old_fields) paths.insert(path);
  for (const auto& [path, text] : new_fields) paths.insert(path);
  std::vector<FieldChange> changes;
  for (const std::string& path : paths) {
    const auto was = old_fields.find(path);
    const auto is = new_fields.find(path);
    const std::string before_text = was == old_fields.end() ? "" : was->second;
    const std::string after_text = is == new_fields.end() ? "" : is->second;
    if (before_text != after_text) changes.push_back({path, before_text, after_text});
  }
  return changes;
}

std::string FieldChangesText(const std::vector<FieldChange>& changes) {
  return absl::StrJoin(changes, "; ", [](std::string* out, const FieldChange& change) {
    absl::StrAppend(out, change.path, ": ", change.before.empty() ? "(unset)" : change.before, " -> ",
                    change.after.empty() ? "(unset)" : change.after);
  });
}

}  // namespace rollcall
