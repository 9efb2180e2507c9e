#include "agent/spool/system_spool_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

constexpr char kLockName[] = "lock";

absl::Status ErrnoStatus(int error, absl::string_view verb, absl::string_view path) {
  const std::string message = absl::StrCat(verb, " ", path);
  absl::Status status = absl::ErrnoToStatus(error, message);
  if (error == EIO) return absl::DataLossError(status.message());
  return status;
}

class SystemSpoolFile : public SpoolFile {
 public:
  SystemSpoolFile(ScopedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  absl::Status WriteAt(uint64_t offset, absl::string_view data) override {
    while (!data.empty()) {
      const ssize_t written = ::pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset));
      if (written < 0) {
        if (errno == EINTR) continue;
        return ErrnoStatus(errno, "write", path_);
      }
      data.remove_prefix(static_cast<size_t>(written));
      offset += static_cast<uint64_t>(written);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) override {
    std::string bytes(size, '\0');
    size_t have = 0;
    while (have < size) {
      const ssize_t got = ::pread(fd_.get(), bytes.data() + have, size - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus(errno, "read", path_);
      if (got == 0) break;
      have += static_cast<size_t>(got);
    }
    bytes.resize(have);
    return bytes;
  }

  absl::StatusOr<uint64_t> Size() override {
    struct stat info;
    if (::fstat(fd_.get(), &info) != 0) return ErrnoStatus(errno, "stat", path_);
    return static_cast<uint64_t>(info.st_size);
  }

  absl::Status Truncate(uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return ErrnoStatus(errno, "truncate", path_);
    return absl::OkStatus();
  }

  absl::Status Reserve(uint64_t bytes) override {
    if (::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) == 0) return absl::OkStatus();
    if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINTR) return absl::OkStatus();
    return ErrnoStatus(errno, "reserve space for", path_);
  }

  absl::Status SyncData() override {
    if (::fdatasync(fd_.get()) != 0) return ErrnoStatus(errno, "sync", path_);
    return absl::OkStatus();
  }

 private:
  ScopedFd fd_;
  std::string path_;
};

class SystemSpoolFiles : public SpoolFiles {
 public:
  SystemSpoolFiles(ScopedFd directory, std::string path, bool writable)
      : directory_(std::move(directory)), path_(std::move(path)), writable_(writable) {}

  absl::Status Lock() override {
    if (!writable_) return ReadOnly();
    const int fd = ::openat(directory_.get(), kLockName, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return ErrnoStatus(errno, "open", Path(kLockName));
    lock_ = ScopedFd(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
    if (errno == EWOULDBLOCK) {
      return absl::FailedPreconditionError(absl::StrCat("lock ", path_, ": another agent uses this spool"));
    }
    return ErrnoStatus(errno, "lock", Path(kLockName));
  }

  absl::StatusOr<std::vector<std::string>> List() override {
    // A descriptor of its own: the position of a directory stream is shared by duplicates.
    const int fd = ::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return ErrnoStatus(errno, "open", path_);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), ::closedir);
    if (stream == nullptr) {
      ::close(fd);
      return absl::InternalError(absl::StrCat("list ", path_));
    }
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      struct stat info;
      if (::fstatat(directory_.get(), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode)) {
        names.emplace_back(entry->d_name);
      }
    }
    if (errno != 0) return ErrnoStatus(errno, "list", path_);
    return names;
  }

  absl::StatusOr<std::unique_ptr<SpoolFile>> Create(absl::string_view name) override {
    if (!writable_) return ReadOnly();
    return OpenFile(name, O_RDWR | O_CREAT | O_EXCL, "create");
  }
  absl::StatusOr<std::unique_ptr<SpoolFile>> Open(absl::string_view name) override {
    return OpenFile(name, writable_ ? O_RDWR : O_RDONLY, "open");
  }

  absl::Status Rename(absl::string_view from, absl::string_view to) override {
    if (!writable_) return ReadOnly();
    if (::renameat(directory_.get(), std::string(from).c_str(), directory_.get(), std::string(to).c_str()) != 0) {
      return ErrnoStatus(errno, "rename", Path(from));
    }
    return absl::OkStatus();
  }

  absl::Status Remove(absl::string_view name) override {
    if (!writable_) return ReadOnly();
    if (::unlinkat(directory_.get(), std::string(name).c_str(), 0) != 0) {
      return ErrnoStatus(errno, "remove", Path(name));
    }
    return absl::OkStatus();
  }

  absl::Status SyncDirectory() override {
    if (!writable_) return ReadOnly();
    if (::fsync(directory_.get()) != 0) return ErrnoStatus(errno, "sync", path_);
    return absl::OkStatus();
  }

  absl::StatusOr<SpoolFreeSpace> FreeSpace() override {
    struct statvfs info;
    if (::fstatvfs(directory_.get(), &info) != 0) return ErrnoStatus(errno, "statvfs", path_);
    return SpoolFreeSpace{info.f_blocks * info.f_frsize, info.f_bavail * info.f_frsize};
  }

 private:
  std::string Path(absl::string_view name) const { return absl::StrCat(path_, "/", name); }
  absl::Status ReadOnly() const {
    return absl::PermissionDeniedError(absl::StrCat("change ", path_, ": it was opened for reading"));
  }

  absl::StatusOr<std::unique_ptr<SpoolFile>> OpenFile(absl::string_view name, int flags, absl::string_view verb) {
    // O_NONBLOCK: a FIFO somebody put there must not hang the agent.
    const int fd =
        ::openat(directory_.get(), std::string(name).c_str(), O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0600);
    if (fd < 0) return ErrnoStatus(errno, verb, Path(name));
    return std::make_unique<SystemSpoolFile>(ScopedFd(fd), Path(name));
  }

  ScopedFd directory_;
  ScopedFd lock_;
  std::string path_;
  bool writable_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SpoolFiles>> OpenSystemSpoolFilesForReading(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return ErrnoStatus(errno, "open", directory);
  return std::make_unique<SystemSpoolFiles>(ScopedFd(fd), directory, false);
}

absl::StatusOr<std::unique_ptr<SpoolFiles>> OpenSystemSpoolFiles(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return ErrnoStatus(errno, "create", directory);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return ErrnoStatus(errno, "open", directory);
  ScopedFd owned(fd);
  struct stat info;
  if (::fstat(fd, &info) != 0) return ErrnoStatus(errno, "stat", directory);
  if (info.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat("open ", directory, ": belongs to uid ", info.st_uid, ", not to uid ", ::geteuid()));
  }
  if ((info.st_mode & 0077) != 0 && ::fchmod(fd, 0700) != 0) {
    return ErrnoStatus(errno, "restrict permissions of", directory);
  }
  return std::make_unique<SystemSpoolFiles>(std::move(owned), directory, true);
}

}  // namespace rollcall
