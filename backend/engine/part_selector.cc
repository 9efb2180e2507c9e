#include "backend/engine/part_selector.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {

absl::StatusOr<PartSelector> PartSelector::Resolve(const pb::Selector& selector, const std::vector<AgentRow>& agents) {
  PartSelector resolved;
  resolved.any_agent_ = selector.hosts().empty();
  for (const std::string& host : selector.hosts()) {
    bool found = false;
    for (const AgentRow& agent : agents) {
      const std::string& id = agent.contact.agent.agent_id;
      if (id != host && agent.contact.host_id != host) continue;
      resolved.agent_ids_.insert(id);
      found = true;
    }
    if (!found) {
      return absl::NotFoundError(absl::StrCat("select rows: no agent and no host id of the tenant is ", host));
    }
  }
  resolved.elements_.insert(selector.elements().begin(), selector.elements().end());
  for (const pb::FieldCondition& condition : selector.fields()) {
    const absl::string_view field = condition.field();
    const size_t dot = field.find('.');
    const Kind* kind = FindKind(field.substr(0, dot));
    if (kind == nullptr || dot == absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat("select rows: ", field, " is no kind and path"));
    }
    ROLLCALL_ASSIGN_OR_RETURN(FieldPath path, ResolveFieldPath(kind->message, field.substr(dot + 1)));
    resolved.fields_.push_back({kind, std::move(path), condition.value()});
  }
  return resolved;
}

absl::StatusOr<bool> PartSelector::Selects(const BucketRow& row) const {
  const StoredVersion& version = row.version;
  if (!any_agent_ && agent_ids_.count(version.agent.agent_id) == 0) return false;
  const Kind* kind = FindKind(version.kind);
  if (!elements_.empty() && (kind == nullptr || elements_.count(kind->options->element()) == 0)) return false;
  if (fields_.empty()) return true;
  const bool has_fields = std::any_of(fields_.begin(), fields_.end(), [&](const Field& f) { return f.kind == kind; });
  if (!has_fields) return false;
  pb::Record record;
  if (!record.ParseFromString(version.payload) || KindOf(record) != kind) {
    return absl::DataLossError(absl::StrCat("select rows: a record of agent ", version.agent.agent_id, " is damaged"));
  }
  return std::any_of(fields_.begin(), fields_.end(), [&](const Field& field) {
    if (field.kind != kind) return false;
    const std::vector<std::string> values = FieldValues(PayloadOf(record), field.path);
    return std::find(values.begin(), values.end(), field.value) != values.end();
  });
}

}  // namespace rollcall
