#include "backend/keys/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "platform/errno_status.h"
#include "platform/fd_io.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 10;

absl::Status WriteAndSync(int fd, absl::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    const ssize_t written = ::write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "write", path);
    contents.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(fd) != 0) return ErrnoStatus(errno, "sync", path);
  return absl::OkStatus();
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const ScopedFd fd(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return ErrnoStatus(errno, "sync folder of", path);
  return absl::OkStatus();
}

// Opens what this process's user alone has.
absl::StatusOr<ScopedFd> OpenPrivate(const std::string& path, int flags) {
  ScopedFd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid() && errno != ELOOP) return ErrnoStatus(errno, "open", path);
  struct stat info;
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return absl::PermissionDeniedError(absl::StrCat("open ", path, ": not a regular file"));
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return absl::PermissionDeniedError(absl::StrCat("open ", path, ": it belongs to another user"));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(absl::StrCat("open ", path, ": others may use it; set its mode to 0600"));
  }
  return fd;
}

}  // namespace

absl::Status CreatePrivateFile(const std::string& path, absl::string_view contents) {
  const ScopedFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid() && errno == EEXIST) return absl::AlreadyExistsError(absl::StrCat("create ", path, ": it exists"));
  if (!fd.valid()) return ErrnoStatus(errno, "create", path);
  absl::Status status = WriteAndSync(fd.get(), contents, path);
  if (status.ok()) status = SyncFolderOf(path);
  // Half a secret is none, and would be in the way of the next attempt.
  if (!status.ok()) ::unlink(path.c_str());
  return status;
}

absl::StatusOr<std::string> ReadPrivateFile(const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(const ScopedFd fd, OpenPrivate(path, O_RDONLY));
  std::string contents;
  bool truncated = false;
  const int error = ReadFd(fd.get(), 0, kMaxBytes, &contents, &truncated);
  if (error != 0) return ErrnoStatus(error, "read", path);
  if (truncated) return absl::ResourceExhaustedError(absl::StrCat("read ", path, ": larger than 64 KiB"));
  return contents;
}

absl::Status ErasePrivateFile(const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(const ScopedFd fd, OpenPrivate(path, O_WRONLY));
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  ROLLCALL_RETURN_IF_ERROR(WriteAndSync(fd.get(), std::string(static_cast<size_t>(info.st_size), '\0'), path));
  if (::unlink(path.c_str()) != 0) return ErrnoStatus(errno, "remove", path);
  return SyncFolderOf(path);
}

}  // namespace rollcall
