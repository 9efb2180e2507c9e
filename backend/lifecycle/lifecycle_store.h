// What is known of tenants' lives, kept: events, bucket states, a journal of what is done to buckets, holds, requests,
// the trusted clock, dry runs, forecasts. In a SQLite database of its own, so that restoring the data from a backup
// does not bring back what was known when it was taken. docs/retention.md says how an engine uses it.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_STORE_H_
#define ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_STORE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/ledger/ledger.h"
#include "backend/lifecycle/lifecycle_core.h"
#include "backend/lifecycle/tenant_lifecycle.h"
#include "platform/clock.h"

namespace rollcall {

// A bucket that is to be gone.
struct DueBucket {
  std::string tenant;
  StoredBucket bucket;
  // With Detail::kBounds. Its epoch is what a PurgePick names.
  BucketDecision decision;
};

// What would be deleted by the end of a day, for a person to look at.
struct DryRunList {
  pb::DryRun run;
  // `tenant service category day`, and ` late` if it was deleted before and something is there; sorted. Their hash is
  // the run's.
  std::vector<std::string> lines;
};

// What stands for or against deletions, of no tenant.
struct LifecycleState {
  // OK if a deletion may rely on the reading.
  absl::Status clock;
  // Unset if the clock never was looked at.
  std::optional<absl::Time> clock_trusted_at;
  // Under the rules in force: the one of the latest day, and the one acknowledged last.
  std::optional<pb::DryRun> latest_dry_run;
  std::optional<pb::DryRun> acknowledged_dry_run;
};

struct HoldForReview {
  std::string tenant;
  StoredHold hold;
};

// Thread-safe.
class LifecycleStore {
 public:
  // Opens or makes the database, and hands to the ledger what it does not have yet. `ledger`, `clock` and the options'
  // policy outlive the store. FailedPrecondition if the file is another program's or a newer version's.
  static absl::StatusOr<std::unique_ptr<LifecycleStore>> Open(LifecycleOptions options, Ledger* ledger,
                                                              const Clock* clock);

  // `name` is the tenant's pseudonymous id, 1 to 128 characters. FailedPrecondition if there is one of that name.
  absl::Status AddTenant(const Caller& caller, const std::string& name, const std::string& region);
  // Names, sorted.
  absl::StatusOr<std::vector<std::string>> Tenants();
  // NotFound if there is none.
  absl::StatusOr<TenantLifecycle> Tenant(absl::string_view name);

  // Compares a reading with the last tick that was trusted and persists the verdict; the ledger is told when trust is
  // lost.
  absl::StatusOr<ClockVerdict> Tick(const ClockReading& reading);
  // A person says that the reading is right. PermissionDenied for the engine.
  absl::Status ConfirmClock(const Caller& caller, const ClockReading& reading);

  // Buckets that are due now, or late, and not purged; those whose deletion has begun as well.
  absl::StatusOr<std::vector<DueBucket>> Due();
  // How many fall due on each of `days` days from today on; what is due already counts today.
  absl::StatusOr<std::map<absl::CivilDay, uint64_t>> Forecast(int days);
  // Persists the forecast for the days after today, which is what their volume is compared with, and looks at all
  // buckets anew: ends that took effect by the passing of time. What is due already and not begun is left over for
  // tomorrow, as far as it might have begun today: what nobody forecast or acknowledged is not let through by waiting.
  // To be called daily, and after deletions have begun.
  absl::Status StoreForecast();
  // Lists what falls due by the end of `day`, and keeps that it was shown.
  absl::StatusOr<DryRunList> MakeDryRun(absl::CivilDay day);
  // A person has looked at a list that was made: deletions under these rules may begin, and on its day as many as it
  // lists. NotFound if no such list was made; FailedPrecondition if it was acknowledged or the rules changed.
  absl::Status AcknowledgeDryRun(const Caller& caller, const pb::DryRun& run);

  // Holds in force whose day to look again has passed, of all tenants.
  absl::StatusOr<std::vector<HoldForReview>> HoldsPastReview();
  // Judges the reading as Tick does, and keeps nothing.
  absl::StatusOr<LifecycleState> State(const ClockReading& reading);

 private:
  explicit LifecycleStore(std::unique_ptr<LifecycleCore> core) : core_(std::move(core)) {}

  using Visit = absl::FunctionRef<void(const std::string& tenant, const StoredBucket&, BucketDecision)>;
  // Every bucket of which something is there, tenant by tenant, as it is to be dealt with at `at`, or now.
  absl::Status ForEachBucket(std::optional<absl::Time> at, Visit visit);
  absl::StatusOr<absl::Time> Now();

  const std::unique_ptr<LifecycleCore> core_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_STORE_H_
