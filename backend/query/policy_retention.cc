#include "backend/query/policy_retention.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/kind_registry.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

bool HasWireForm(absl::Time time) { return time > absl::InfinitePast() && time < absl::InfiniteFuture(); }

}  // namespace

absl::StatusOr<RetentionAnswer> PolicyRetention::Explain(const StoredVersion& version, const AgentContact& contact,
                                                         absl::Time now) const {
  const Kind* kind = FindKind(version.kind);
  if (kind == nullptr) {
    return absl::DataLossError(absl::StrCat("compute retention: kind number ", version.kind, " is unknown"));
  }
  RecordFacts facts;
  facts.category = kind->options->category();
  facts.hosting_service = contact.hosting_service;
  facts.collected_at = std::max(version.collected_at, version.last_seen);
  facts.created_at = version.first_seen;
  RetentionDecision decision = Evaluate(policy_, facts, TenantEvents(), now);
  RetentionAnswer answer;
  pb::RetentionDates& dates = answer.dates;
  if (HasWireForm(decision.not_before)) *dates.mutable_not_before() = ToWire(decision.not_before);
  if (decision.deadline.has_value()) *dates.mutable_deadline() = ToWire(*decision.deadline);
  if (decision.deadline_if_ended_now.has_value()) {
    *dates.mutable_deadline_if_ended_now() = ToWire(*decision.deadline_if_ended_now);
  }
  for (std::string& clause : decision.clauses) dates.add_clauses(std::move(clause));
  dates.set_policy_id(policy_.data.id());
  dates.set_policy_version(policy_.data.version());
  answer.steps = std::move(decision.steps);
  return answer;
}

}  // namespace rollcall
