// Bytes as an agreement. What is accepted can be kept: it gives dates for every category, and a request
// for deletion never makes one later.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "backend/retention/policy_loader.h"
#include "backend/retention/retention_policy.h"

namespace {

const absl::Time kCollected = absl::FromUnixSeconds(1'700'000'000);

rollcall::RetentionDecision Decide(const rollcall::RetentionPolicy& policy, const rollcall::pb::CategoryRules& rules,
                                   bool ended, bool requested) {
  rollcall::RecordFacts facts;
  facts.category = rules.category();
  facts.hosting_service = "cvm:ins-1";
  facts.collected_at = kCollected;
  rollcall::TenantEvents events;
  if (ended) {
    events.hosting.push_back({"cvm:ins-1", kCollected + absl::Hours(24)});
    events.feature_terminated_at = kCollected + absl::Hours(24);
  }
  if (requested) events.deletion_requested_at = kCollected + absl::Hours(48);
  return rollcall::Evaluate(policy, facts, events, kCollected + absl::Hours(24 * 365));
}

void CheckPolicy(const rollcall::pb::Policy& data) {
  rollcall::RetentionPolicy policy;
  policy.data = data;
  if (!absl::LoadTimeZone(data.zone(), &policy.zone)) std::abort();
  for (const auto& rules : data.categories()) {
    const auto running = Decide(policy, rules, false, false);
    if (running.clauses.empty() && running.deadline.has_value()) std::abort();
    const auto ended = Decide(policy, rules, true, false);
    // Or it would be kept for ever.
    if (!ended.deadline.has_value() && !rules.kept_until_request()) std::abort();
    const auto requested = Decide(policy, rules, true, true);
    if (rules.on_request().empty()) continue;
    if (!requested.deadline.has_value()) std::abort();
    if (ended.deadline.has_value() && *requested.deadline > *ended.deadline) std::abort();
    if (requested.due_from < requested.not_before || requested.due_from >= *requested.deadline) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = rollcall::ParsePolicy(text, "f");
  if (policy.ok()) {
    CheckPolicy(*policy);
  } else if (!absl::StartsWith(policy.status().message(), "f:")) {
    std::abort();
  }
  return 0;
}
