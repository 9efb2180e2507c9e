// Rows of no tenant: clock, dry runs, forecasts, the outbox, requests that concern all.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_SYSTEM_ROWS_H_
#define ROLLCALL_BACKEND_LIFECYCLE_SYSTEM_ROWS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "backend/store/sqlite/connection.h"
#include "rollcall/v1/ledger.pb.h"
#include "rollcall/v1/lifecycle.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// The oldest entries that wait for the ledger, and the place of the last of them.
struct OutboxEntries {
  std::vector<pb::LedgerEntry> entries;
  int64_t last = 0;
};

// A value over a connection that outlives it; to be used within one transaction. Not thread-safe.
class SystemRows {
 public:
  explicit SystemRows(Connection* db) : db_(db) {}

  absl::Status InsertTenant(absl::string_view name, absl::string_view region, absl::Time at);
  // Names, sorted.
  absl::StatusOr<std::vector<std::string>> Tenants();

  // The fingerprint of a request that concerned all; nullopt if the id is new.
  absl::StatusOr<std::optional<std::string>> FindRequest(absl::string_view id);
  absl::Status InsertRequest(absl::string_view id, absl::string_view fingerprint);

  absl::StatusOr<OutboxEntries> Outbox(int limit);
  absl::Status InsertOutbox(const pb::LedgerEntry& entry);
  absl::Status DeleteOutbox(int64_t up_to);

  // The last reading that was trusted; nullopt on the first day.
  absl::StatusOr<std::optional<pb::ClockTick>> Tick();
  // Why the reading after it was refused; empty if it was trusted.
  absl::StatusOr<std::string> ClockRefusal();
  absl::Status PutTick(const pb::ClockTick& tick, absl::string_view refusal);

  absl::Status InsertDryRun(const pb::DryRun& run);
  // NotFound if there was none.
  absl::StatusOr<pb::DryRun> FindDryRun(absl::string_view policy_hash, absl::string_view day,
                                        absl::string_view list_hash);
  absl::Status AcknowledgeDryRun(const pb::DryRun& run);
  // The one that was acknowledged last under these rules.
  absl::StatusOr<std::optional<pb::DryRun>> LastAcknowledged(absl::string_view policy_hash);
  // The one of the latest day under these rules; of several, one that was acknowledged.
  absl::StatusOr<std::optional<pb::DryRun>> LatestDryRun(absl::string_view policy_hash);

  absl::Status PutForecast(absl::string_view policy_hash, absl::CivilDay made_on,
                           const std::map<absl::CivilDay, uint64_t>& days);
  // Buckets that may be deleted on `day`: by the latest forecast that was made before it began, those of all its days
  // up to this one, for on the days between nobody made another; or as a person acknowledged for one of these days,
  // with those forecast for the days after it, if that is more.
  absl::StatusOr<uint64_t> ForecastFor(absl::string_view policy_hash, absl::CivilDay day);
  // Purges begun from `from` to before `to`, of all tenants; of what came late as well.
  absl::StatusOr<uint64_t> PurgesBegun(absl::Time from, absl::Time to);

 private:
  Connection* db_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_SYSTEM_ROWS_H_
