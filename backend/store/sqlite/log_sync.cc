#include "backend/store/sqlite/log_sync.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rollcall {

absl::StatusOr<std::unique_ptr<LogSync>> LogSync::Open(const std::string& path, SyncFile sync) {
  const std::string log = absl::StrCat(path, "-wal");
  ScopedFd fd(::open(log.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("open write-ahead log ", log));
  return std::unique_ptr<LogSync>(new LogSync(std::move(fd), std::move(sync)));
}

void LogSync::OnCommit() {
  const std::lock_guard lock(mutex_);
  ++committed_;
}

uint64_t LogSync::last_commit() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

absl::Status LogSync::Await(uint64_t commit) {
  std::unique_lock lock(mutex_);
  while (durable_ < commit && failure_.ok()) {
    if (syncing_) {
      synced_.wait(lock);
      continue;
    }
    syncing_ = true;
    const uint64_t covered = committed_;
    lock.unlock();
    const int error = sync_(log_.get()) == 0 ? 0 : errno;
    lock.lock();
    syncing_ = false;
    if (error == 0) {
      durable_ = covered;
    } else {
      failure_ = absl::UnavailableError(absl::StrCat("sync write-ahead log: ", std::strerror(error),
                                                     "; nothing more is written until the store is opened again"));
    }
    synced_.notify_all();
  }
  return durable_ >= commit ? absl::OkStatus() : failure_;
}

absl::Status LogSync::health() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace rollcall
