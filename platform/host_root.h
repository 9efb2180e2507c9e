// The files of a host below one directory: `/`, a container's `/host`, a fixture.
#ifndef ROLLCALL_PLATFORM_HOST_ROOT_H_
#define ROLLCALL_PLATFORM_HOST_ROOT_H_

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// How symbolic links are kept inside the tree.
enum class PathResolver {
  // kOpenat2 if the kernel has it, else kComponentWalk.
  kBest,
  // openat2(2) with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS: Linux 5.6, and a seccomp filter
  // that knows the call.
  kOpenat2,
  // One openat(2) with O_PATH | O_NOFOLLOW per component. Gives the same answers; slower.
  kComponentWalk,
};

// FileTree over a directory descriptor, so that a later rename or mount over the path does not
// change which tree is read.
//
// A file is first opened with O_PATH, which has no side effects whatever the file is; only a
// regular file is then opened for reading, through the same inode. Thus no device, FIFO or
// socket is ever opened, even by a link that changes meanwhile. Access times are left alone
// where the kernel allows it (O_NOATIME).
//
// Needs /proc of the own process (`/proc/self/fd`).
class HostRoot : public FileTree {
 public:
  // Opens `directory`, a path of the running process, following links to it.
  // Unimplemented if `resolver` is kOpenat2 and the kernel has no such call.
  static absl::StatusOr<std::unique_ptr<HostRoot>> Create(absl::string_view directory,
                                                          PathResolver resolver = PathResolver::kBest);

  // The resolver in use; never kBest.
  PathResolver resolver() const { return resolver_; }

  absl::StatusOr<std::string> ReadFile(absl::string_view path, size_t limit) const override;
  absl::StatusOr<std::string> ReadPrefix(absl::string_view path, size_t limit, bool* truncated) const override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(absl::string_view path) const override;
  absl::StatusOr<FileInfo> Stat(absl::string_view path) const override;
  absl::StatusOr<FileInfo> Lstat(absl::string_view path) const override;
  absl::StatusOr<std::string> ReadLink(absl::string_view path) const override;
  absl::StatusOr<ScopedFd> Open(absl::string_view path) const override;
  absl::StatusOr<std::unique_ptr<FileTree>> Subtree(absl::string_view path) const override;
  absl::StatusOr<ScopedFd> OpenPath(absl::string_view path) const override;
  absl::StatusOr<std::unique_ptr<DirectoryView>> OpenDirectory(absl::string_view path) const override;
  absl::StatusOr<FilesystemSpace> StatFilesystem(absl::string_view path) const override;

  // Opens for reading the regular file that `path_fd` (O_PATH) is on; `*error` is an errno
  // value if the result is not valid. FailedPrecondition types give ENXIO.
  ScopedFd Reopen(int path_fd, FileInfo* info, int* error) const;

 private:
  // Links of /proc that a call may follow though they are magic.
  enum class Allow { kNone, kExe, kRoot };
  enum class FinalLink { kFollow, kKeep };

  HostRoot(ScopedFd root, std::shared_ptr<const ScopedFd> own_fds, PathResolver resolver)
      : root_(std::move(root)), own_fds_(std::move(own_fds)), resolver_(resolver) {}

  // An O_PATH descriptor of `path`. `verb` is for messages.
  absl::StatusOr<ScopedFd> Resolve(absl::string_view verb, absl::string_view path, FinalLink final_link,
                                   Allow allow = Allow::kNone) const;
  // Descriptor or negative errno.
  int ResolvePlain(const std::string& path, FinalLink final_link) const;
  absl::StatusOr<ScopedFd> OpenForRead(absl::string_view verb, absl::string_view path, Allow allow,
                                       FileInfo* info) const;

  const ScopedFd root_;
  // `/proc/self/fd`, through which an O_PATH descriptor is opened for reading.
  const std::shared_ptr<const ScopedFd> own_fds_;
  const PathResolver resolver_;
  // Cleared when the kernel first refuses O_NOATIME: it is the owner's or CAP_FOWNER's right,
  // and asking twice for every file would double the cost.
  mutable std::atomic<bool> noatime_{true};
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_HOST_ROOT_H_
