// What a reader of an agreement should know before it is put to use.
#ifndef ROLLCALL_BACKEND_RETENTION_POLICY_LINT_H_
#define ROLLCALL_BACKEND_RETENTION_POLICY_LINT_H_

#include "absl/time/civil_time.h"
#include "backend/retention/policy_loader.h"
#include "rollcall/v1/policy_report.pb.h"

namespace rollcall {

// The rules in words, worked dates, and findings:
//   * for every order of up to six events (ends of both subscriptions, a return, a request, a hold, its
//     release), two paces and three ages: nothing may be deleted before it must be kept, and there is time to
//     delete it;
//   * how long after the end of use, at most, anything is kept, and whether anything is bounded before;
//   * what is missing or probably not meant: a region, sub-processors, a clause for legal holds, a calendar that
//     knows next year, a service level for requests within the days they allow, an archive that is temporary.
// The agreement was loaded, so what CheckPolicy demands holds. `today` is for the calendar. Pure.
pb::PolicyLintReport LintPolicy(const RetentionPolicy& policy, absl::CivilDay today);

// Whether any finding is an ERROR.
bool HasErrors(const pb::PolicyLintReport& report);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_POLICY_LINT_H_
