// Brings what is in the write-ahead log into the database, so that the log can begin anew.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_LOG_CHECKPOINT_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_LOG_CHECKPOINT_H_

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/store/sqlite/connection.h"

namespace rollcall {

// SQLite's own checkpoints run within COMMIT, with the write lock. These have a connection of their own and run
// beside the writers; only what is written meanwhile is brought over under the writers' lock, because the log begins
// anew only when all of it has been. Thread-safe.
class LogCheckpoint {
 public:
  // Of the database at `path`; a log of `pages` is long enough.
  static absl::StatusOr<std::unique_ptr<LogCheckpoint>> Open(const std::string& path, int pages);

  // The log has so many pages.
  void OnCommit(int pages);
  // Checkpoints if the log is long and nobody else does; `writers` is the lock that everybody in this process holds
  // who writes. Reading goes on. A reader's snapshot, or another process, may keep the log from beginning anew: that
  // is no error, and tried again when it has grown by a quarter.
  void RunIfDue(std::mutex* writers);
  // Checkpoints, and cuts the log to nothing. What was not brought over before, and readers that still need the log,
  // are waited for under the writers' lock, but not for long: Unavailable if they are not done by then. When it
  // is OK, nothing that others of any process keep in memory from before is written any more: they read anew.
  absl::Status Truncate(std::mutex* writers);
  // How the last one ended. One that failed loses nothing: the log has it all, and grows.
  absl::Status health() const;

 private:
  LogCheckpoint(std::unique_ptr<Connection> connection, int pages)
      : enough_(pages), connection_(std::move(connection)) {}

  bool Due();
  absl::Status Run();

  const int enough_;
  mutable std::mutex state_mutex_;
  int pages_ = 0;
  // How long it was when it was last tried.
  int tried_ = 0;
  absl::Status health_;
  std::mutex mutex_;
  std::unique_ptr<Connection> connection_;  // guarded by mutex_
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_LOG_CHECKPOINT_H_
