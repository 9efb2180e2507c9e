// Where a backend keeps tenants' lives: ledger, its key and the lifecycle database, in the data folder.
//
//   DATA/ledger/         what was decided and done
//   DATA/ledger.key      signs checkpoints, mode 0600; ledger.key.pub is for customers
//   DATA/lifecycle.db    what is known
//   DATA/lifecycle.lock  held by the one process that has them open
#ifndef ROLLCALL_BACKEND_LIFECYCLE_SERVICE_LIFECYCLE_HOME_H_
#define ROLLCALL_BACKEND_LIFECYCLE_SERVICE_LIFECYCLE_HOME_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/access/ledger_audit_sink.h"
#include "backend/lifecycle_service/lifecycle_engine.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/scoped_fd.h"

namespace rollcall {

struct LifecycleHomeOptions {
  // Must exist.
  std::string data_dir;
  // Of tenants that are added now; what others have stays.
  std::string region;
  // Name of the ledger's key, and origin of its checkpoints.
  std::string ledger_name;
  // Outlives the home.
  const RetentionPolicy* policy = nullptr;
  // Those of the data store: who is not known here is added.
  std::vector<std::string> tenants;
  // Other processes may use the same data folder.
  bool shared = false;
  // How right the clock is; any thread asks.
  std::function<ClockReading()> reading;
};

// Thread-safe once open.
class LifecycleHome {
 public:
  // Opens what is there and makes what is missing. nullptr, with a warning in the log, if `shared` and another process
  // keeps the home: then tenants' lives are not served here, and what is audited goes to the log. `clock` and `logger`
  // outlive the home.
  //   FailedPrecondition  another process keeps it and it is not shared, or the key has another name;
  //   others              of ledger, key and database.
  static absl::StatusOr<std::unique_ptr<LifecycleHome>> Open(const LifecycleHomeOptions& options, const Clock* clock,
                                                             Logger* logger);

  Ledger* ledger() { return ledger_.get(); }
  LifecycleStore* store() { return store_.get(); }
  const NoteSigner& signer() const { return signer_; }
  const LifecycleEngine& engine() const { return engine_; }
  // Entries of the ledger, by the tenant's name: that is the pseudonym tenants' lives are kept under, too.
  AuditSink* audit() { return &audit_; }
  // For whoever counts and enforces.
  Enforcement* enforcement() { return &enforcement_; }

 private:
  LifecycleHome(ScopedFd lock, std::unique_ptr<Ledger> ledger, NoteSigner signer, std::unique_ptr<LifecycleStore> store,
                const RetentionPolicy* policy, std::function<ClockReading()> reading);
  absl::Status AddTenants(const LifecycleHomeOptions& options);

  // First, so that it is let go last.
  const ScopedFd lock_;
  const std::unique_ptr<Ledger> ledger_;
  const NoteSigner signer_;
  const std::unique_ptr<LifecycleStore> store_;
  LedgerAuditSink audit_;
  Enforcement enforcement_;
  const LifecycleEngine engine_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_SERVICE_LIFECYCLE_HOME_H_
