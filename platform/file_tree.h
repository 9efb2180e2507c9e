// The view of a host's files through which everything is read.
#ifndef ROLLCALL_PLATFORM_FILE_TREE_H_
#define ROLLCALL_PLATFORM_FILE_TREE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// What stat(2) says. Owners are the numbers on disk.
struct FileInfo {
  enum class Type { kRegular, kDirectory, kSymlink, kSocket, kFifo, kDevice, kOther };
  Type type = Type::kOther;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint32_t mode = 0;  // permission bits, including set-id and sticky
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t size_bytes = 0;
  int64_t mtime_unix_nano = 0;
  int64_t ctime_unix_nano = 0;

  friend bool operator==(const FileInfo&, const FileInfo&) = default;
};

struct DirectoryEntry {
  std::string name;
  // As readdir(3) reports it without a stat; kOther where the filesystem does not say.
  FileInfo::Type type = FileInfo::Type::kOther;
};

// What statvfs(3) says, in bytes.
struct FilesystemSpace {
  uint64_t total_bytes = 0;
  // Free to root; to others `available_bytes`.
  uint64_t free_bytes = 0;
  uint64_t available_bytes = 0;
  // The unit of all three.
  uint32_t block_bytes = 0;
  // 0 where inodes are made as they are needed.
  uint64_t total_inodes = 0;
  uint64_t free_inodes = 0;
  // The device of files in it, as FileInfo::device.
  uint64_t device = 0;
};

// One directory kept open, for many small reads in it: a process's folder in /proc is the
// reason, where resolving the path each time costs more than the read.
//
// A name is relative and literal, such as `stat`, `ns/net` or `` for the directory itself;
// `..` is InvalidArgument. No symbolic link is followed, except by StatTarget. Errors as in
// FileTree. Must not outlive its tree. Safe for use from several threads.
class DirectoryView {
 public:
  virtual ~DirectoryView() = default;

  // Replaces `*out`, reusing its memory, by at most `limit` bytes of a regular file;
  // `*truncated` says whether there was more.
  virtual absl::Status Read(absl::string_view name, size_t limit, std::string* out, bool* truncated) const = 0;
  virtual absl::StatusOr<std::string> ReadLink(absl::string_view name) const = 0;
  virtual absl::StatusOr<std::vector<DirectoryEntry>> List(absl::string_view name) const = 0;
  virtual absl::StatusOr<FileInfo> Stat(absl::string_view name) const = 0;
  // As FileTree::Stat: follows a final link, inside the tree, and a process's `exe`.
  virtual absl::StatusOr<FileInfo> StatTarget(absl::string_view name) const = 0;
  virtual absl::StatusOr<std::unique_ptr<DirectoryView>> OpenDirectory(absl::string_view name) const = 0;
};

// A tree of files rooted at `/`. Paths are absolute paths *on that host* ("/etc/passwd"),
// never with a prefix; symbolic links, absolute or relative, resolve inside the tree and
// cannot leave it.
//
// Errors: NotFound (no such file), PermissionDenied, ResourceExhausted (larger than the
// limit), FailedPrecondition (not the right type of file), DataLoss (I/O error),
// InvalidArgument (path not absolute or with a NUL), Unavailable (out of descriptors or
// memory, or busy). Messages name the host path.
// Implementations are safe for use from several threads.
//
// Links under /proc/PID whose text is not where they lead ("magic" links) are never followed,
// with two exceptions: Open and Stat of `/proc/PID/exe`, which work even when the executable
// was deleted or lies in another mount namespace, and Subtree of `/proc/PID/root`, the files
// as that process sees them.
class FileTree {
 public:
  virtual ~FileTree() = default;

  // Reads a regular file (or /proc-style file of unknown size) whole. Never opens devices,
  // FIFOs or sockets. Fails with ResourceExhausted past `limit` bytes.
  virtual absl::StatusOr<std::string> ReadFile(absl::string_view path, size_t limit) const = 0;

  // Reads at most `limit` bytes; `*truncated` says whether there was more.
  virtual absl::StatusOr<std::string> ReadPrefix(absl::string_view path, size_t limit, bool* truncated) const = 0;

  // Entries of a directory without `.` and `..`, sorted by name.
  virtual absl::StatusOr<std::vector<DirectoryEntry>> List(absl::string_view path) const = 0;

  // Follows a final symbolic link; Lstat does not.
  virtual absl::StatusOr<FileInfo> Stat(absl::string_view path) const = 0;
  virtual absl::StatusOr<FileInfo> Lstat(absl::string_view path) const = 0;

  // Target of a symbolic link as stored, without resolving it. Works on /proc's links too.
  virtual absl::StatusOr<std::string> ReadLink(absl::string_view path) const = 0;

  // Opens a regular file read-only, close-on-exec. Unimplemented for trees not on a disk.
  virtual absl::StatusOr<ScopedFd> Open(absl::string_view path) const = 0;

  // A tree rooted at a directory of this one. It may outlive this one.
  virtual absl::StatusOr<std::unique_ptr<FileTree>> Subtree(absl::string_view path) const = 0;

  // A descriptor that stands for a file or directory (O_PATH, close-on-exec), for calls that take
  // one, such as inotify_add_watch(2). Follows a final symbolic link; opens and reads nothing.
  // Unimplemented for trees not on a disk.
  virtual absl::StatusOr<ScopedFd> OpenPath(absl::string_view path) const;

  // Opens a directory for repeated reads. By default a view that resolves full paths.
  virtual absl::StatusOr<std::unique_ptr<DirectoryView>> OpenDirectory(absl::string_view path) const;

  // Size of the filesystem that `path` is on. Unimplemented for trees not on a disk. May
  // block on a network filesystem whose server is gone.
  virtual absl::StatusOr<FilesystemSpace> StatFilesystem(absl::string_view path) const;
};

// Whether `path` is one a FileTree takes: absolute, without NUL, shorter than PATH_MAX.
// InvalidArgument otherwise; the message does not repeat a path with a NUL.
absl::Status CheckTreePath(absl::string_view verb, absl::string_view path);

// Likewise for a name in a DirectoryView.
absl::Status CheckViewName(absl::string_view verb, absl::string_view name);

// Most entries of one directory; more is ResourceExhausted.
inline constexpr size_t kMaxDirectoryEntries = 1'000'000;

// Largest file read whole unless the parser streams.
inline constexpr size_t kMaxFileBytes = size_t{16} << 20;

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_FILE_TREE_H_
