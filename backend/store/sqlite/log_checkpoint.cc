#include "backend/store/sqlite/log_checkpoint.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {

absl::StatusOr<std::unique_ptr<LogCheckpoint>> LogCheckpoint::Open(const std::string& path, int pages) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                            Connection::Open(path, Connection::Mode::kReadWrite));
  // A connection knows of the log once it has read.
  ROLLCALL_RETURN_IF_ERROR(connection->QueryInt("PRAGMA user_version").status());
  return std::unique_ptr<LogCheckpoint>(new LogCheckpoint(std::move(connection), pages));
}

void LogCheckpoint::OnCommit(int pages) {
  const std::lock_guard lock(state_mutex_);
  if (pages < pages_) tried_ = 0;  // it has begun anew
  pages_ = pages;
}

bool LogCheckpoint::Due() {
  const std::lock_guard lock(state_mutex_);
  if (pages_ < enough_ || (tried_ > 0 && pages_ - tried_ < enough_ / 4)) return false;
  tried_ = pages_;
  return true;
}

void LogCheckpoint::RunIfDue(std::mutex* writers) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock() || !Due()) return;
  absl::Status status = Run();
  if (status.ok()) {
    const std::lock_guard rest(*writers);
    status = Run();
  }
  const std::lock_guard state(state_mutex_);
  if (!status.ok()) tried_ = 0;  // at once, as soon as somebody writes
  health_ = status;
}

absl::Status LogCheckpoint::Truncate(std::mutex* writers) {
  const std::lock_guard lock(mutex_);
  ROLLCALL_RETURN_IF_ERROR(Run());
  const std::lock_guard rest(*writers);
  // SQLite waits with the write lock held.
  ROLLCALL_RETURN_IF_ERROR(connection_->Execute("PRAGMA busy_timeout=20"));
  const absl::StatusOr<int64_t> busy = connection_->QueryInt("PRAGMA wal_checkpoint(TRUNCATE)");
  ROLLCALL_RETURN_IF_ERROR(connection_->Execute(absl::StrCat("PRAGMA busy_timeout=", kBusyTimeoutMs).c_str()));
  ROLLCALL_RETURN_IF_ERROR(busy.status());
  return *busy == 0 ? absl::OkStatus() : absl::UnavailableError("the write-ahead log is still in use");
}

absl::Status LogCheckpoint::Run() { return connection_->QueryInt("PRAGMA wal_checkpoint(PASSIVE)").status(); }

absl::Status LogCheckpoint::health() const {
  const std::lock_guard lock(state_mutex_);
  return health_;
}

}  // namespace rollcall
