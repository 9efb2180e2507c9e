#include "platform/host_root.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "platform/errno_status.h"
#include "platform/fd_io.h"
#include "platform/host_root_resolve.h"
#include "platform/host_root_view.h"

namespace rollcall {
namespace {

// Splits `/proc/PID/<name>` into the directory and the name; false for any other path.
bool SplitProcessLink(absl::string_view path, std::string* directory, std::string* name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  if (parts.size() != 3 || parts[0] != "proc") return false;
  if (!std::all_of(parts[1].begin(), parts[1].end(), [](unsigned char c) { return absl::ascii_isdigit(c); })) {
    return false;
  }
  *directory = absl::StrCat("/proc/", parts[1]);
  *name = std::string(parts[2]);
  return true;
}

// The magic link may lead anywhere, so what it leads to is checked: a regular file for `exe`,
// a directory for `root`. Descriptor or negative errno.
int OpenMagicLink(int process_directory, const std::string& name) {
  ScopedFd fd(::openat(process_directory, name.c_str(), O_PATH | O_CLOEXEC));
  if (!fd.valid()) return -errno;
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return -errno;
  if (name == "exe" && !S_ISREG(info.st_mode)) return -ENXIO;
  if (name == "root" && !S_ISDIR(info.st_mode)) return -ENOTDIR;
  return fd.Release();
}

}  // namespace

absl::StatusOr<std::unique_ptr<HostRoot>> HostRoot::Create(absl::string_view directory, PathResolver resolver) {
  ScopedFd root(::open(std::string(directory).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return ErrnoStatus(errno, "open root directory", directory);
  ScopedFd own_fds(::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!own_fds.valid()) return ErrnoStatus(errno, "open", "/proc/self/fd");
  const bool have_openat2 = resolver != PathResolver::kComponentWalk && HaveOpenat2(root.get());
  if (resolver == PathResolver::kOpenat2 && !have_openat2) {
    return absl::UnimplementedError("open root directory: the kernel has no openat2");
  }
  resolver = have_openat2 ? PathResolver::kOpenat2 : PathResolver::kComponentWalk;
  return std::unique_ptr<HostRoot>(
      new HostRoot(std::move(root), std::make_shared<const ScopedFd>(std::move(own_fds)), resolver));
}

int HostRoot::ResolvePlain(const std::string& path, FinalLink final_link) const {
  const bool follow = final_link == FinalLink::kFollow;
  return resolver_ == PathResolver::kOpenat2 ? ResolveByOpenat2(root_.get(), path, follow)
                                             : ResolveByComponents(root_.get(), path, follow);
}

absl::StatusOr<ScopedFd> HostRoot::Resolve(absl::string_view verb, absl::string_view path, FinalLink final_link,
                                           Allow allow) const {
  if (absl::Status valid = CheckTreePath(verb, path); !valid.ok()) return valid;
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  std::string directory;
  std::string name;
  int fd = -1;
  bool resolved = false;
  if (allow != Allow::kNone && SplitProcessLink(path, &directory, &name) &&
      name == (allow == Allow::kExe ? "exe" : "root")) {
    const ScopedFd process(ResolvePlain(directory, FinalLink::kFollow));
    // In a fixture these are ordinary links.
    if (process.valid() && IsOnProcfs(process.get())) {
      fd = OpenMagicLink(process.get(), name);
      resolved = true;
    }
  }
  if (!resolved) fd = ResolvePlain(std::string(path), final_link);
  if (fd < 0) return ErrnoStatus(-fd, verb, path);
  return ScopedFd(fd);
}

ScopedFd HostRoot::Reopen(int path_fd, FileInfo* info, int* error) const {
  struct stat status;
  if (::fstat(path_fd, &status) != 0) {
    *error = errno;
    return ScopedFd();
  }
  if (!S_ISREG(status.st_mode)) {
    *error = S_ISDIR(status.st_mode) ? EISDIR : S_ISLNK(status.st_mode) ? ELOOP : ENXIO;
    return ScopedFd();
  }
  *info = FileInfoFromStat(status);
  const std::string number = absl::StrCat(path_fd);
  const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const bool noatime = noatime_.load(std::memory_order_relaxed);
  ScopedFd fd(::openat(own_fds_->get(), number.c_str(), flags | (noatime ? O_NOATIME : 0)));
  if (!fd.valid() && errno == EPERM && noatime) {
    fd = ScopedFd(::openat(own_fds_->get(), number.c_str(), flags));
    if (fd.valid()) noatime_.store(false, std::memory_order_relaxed);
  }
  if (!fd.valid()) *error = errno;
  return fd;
}

absl::StatusOr<ScopedFd> HostRoot::OpenForRead(absl::string_view verb, absl::string_view path, Allow allow,
                                               FileInfo* info) const {
  absl::StatusOr<ScopedFd> found = Resolve(verb, path, FinalLink::kFollow, allow);
  if (!found.ok()) return found.status();
  int error = 0;
  ScopedFd fd = Reopen(found->get(), info, &error);
  if (fd.valid()) return fd;
  if (error == ENXIO) return absl::FailedPreconditionError(absl::StrCat(verb, " ", path, ": not a regular file"));
  return ErrnoStatus(error, verb, path);
}

absl::StatusOr<std::string> HostRoot::ReadPrefix(absl::string_view path, size_t limit, bool* truncated) const {
  FileInfo info;
  absl::StatusOr<ScopedFd> fd = OpenForRead("read", path, Allow::kNone, &info);
  if (!fd.ok()) return fd.status();
  std::string content;
  const size_t hint = static_cast<size_t>(std::min<uint64_t>(info.size_bytes, limit));
  const int error = ReadFd(fd->get(), hint, limit, &content, truncated);
  if (error != 0) return ErrnoStatus(error, "read", path);
  return content;
}

absl::StatusOr<std::string> HostRoot::ReadFile(absl::string_view path, size_t limit) const {
  bool truncated = false;
  absl::StatusOr<std::string> content = ReadPrefix(path, limit, &truncated);
  if (content.ok() && truncated) {
    return absl::ResourceExhaustedError(absl::StrCat("read ", path, ": larger than ", limit, " bytes"));
  }
  return content;
}

absl::StatusOr<std::vector<DirectoryEntry>> HostRoot::List(absl::string_view path) const {
  absl::StatusOr<ScopedFd> found = Resolve("list", path, FinalLink::kFollow);
  if (!found.ok()) return found.status();
  const ScopedFd fd(::openat(found->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "list", path);
  std::vector<DirectoryEntry> entries;
  const int error = ListFd(fd.get(), &entries);
  if (error != 0) return ErrnoStatus(error, "list", path);
  return entries;
}

absl::StatusOr<FileInfo> HostRoot::Stat(absl::string_view path) const {
  absl::StatusOr<ScopedFd> found = Resolve("stat", path, FinalLink::kFollow, Allow::kExe);
  if (!found.ok()) return found.status();
  struct stat info;
  if (::fstat(found->get(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  return FileInfoFromStat(info);
}

absl::StatusOr<FileInfo> HostRoot::Lstat(absl::string_view path) const {
  absl::StatusOr<ScopedFd> found = Resolve("stat", path, FinalLink::kKeep);
  if (!found.ok()) return found.status();
  struct stat info;
  if (::fstat(found->get(), &info) != 0) return ErrnoStatus(errno, "stat", path);
  return FileInfoFromStat(info);
}

absl::StatusOr<std::string> HostRoot::ReadLink(absl::string_view path) const {
  absl::StatusOr<ScopedFd> found = Resolve("read link", path, FinalLink::kKeep);
  if (!found.ok()) return found.status();
  std::string target;
  const int error = ReadLinkFd(found->get(), "", &target);
  // Of an O_PATH descriptor on something else the kernel says ENOENT.
  if (error == ENOENT || error == EINVAL) {
    struct stat info;
    if (::fstat(found->get(), &info) == 0 && !S_ISLNK(info.st_mode)) {
      return absl::FailedPreconditionError(absl::StrCat("read link ", path, ": not a symbolic link"));
    }
  }
  if (error != 0) return ErrnoStatus(error, "read link", path);
  return target;
}

absl::StatusOr<ScopedFd> HostRoot::Open(absl::string_view path) const {
  FileInfo info;
  return OpenForRead("open", path, Allow::kExe, &info);
}

absl::StatusOr<std::unique_ptr<FileTree>> HostRoot::Subtree(absl::string_view path) const {
  absl::StatusOr<ScopedFd> found = Resolve("open", path, FinalLink::kFollow, Allow::kRoot);
  if (!found.ok()) return found.status();
  struct stat info;
  if (::fstat(found->get(), &info) != 0) return ErrnoStatus(errno, "open", path);
  if (!S_ISDIR(info.st_mode)) return ErrnoStatus(ENOTDIR, "open", path);
  return std::unique_ptr<FileTree>(new HostRoot(*std::move(found), own_fds_, resolver_));
}

absl::StatusOr<ScopedFd> HostRoot::OpenPath(absl::string_view path) const {
  return Resolve("open", path, FinalLink::kFollow);
}

absl::StatusOr<std::unique_ptr<DirectoryView>> HostRoot::OpenDirectory(absl::string_view path) const {
  absl::StatusOr<ScopedFd> found = Resolve("open", path, FinalLink::kFollow);
  if (!found.ok()) return found.status();
  const bool procfs = IsOnProcfs(found->get());
  struct stat info;
  if (::fstat(found->get(), &info) != 0) return ErrnoStatus(errno, "open", path);
  if (!S_ISDIR(info.st_mode)) return ErrnoStatus(ENOTDIR, "open", path);
  return std::make_unique<HostRootView>(this, std::string(path), *std::move(found), procfs);
}

absl::StatusOr<FilesystemSpace> HostRoot::StatFilesystem(absl::string_view path) const {
  absl::StatusOr<ScopedFd> found = Resolve("stat filesystem of", path, FinalLink::kFollow);
  if (!found.ok()) return found.status();
  struct statvfs space;
  struct stat info;
  if (::fstatvfs(found->get(), &space) != 0 || ::fstat(found->get(), &info) != 0) {
    return ErrnoStatus(errno, "stat filesystem of", path);
  }
  FilesystemSpace result;
  result.total_bytes = uint64_t{space.f_blocks} * space.f_frsize;
  result.free_bytes = uint64_t{space.f_bfree} * space.f_frsize;
  result.available_bytes = uint64_t{space.f_bavail} * space.f_frsize;
  result.block_bytes = static_cast<uint32_t>(space.f_frsize);
  result.total_inodes = space.f_files;
  result.free_inodes = space.f_ffree;
  result.device = info.st_dev;
  return result;
}

}  // namespace rollcall
