// A process that has ended, readable as if it ran.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_SIGHTING_TREE_H_
#define ROLLCALL_COLLECTORS_PROCESSES_SIGHTING_TREE_H_

#include <memory>
#include <string>
#include <vector>

#include "platform/file_tree.h"
#include "platform/process_events.h"

namespace rollcall {

// The host's files, with one folder of /proc as a sighting has it. What the sighting lacks is
// NotFound, never that of another process which has the pid now. Its executable is the file at
// its path on the host, as long as that is the very file. Not thread-safe.
class SightingTree : public FileTree {
 public:
  // `files` must outlive this.
  explicit SightingTree(const FileTree* files) : files_(files) {}

  // Shows another sighting, which must live as long as it is shown; nullptr for none.
  void Show(const ProcessSighting* sighting);

  absl::StatusOr<std::string> ReadFile(absl::string_view path, size_t limit) const override;
  absl::StatusOr<std::string> ReadPrefix(absl::string_view path, size_t limit, bool* truncated) const override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(absl::string_view path) const override;
  absl::StatusOr<FileInfo> Stat(absl::string_view path) const override;
  absl::StatusOr<FileInfo> Lstat(absl::string_view path) const override;
  absl::StatusOr<std::string> ReadLink(absl::string_view path) const override;
  absl::StatusOr<ScopedFd> Open(absl::string_view path) const override;
  absl::StatusOr<std::unique_ptr<FileTree>> Subtree(absl::string_view path) const override;
  absl::StatusOr<std::unique_ptr<DirectoryView>> OpenDirectory(absl::string_view path) const override;

 private:
  // NotFound if `path` is in the folder that the sighting stands for.
  absl::Status CheckOutside(absl::string_view verb, absl::string_view path) const;

  const FileTree* const files_;
  const ProcessSighting* sighting_ = nullptr;
  std::string folder_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_SIGHTING_TREE_H_
