#include "agent/identity/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "platform/errno_status.h"
#include "platform/fd_io.h"
#include "platform/scoped_fd.h"

namespace rollcall {
namespace {

int WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::string> ReadLocalFile(const std::string& path, size_t limit) {
  const ScopedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return ErrnoStatus(errno, "read", path);
  std::string bytes;
  bool truncated = false;
  if (const int error = ReadFd(fd.get(), 0, limit, &bytes, &truncated); error != 0)
    return ErrnoStatus(error, "read", path);
  if (truncated) return absl::ResourceExhaustedError(absl::StrCat("read ", path, ": larger than ", limit, " bytes"));
  return bytes;
}

absl::Status WriteLocalFileDurably(const std::string& path, absl::string_view bytes) {
  const std::string temporary = absl::StrCat(path, ".tmp");
  {
    const ScopedFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid()) return ErrnoStatus(errno, "write", temporary);
    if (const int error = WriteAll(fd.get(), bytes); error != 0) return ErrnoStatus(error, "write", temporary);
    if (fsync(fd.get()) != 0) return ErrnoStatus(errno, "sync", temporary);
  }
  if (rename(temporary.c_str(), path.c_str()) != 0) return ErrnoStatus(errno, "replace", path);
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  const ScopedFd fd(open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return ErrnoStatus(errno, "sync", directory);
  return absl::OkStatus();
}

absl::Status EnsurePrivateDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return ErrnoStatus(errno, "make directory", path);
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  if (!S_ISDIR(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat("use ", path, ": not a directory"));
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (info.st_uid != geteuid() && info.st_uid != 0)) {
    return absl::PermissionDeniedError(absl::StrCat("use ", path, ": other users may write to it"));
  }
  return absl::OkStatus();
}

}  // namespace rollcall
