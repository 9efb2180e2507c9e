// Tells which of a set of a host's paths have changed, by inotify(7).
#ifndef ROLLCALL_PLATFORM_FILE_WATCH_H_
#define ROLLCALL_PLATFORM_FILE_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// What happened to the watched paths since the last look.
struct FileChanges {
  // Paths as they were given to Add, sorted.
  std::vector<std::string> paths;
  // The kernel dropped events, so every path counts as changed.
  bool overflowed = false;
};

// Watches a few paths. A path that ends in `/` is a directory: its entries count (created,
// deleted, renamed, written, or with other permissions), not those of directories in it. Any
// other is a file, which need not exist and may be replaced by a rename. Reading is no change.
//
// Every directory that a path leads through is watched for the one name that the path takes
// there, symbolic links included, each resolved inside the tree. So it does not matter which part
// of a path appears, goes, or is replaced by another directory or link: the path is then followed
// anew. A watched file is also watched itself, for writes, which keeps the writes to its
// neighbours (a log beside it) from waking anybody.
//
// Not seen, and left to the next scan: what is mounted over a path; writes through mmap(2); what
// another machine does to a network filesystem, and anything on filesystems that tell of no
// changes, such as procfs (these are gaps); changes behind a link in a watched directory.
//
// Why inotify and not fanotify: a fanotify mark on a whole filesystem sees everything, but every
// writer on the host pays for it: 3 to 4 us for each event, 0.3 to 0.9 s more for 100,000 files
// that took 0.8 s to create and delete. No inventory is worth slowing each build on the host by
// that. An inotify watch costs only those who touch the directory.
//
// Not thread-safe.
class FileWatch {
 public:
  // Watched files and directories, each of which takes some kernel memory (about 1 KiB).
  static constexpr size_t kDefaultMaxWatches = 4'096;

  // A path that is not watched, or not completely, and why.
  struct Gap {
    std::string path;
    absl::Status cause;
  };

  // `files` must outlive this. Unavailable if the user has too many inotify instances.
  static absl::StatusOr<std::unique_ptr<FileWatch>> Create(const FileTree* files,
                                                           size_t max_watches = kDefaultMaxWatches);

  // Watches another path from now on. InvalidArgument if it is not an absolute path; all else
  // that prevents it is a gap. A path given twice is watched once.
  absl::Status Add(absl::string_view path);

  // Readable when there may be changes.
  int fd() const { return inotify_.get(); }

  // What has changed since the last call. Does not block.
  FileChanges Read();

  // Tries the gaps again. Returns the paths that are watched now, and may have changed meanwhile.
  std::vector<std::string> RetryGaps();

  std::vector<Gap> gaps() const;

  // Watched files and directories.
  size_t watches() const { return watches_.size(); }

 private:
  struct Target {
    std::string path;
    // Device and inode of what the path leads to, if it leads anywhere.
    std::optional<std::pair<uint64_t, uint64_t>> found;
    absl::Status gap;
  };
  // Why a target needs a watch: for the entry `name` of a directory, or, if that is empty, for
  // the content of what is watched.
  struct User {
    size_t target;
    std::string name;
  };
  // Targets by what events did to them.
  struct Effects {
    // Where the path leads may be another file now.
    std::set<size_t> moved;
    std::set<size_t> written;
    bool overflowed = false;
  };
  class Walk;

  FileWatch(const FileTree* files, ScopedFd inotify, size_t max_watches)
      : files_(files), inotify_(std::move(inotify)), max_watches_(max_watches) {}

  void Note(int watch, uint32_t mask, absl::string_view name, Effects* effects);
  // Follows a target's path anew. Returns whether something is or was there.
  bool Follow(size_t target);
  void DropUnused();
  // Adds to what is watched of the file at `path`, which has no links in it.
  absl::Status AddWatch(const std::string& path, uint32_t mask, User user);

  const FileTree* const files_;
  const ScopedFd inotify_;
  const size_t max_watches_;
  std::vector<Target> targets_;
  // By watch descriptor.
  std::unordered_map<int, std::vector<User>> watches_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_FILE_WATCH_H_
