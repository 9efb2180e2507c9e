#include "platform/host_root_view.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/errno_status.h"
#include "platform/fd_io.h"
#include "platform/host_root.h"
#include "platform/host_root_resolve.h"

namespace rollcall {
namespace {

// Files of /proc/PID that the kernel writes in one piece (single_open in fs/proc/base.c): a read gives
// all there is room for.
bool IsOneRecord(absl::string_view name) {
  const absl::string_view file = name.substr(name.rfind('/') + 1);
  return file == "stat" || file == "status";
}

}  // namespace

HostRootView::HostRootView(const HostRoot* root, std::string path, ScopedFd directory, bool procfs)
    : root_(root), path_(std::move(path)), directory_(std::move(directory)), procfs_(procfs) {}

std::string HostRootView::PathOf(absl::string_view name) const {
  return name.empty() ? path_ : absl::StrCat(absl::StripSuffix(path_, "/"), "/", name);
}

absl::StatusOr<HostRootView::Target> HostRootView::Locate(absl::string_view verb, absl::string_view name) const {
  if (absl::Status valid = CheckViewName(verb, name); !valid.ok()) return valid;
  Target target;
  target.directory = directory_.get();
  // O_NOFOLLOW is about the last component only, so the others are opened one by one.
  for (size_t slash = name.find('/'); slash != absl::string_view::npos; slash = name.find('/')) {
    const std::string part(name.substr(0, slash));
    ScopedFd next(::openat(target.directory, part.c_str(), O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC));
    if (!next.valid()) return ErrnoStatus(errno, verb, PathOf(name));
    target.directory = next.get();
    target.parent = std::move(next);
    name.remove_prefix(slash + 1);
  }
  target.name = name.empty() ? "." : std::string(name);
  return target;
}

absl::StatusOr<ScopedFd> HostRootView::OpenPath(absl::string_view verb, absl::string_view name) const {
  absl::StatusOr<Target> target = Locate(verb, name);
  if (!target.ok()) return target.status();
  ScopedFd fd(::openat(target->directory, target->name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, verb, PathOf(name));
  return fd;
}

absl::StatusOr<ScopedFd> HostRootView::OpenProcfsFile(absl::string_view name, int* error) const {
  const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  // One call instead of one per component: a scan does this for every process.
  if (root_->resolver() == PathResolver::kOpenat2) {
    if (absl::Status valid = CheckViewName("read", name); !valid.ok()) return valid;
    const int fd = OpenBelowByOpenat2(directory_.get(), std::string(name), flags);
    if (fd < 0) *error = -fd;
    return ScopedFd(fd < 0 ? -1 : fd);
  }
  absl::StatusOr<Target> target = Locate("read", name);
  if (!target.ok()) return target.status();
  ScopedFd fd(::openat(target->directory, target->name.c_str(), flags));
  if (!fd.valid()) *error = errno;
  return fd;
}

absl::Status HostRootView::Read(absl::string_view name, size_t limit, std::string* out, bool* truncated) const {
  out->clear();
  *truncated = false;
  ScopedFd fd;
  FileInfo info;
  int error = 0;
  if (procfs_) {
    absl::StatusOr<ScopedFd> opened = OpenProcfsFile(name, &error);
    if (!opened.ok()) return opened.status();
    fd = *std::move(opened);
  } else {
    absl::StatusOr<ScopedFd> found = OpenPath("read", name);
    if (!found.ok()) return found.status();
    fd = root_->Reopen(found->get(), &info, &error);
  }
  if (error == 0) {
    const size_t expected = std::min<uint64_t>(info.size_bytes, limit);
    error = ReadFd(fd.get(), expected, limit, out, truncated, procfs_ && IsOneRecord(name));
  }
  return error == 0 ? absl::OkStatus() : ErrnoStatus(error, "read", PathOf(name));
}

absl::StatusOr<std::string> HostRootView::ReadLink(absl::string_view name) const {
  absl::StatusOr<Target> target = Locate("read link", name);
  if (!target.ok()) return target.status();
  std::string text;
  const int error = ReadLinkFd(target->directory, target->name.c_str(), &text);
  if (error != 0) return ErrnoStatus(error, "read link", PathOf(name));
  return text;
}

absl::StatusOr<std::vector<DirectoryEntry>> HostRootView::List(absl::string_view name) const {
  absl::StatusOr<Target> target = Locate("list", name);
  if (!target.ok()) return target.status();
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const ScopedFd fd(::openat(target->directory, target->name.c_str(), flags));
  std::vector<DirectoryEntry> entries;
  const int error = fd.valid() ? ListFd(fd.get(), &entries) : errno;
  if (error != 0) return ErrnoStatus(error, "list", PathOf(name));
  return entries;
}

absl::StatusOr<FileInfo> HostRootView::Stat(absl::string_view name) const {
  absl::StatusOr<Target> target = Locate("stat", name);
  if (!target.ok()) return target.status();
  struct stat info;
  if (::fstatat(target->directory, target->name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return ErrnoStatus(errno, "stat", PathOf(name));
  }
  return FileInfoFromStat(info);
}

absl::StatusOr<FileInfo> HostRootView::StatTarget(absl::string_view name) const {
  if (procfs_ && name == "exe") {
    struct stat info;
    if (::fstatat(directory_.get(), "exe", &info, 0) != 0) return ErrnoStatus(errno, "stat", PathOf(name));
    return FileInfoFromStat(info);
  }
  if (absl::Status valid = CheckViewName("stat", name); !valid.ok()) return valid;
  return root_->Stat(PathOf(name));
}

absl::StatusOr<std::unique_ptr<DirectoryView>> HostRootView::OpenDirectory(absl::string_view name) const {
  absl::StatusOr<ScopedFd> found = OpenPath("open", name);
  if (!found.ok()) return found.status();
  struct stat info;
  if (::fstat(found->get(), &info) != 0) return ErrnoStatus(errno, "open", PathOf(name));
  if (!S_ISDIR(info.st_mode)) return ErrnoStatus(ENOTDIR, "open", PathOf(name));
  // A submount below /proc is not procfs.
  const bool procfs = procfs_ && IsOnProcfs(found->get());
  return std::make_unique<HostRootView>(root_, PathOf(name), *std::move(found), procfs);
}

}  // namespace rollcall
