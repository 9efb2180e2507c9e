// How an operation is carried out: one transaction, once per request id, with entries for the ledger.
//
// The database and the ledger are two files, and nothing writes both at once. So the entries of an operation are
// written to the database in the operation's own transaction (its outbox) and handed to the ledger afterwards, in
// order; each has a unique key, so what a crash makes us repeat is not in the ledger twice. An operation answers OK
// once the ledger has its entries. What is in the outbox goes first: while the ledger takes nothing, nothing is done.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_CORE_H_
#define ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_CORE_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/ledger/ledger.h"
#include "backend/lifecycle/lifecycle_types.h"
#include "backend/lifecycle/system_rows.h"
#include "backend/lifecycle/tenant_rows.h"
#include "backend/retention/arrival.h"
#include "backend/retention/tenant_timeline.h"
#include "backend/store/sqlite/connection.h"
#include "platform/clock.h"

namespace rollcall {

struct LifecycleOptions {
  // Of the database; its folder must exist.
  std::string path;
  // Outlives the store.
  const RetentionPolicy* policy = nullptr;
  ClockLimits clock_limits;
  ArrivalLimits arrival_limits;
  // How long ago an end or a return may have taken effect when it is reported. An end reported with a wrong date in the
  // past would make everything due at once.
  absl::Duration max_backdating = absl::Hours(24 * 7);
};

// `parts`, each after its length: no two lists give the same bytes.
std::string JoinParts(const std::vector<std::string>& parts);
// The agreement as ledger and journal name it.
pb::PolicyReference ReferenceTo(const RetentionPolicy& policy);
// OK if the caller is `engine` or a well-formed operator and the id has 1 to 128 characters; InvalidArgument otherwise.
absl::Status CheckCaller(const Caller& caller);

// What an operation works on, within its transaction.
class TenantOperation {
 public:
  TenantOperation(const LifecycleOptions& options, SystemRows system_rows, TenantRows tenant_rows, std::string who,
                  absl::Time when)
      : common(system_rows), rows(std::move(tenant_rows)), actor(std::move(who)), at(when), options_(options) {}

  const RetentionPolicy& policy() const { return *options_.policy; }
  const LifecycleOptions& options() const { return options_; }

  // Reads the tenant's events and folds them at `at`.
  absl::Status Load();
  // Adds an event that becomes known now, with an entry for the ledger, and folds again. `what` needs neither time nor
  // actor. InvalidArgument as CheckEvent.
  absl::Status Append(pb::LifecycleEvent event, pb::LedgerEntry::LifecycleNoted::Kind kind);
  // A further entry for the ledger, to be filled in.
  pb::LedgerEntry* AddEntry();
  pb::BucketName NameOf(const BucketKey& key) const;
  // Writes down what the events now mean for every bucket that is not being deleted.
  absl::Status RefreshBuckets();
  // The same for one; true if anything of it changed. Pure.
  bool Refresh(StoredBucket* bucket) const;

  SystemRows common;
  TenantRows rows;
  const std::string actor;
  const absl::Time at;
  pb::TenantFacts facts;
  TenantTimeline timeline;
  pb::OperationAnswer answer;
  std::vector<pb::LedgerEntry> entries;

 private:
  const LifecycleOptions& options_;
};

// Thread-safe: one operation at a time.
class LifecycleCore {
 public:
  using Body = absl::FunctionRef<absl::Status(TenantOperation*)>;
  using SystemBody = absl::FunctionRef<absl::Status(SystemRows, absl::Time, std::vector<pb::LedgerEntry>*)>;

  static absl::StatusOr<std::unique_ptr<LifecycleCore>> Open(LifecycleOptions options, Ledger* ledger,
                                                             const Clock* clock);

  const LifecycleOptions& options() const { return options_; }
  const RetentionPolicy& policy() const { return *options_.policy; }
  Ledger* ledger() { return ledger_; }

  // An operation on a tenant. Carried out once per request id, and answered from then on; InvalidArgument if the id
  // was used for something else. What `body` refuses changes nothing and may be asked again. Unavailable if it is not
  // known whether it was carried out, or the ledger does not have it yet: to be asked again with the same id.
  absl::StatusOr<pb::OperationAnswer> Run(absl::string_view tenant, const Caller& caller, absl::string_view name,
                                          const std::vector<std::string>& arguments, Body body);
  // The same for what concerns no tenant. `arguments` as in Run.
  absl::Status RunForAll(const Caller& caller, absl::string_view name, const std::vector<std::string>& arguments,
                         SystemBody body);
  // One transaction without a request id, for what is idempotent by itself. `at` unset: now. The entries' unique keys
  // come from `key`, which `body` may set while it runs.
  absl::Status Transact(absl::string_view tenant, absl::string_view actor, std::optional<absl::Time> at,
                        std::string* key, Body body);
  // The same for what concerns no tenant.
  absl::Status TransactForAll(const std::string& key, SystemBody body);
  // One snapshot; what `body` adds is not kept.
  absl::Status Read(absl::string_view tenant, Body body);
  absl::Status ReadAll(absl::FunctionRef<absl::Status(SystemRows, absl::Time)> body);

  // Hands to the ledger what it does not have yet.
  absl::Status DrainOutbox();

 private:
  LifecycleCore(LifecycleOptions options, std::unique_ptr<Connection> db, Ledger* ledger, const Clock* clock)
      : options_(std::move(options)), db_(std::move(db)), ledger_(ledger), clock_(clock) {}

  absl::Status DrainLocked();
  absl::Status DrainAfterCommit();
  absl::Status WriteOutbox(const std::string& key, std::vector<pb::LedgerEntry> entries);
  // Unavailable if the clock is far from what it was when it was trusted last.
  absl::StatusOr<absl::Time> Now();
  absl::StatusOr<absl::Time> NextTime(const TenantRows& rows);
  absl::Status Finish(const Caller& caller, absl::string_view fingerprint, TenantOperation* operation);

  const LifecycleOptions options_;
  std::mutex mutex_;
  const std::unique_ptr<Connection> db_;
  Ledger* const ledger_;
  const Clock* const clock_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_LIFECYCLE_CORE_H_
