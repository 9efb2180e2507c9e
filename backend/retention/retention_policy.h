// When a record must be kept, may be deleted and must be gone, as the agreement says.
#ifndef ROLLCALL_BACKEND_RETENTION_RETENTION_POLICY_H_
#define ROLLCALL_BACKEND_RETENTION_RETENTION_POLICY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/retention/policy_loader.h"
#include "backend/retention/zone_days.h"

namespace rollcall {

// The service of data that belongs to every hosting service of the tenant, such as a registry's.
inline constexpr char kAllServices[] = "ALL";

// What is known of a record.
struct RecordFacts {
  pb::Category category = pb::CATEGORY_UNSPECIFIED;
  // Such as `cvm:ins-1234`, or kAllServices (also if empty).
  std::string hosting_service;
  // When it was last observed: for facts stored once and seen often, their last_seen.
  absl::Time collected_at;
  // When it was first stored; collected_at if unset.
  std::optional<absl::Time> created_at;
  // End of the paid period the record falls into; the end of the service if unset.
  std::optional<absl::Time> period_end;
};

struct HostingService {
  std::string name;
  // Unset while it runs. A time after `now` is an announcement and counts for nothing yet.
  std::optional<absl::Time> terminated_at;
};

struct Hold {
  std::string id;
  absl::Time placed_at;
  std::optional<absl::Time> released_at;
};

// What happened to a tenant, as far as it concerns the record. The order does not matter.
struct TenantEvents {
  // A service that is not listed runs.
  std::vector<HostingService> hosting;
  std::optional<absl::Time> feature_terminated_at;
  // The first request for deletion that covers the record.
  std::optional<absl::Time> deletion_requested_at;
  // Holds that cover the record.
  std::vector<Hold> holds;
};

struct RetentionDecision {
  // Last day, in the policy's zone, that the record may be kept. Unset while there is no end.
  std::optional<absl::CivilDay> last_retained_day;
  // Deletion before is too early. InfinitePast if the agreement gives no bound.
  absl::Time not_before = absl::InfinitePast();
  // From when it is to be deleted: not before `not_before`, and before `deadline`. Where nothing must be
  // kept but there is a bound, the last purge window before it; after a request, the end of the
  // cooling-off. InfiniteFuture without a deadline.
  absl::Time due_from = absl::InfiniteFuture();
  // Still there at this instant is too late. Unset under a hold, and while the service runs unless
  // the agreement bounds that too.
  std::optional<absl::Time> deadline;
  // The end of use that the agreement's periods count from; unset while the service runs.
  std::optional<absl::Time> ended_at;
  // When the operator means to have fulfilled a request; never after the deadline.
  std::optional<absl::Time> target;
  // Set while the service runs: what `deadline` would be if it ended now.
  std::optional<absl::Time> deadline_if_ended_now;
  // Clauses that decided, without repetition, in the order they came in.
  std::vector<std::string> clauses;
  // From facts to dates, one line each.
  std::vector<std::string> steps;
  // May be read for legal purposes only.
  bool restricted = false;
  // May not be deleted, whatever the dates say.
  bool held = false;

  // Whether deleting the record at `now` is neither too early nor under a hold. Data without any end
  // is not deletable.
  bool DeletableAt(absl::Time now) const { return !held && deadline.has_value() && now >= not_before; }
  // Whether it is time to delete it.
  bool DueAt(absl::Time now) const { return !held && deadline.has_value() && now >= due_from; }
};

// How much of an answer is wanted: dates are cheap, sentences are not.
enum class Detail {
  // What decides about the record now, without clauses and without `deadline_if_ended_now`.
  kBounds,
  kDates,
  kSteps,
};

// Decides. Pure and total: for a category the policy does not have, the answer is "keep, restricted".
// A request never makes a deadline later, a hold never a deletion earlier. A hold lengthens only what
// was not overdue when it was placed.
RetentionDecision Evaluate(const RetentionPolicy& policy, const RecordFacts& record, const TenantEvents& events,
                           absl::Time now, Detail detail = Detail::kSteps);
// The same, for who decides about many: `days` are those of the policy's zone.
RetentionDecision Evaluate(const RetentionPolicy& policy, const RecordFacts& record, const TenantEvents& events,
                           absl::Time now, Detail detail, const ZoneDays& days);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_RETENTION_POLICY_H_
