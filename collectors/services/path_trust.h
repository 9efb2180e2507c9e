// Who but root can change a file.
#ifndef ROLLCALL_COLLECTORS_SERVICES_PATH_TRUST_H_
#define ROLLCALL_COLLECTORS_SERVICES_PATH_TRUST_H_

#include <map>
#include <optional>
#include <set>
#include <string>

#include "platform/file_tree.h"

namespace rollcall {

// Looks at a path's components as stat(2) sees them. Root is whoever owns the tree's `/`: in the
// files of a container with its own user namespace that is not uid 0. Remembers what it saw; not
// thread-safe.
class PathTrust {
 public:
  // `files` must outlive it.
  explicit PathTrust(const FileTree& files);

  // Adds to `writable` what of `path`, an absolute path, someone other than root can change: the
  // file and the directories on the way to it that another user owns, that all may write, or that
  // a group other than root's may write. A directory with the sticky bit does not let others
  // replace what is in it. What is not there cannot be changed.
  void AddWritable(const std::string& path, std::set<std::string>* writable);

 private:
  bool IsWritable(const std::string& path);

  const FileTree& files_;
  std::optional<FileInfo> root_;
  std::map<std::string, bool> known_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SERVICES_PATH_TRUST_H_
