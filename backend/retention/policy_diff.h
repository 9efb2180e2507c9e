// What changes with a new version of an agreement, in words.
#ifndef ROLLCALL_BACKEND_RETENTION_POLICY_DIFF_H_
#define ROLLCALL_BACKEND_RETENTION_POLICY_DIFF_H_

#include "backend/retention/policy_loader.h"
#include "rollcall/v1/policy_report.pb.h"

namespace rollcall {

// Every difference that matters to those whose data it is: categories, elements, purposes, stores, archives,
// shares, how long (worked out on StandardExamples, in days), requests, holds, zone, calendar, region,
// sub-processors, special conditions, service levels. Of a clause, that it reads differently. Titles, sources and
// sections are not compared. Empty if the rules are the same. Pure.
pb::PolicyDiffReport DiffPolicies(const RetentionPolicy& before, const RetentionPolicy& after);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_POLICY_DIFF_H_
