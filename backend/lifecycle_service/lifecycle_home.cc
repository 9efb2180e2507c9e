#include "backend/lifecycle_service/lifecycle_home.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Unavailable if another process has it.
absl::StatusOr<ScopedFd> TakeLock(const std::string& path) {
  ScopedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, absl::StrCat("lock ", path));
  return absl::UnavailableError(absl::StrCat("lock ", path, ": another process has it"));
}

// SQLite would make it with the process's umask.
absl::Status MakePrivateFile(const std::string& path) {
  const ScopedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  return fd.valid() ? absl::OkStatus() : absl::ErrnoToStatus(errno, absl::StrCat("create ", path));
}

}  // namespace

LifecycleHome::LifecycleHome(ScopedFd lock, std::unique_ptr<Ledger> ledger, NoteSigner signer,
                             std::unique_ptr<LifecycleStore> store, const RetentionPolicy* policy,
                             std::function<ClockReading()> reading)
    : lock_(std::move(lock)),
      ledger_(std::move(ledger)),
      signer_(std::move(signer)),
      store_(std::move(store)),
      audit_(ledger_.get(), [](const std::string& tenant) { return tenant; }),
      engine_({store_.get(), ledger_.get(), &signer_, policy, std::move(reading), &enforcement_}) {}

absl::StatusOr<std::unique_ptr<LifecycleHome>> LifecycleHome::Open(const LifecycleHomeOptions& options,
                                                                   const Clock* clock, Logger* logger) {
  absl::StatusOr<ScopedFd> lock = TakeLock(absl::StrCat(options.data_dir, "/lifecycle.lock"));
  if (absl::IsUnavailable(lock.status())) {
    if (!options.shared) return absl::FailedPreconditionError(lock.status().message());
    logger->Warning(
        "lifecycle.elsewhere",
        "Another process keeps tenants' lives and the ledger: calls about them are answered there only, and "
        "what is audited here goes to this log");
    return std::unique_ptr<LifecycleHome>();
  }
  if (!lock.ok()) return lock.status();
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<LedgerFiles> files,
                            OpenLedgerFolder(absl::StrCat(options.data_dir, "/ledger")));
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Ledger> ledger, Ledger::Open(std::move(files), clock));
  ROLLCALL_ASSIGN_OR_RETURN(
      NoteSigner signer, NoteSigner::LoadOrCreate(absl::StrCat(options.data_dir, "/ledger.key"), options.ledger_name));
  LifecycleOptions store_options;
  store_options.path = absl::StrCat(options.data_dir, "/lifecycle.db");
  store_options.policy = options.policy;
  ROLLCALL_RETURN_IF_ERROR(MakePrivateFile(store_options.path));
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<LifecycleStore> store,
                            LifecycleStore::Open(std::move(store_options), ledger.get(), clock));
  auto home = std::unique_ptr<LifecycleHome>(new LifecycleHome(*std::move(lock), std::move(ledger), std::move(signer),
                                                               std::move(store), options.policy, options.reading));
  ROLLCALL_RETURN_IF_ERROR(home->AddTenants(options));
  const LedgerRecovery& recovery = home->ledger_->recovery();
  logger->Info("lifecycle.opened", "Tenants' lives are kept here",
               {{"tenants", options.tenants.size()},
                {"ledger_entries", home->ledger_->Head().size},
                {"torn_bytes_cut", recovery.cut_bytes},
                {"ledger_key", home->signer_.PublicText()}});
  return home;
}

absl::Status LifecycleHome::AddTenants(const LifecycleHomeOptions& options) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> known, store_->Tenants());
  for (const std::string& tenant : options.tenants) {
    if (std::binary_search(known.begin(), known.end(), tenant)) continue;
    const Caller backend = {absl::StrCat("tenant ", tenant), "engine"};
    ROLLCALL_RETURN_IF_ERROR(store_->AddTenant(backend, tenant, options.region));
  }
  return absl::OkStatus();
}

}  // namespace rollcall
