#include "backend/ledger/ledger_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/errno_status.h"
#include "platform/fd_io.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr char kLockName[] = "lock";

class PosixLedgerFile : public LedgerFile {
 public:
  PosixLedgerFile(ScopedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) const override {
    std::string bytes(size, '\0');
    size_t filled = 0;
    while (filled < size) {
      const ssize_t got = ::pread(fd_.get(), bytes.data() + filled, size - filled, static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus(errno, "read", path_);
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
  }

  absl::Status WriteAt(uint64_t offset, absl::string_view data) override {
    while (!data.empty()) {
      const ssize_t written = ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return ErrnoStatus(errno, "write", path_);
      data.remove_prefix(static_cast<size_t>(written));
      offset += static_cast<uint64_t>(written);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<uint64_t> Size() const override {
    struct stat info;
    if (::fstat(fd_.get(), &info) != 0) return ErrnoStatus(errno, "stat", path_);
    return static_cast<uint64_t>(info.st_size);
  }

  absl::Status Truncate(uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return ErrnoStatus(errno, "truncate", path_);
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (::fdatasync(fd_.get()) != 0) return ErrnoStatus(errno, "sync", path_);
    return absl::OkStatus();
  }

 private:
  ScopedFd fd_;
  std::string path_;
};

class PosixLedgerFiles : public LedgerFiles {
 public:
  PosixLedgerFiles(ScopedFd folder, std::string path) : folder_(std::move(folder)), path_(std::move(path)) {}

  absl::Status Lock() override {
    ROLLCALL_ASSIGN_OR_RETURN(lock_, OpenAt(kLockName));
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return ErrnoStatus(errno, "lock", path_);
      return absl::FailedPreconditionError(absl::StrCat("lock ", path_, ": another process writes this ledger"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> List() const override {
    const ScopedFd fd(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::vector<DirectoryEntry> entries;
    const int error = fd.valid() ? ListFd(fd.get(), &entries) : errno;
    if (error != 0) return ErrnoStatus(error, "list", path_);
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : entries) {
      if (entry.type != FileInfo::Type::kDirectory) names.push_back(entry.name);
    }
    return names;
  }

  absl::StatusOr<std::unique_ptr<LedgerFile>> Open(absl::string_view name) override {
    ROLLCALL_ASSIGN_OR_RETURN(ScopedFd fd, OpenAt(std::string(name)));
    return std::make_unique<PosixLedgerFile>(std::move(fd), absl::StrCat(path_, "/", name));
  }

  absl::Status SyncFolder() override {
    if (::fsync(folder_.get()) != 0) return ErrnoStatus(errno, "sync", path_);
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<ScopedFd> OpenAt(const std::string& name) {
    ScopedFd fd(::openat(folder_.get(), name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return ErrnoStatus(errno, "open", absl::StrCat(path_, "/", name));
    return fd;
  }

  ScopedFd folder_;
  ScopedFd lock_;
  std::string path_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LedgerFiles>> OpenLedgerFolder(const std::string& path) {
  const bool made = ::mkdir(path.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return ErrnoStatus(errno, "make folder", path);
  ScopedFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid()) return ErrnoStatus(errno, "open folder", path);
  if (made) {
    const ScopedFd parent(::openat(folder.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent.valid() || ::fsync(parent.get()) != 0) return ErrnoStatus(errno, "sync folder above", path);
  }
  return std::make_unique<PosixLedgerFiles>(std::move(folder), path);
}

}  // namespace rollcall
