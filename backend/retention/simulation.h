// What would be done on a day, from a file of facts instead of a backend.
#ifndef ROLLCALL_BACKEND_RETENTION_SIMULATION_H_
#define ROLLCALL_BACKEND_RETENTION_SIMULATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "backend/retention/policy_loader.h"
#include "rollcall/v1/lifecycle.pb.h"
#include "rollcall/v1/policy_report.pb.h"

namespace rollcall {

// Parses facts: JSON (the proto mapping, times in RFC 3339) if the name ends in `.json`, else textproto.
// InvalidArgument names the file, and the place in a textproto. Limit: 1 MiB.
absl::StatusOr<pb::RetentionFacts> ParseFacts(absl::string_view text, absl::string_view name);
absl::StatusOr<pb::RetentionFacts> LoadFacts(const std::string& path);

// What is due by the end of `day` in the policy's zone, with what is known by then: steps for each tenant, service
// and category, days for which the same is done together. Buckets are in the states the file gives. Pure.
// InvalidArgument names the tenant and the event or bucket that makes no sense. Limit: a million buckets over all
// tenants, a bucket for each day through through_day.
absl::StatusOr<pb::SimulationReport> SimulateDay(const RetentionPolicy& policy, const pb::RetentionFacts& facts,
                                                 absl::CivilDay day);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_SIMULATION_H_
