// Makes what is committed to a write-ahead log survive a loss of power, one sync for all who wait for one.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_LOG_SYNC_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_LOG_SYNC_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// SQLite with synchronous=FULL syncs within COMMIT, while it holds the write lock: others cannot write meanwhile.
// With synchronous=NORMAL it writes the log and does not sync it, and this does, with no lock held, before anything
// is said to be done. A log that is cut anywhere loses the last commits and nothing before them
// (https://www.sqlite.org/wal.html), so a sync of the file covers every commit that came before it.
//
// After a sync that failed the kernel has forgotten what it could not write: a later one that succeeds says
// nothing. So the first failure is the last: whoever asks is answered with it, until the store is opened again.
//
// Thread-safe.
class LogSync {
 public:
  // fdatasync, or a test's.
  using SyncFile = std::function<int(int fd)>;

  // Of the database at `path`, which a connection has read: its log exists as long as that connection does.
  static absl::StatusOr<std::unique_ptr<LogSync>> Open(const std::string& path, SyncFile sync);

  // Something was committed. To be called with the write lock held; commits have the order of these calls.
  void OnCommit();
  // The latest commit.
  uint64_t last_commit() const;
  // Waits until `commit` and all before it are durable. Unavailable if a sync failed, now or ever.
  absl::Status Await(uint64_t commit);
  // OK, or the failure.
  absl::Status health() const;

 private:
  LogSync(ScopedFd log, SyncFile sync) : log_(std::move(log)), sync_(std::move(sync)) {}

  const ScopedFd log_;
  const SyncFile sync_;
  mutable std::mutex mutex_;
  std::condition_variable synced_;
  uint64_t committed_ = 0;
  uint64_t durable_ = 0;
  // Somebody syncs for all that wait.
  bool syncing_ = false;
  absl::Status failure_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_LOG_SYNC_H_
