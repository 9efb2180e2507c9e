// A tree of real files in a temporary directory.
#ifndef ROLLCALL_PLATFORM_TESTING_FIXTURE_TREE_H_
#define ROLLCALL_PLATFORM_TESTING_FIXTURE_TREE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "platform/host_root.h"

namespace rollcall {

// Removes its files when it goes. Paths are paths in the tree (`/etc/passwd`) and taken
// literally; missing parents are made. Any failure ends the test program, since nothing a
// test says after it would be true. Not thread-safe.
class FixtureTree {
 public:
  explicit FixtureTree(PathResolver resolver = PathResolver::kBest);
  ~FixtureTree();
  FixtureTree(const FixtureTree&) = delete;
  FixtureTree& operator=(const FixtureTree&) = delete;

  void SetFile(absl::string_view path, absl::string_view content);
  void SetDirectory(absl::string_view path);
  void SetSymlink(absl::string_view path, absl::string_view target);
  // Two links that lead to each other: `path` and `path`-back.
  void MakeCyclicSymlink(absl::string_view path);
  void SetFifo(absl::string_view path);
  void SetMode(absl::string_view path, mode_t mode);
  // Removes a file, or a directory with all below it.
  void Unset(absl::string_view path);

  // The tree, for the code under test.
  const HostRoot& tree() const { return *tree_; }
  // Where it is on disk, without a final slash.
  const std::string& root() const { return root_; }
  std::string OnDisk(absl::string_view path) const { return root_ + std::string(path); }

 private:
  void MakeParents(absl::string_view path);

  std::string root_;
  std::unique_ptr<HostRoot> tree_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_TESTING_FIXTURE_TREE_H_
