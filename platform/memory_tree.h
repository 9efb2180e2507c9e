// Files in memory, for tests, fuzzers and trees that are put together.
#ifndef ROLLCALL_PLATFORM_MEMORY_TREE_H_
#define ROLLCALL_PLATFORM_MEMORY_TREE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"

namespace rollcall {

// FileTree over a map. Behaves as HostRoot on the same files, except that Open is
// Unimplemented, permission bits do not keep anyone out, and links below /proc are ordinary.
// Thread-safe. Subtrees share the files.
class MemoryTree : public FileTree {
 public:
  // Called before each access with the resolved path and without any lock held, so that it may
  // change the tree: to let a process end between two reads, for one. A failure is what the
  // access then returns.
  using AccessHook = std::function<absl::Status(absl::string_view path)>;

  MemoryTree();

  // Each makes missing parent directories and replaces what was at `path`, which is taken
  // literally: links in it are not followed.
  void SetFile(absl::string_view path, absl::string_view content);
  void SetDirectory(absl::string_view path);
  void SetSymlink(absl::string_view path, absl::string_view target);
  // A FIFO, socket or device: present, never readable.
  void SetSpecial(absl::string_view path, FileInfo::Type type);
  // Overrides what Stat says of an existing file; type and size stay. The inode is otherwise
  // unique to the path and the modification time moves with each SetFile.
  void SetInfo(absl::string_view path, const FileInfo& info);
  // Removes a file, or a directory with all below it. No error if there is none.
  void Unset(absl::string_view path);
  // Any access to the file or, for a directory, to it and all below it gives `error`, with
  // `path` in the message. OK takes the error back.
  void SetError(absl::string_view path, const absl::Status& error);
  void SetAccessHook(AccessHook hook);
  // What StatFilesystem says of `path`; Unimplemented for all others.
  void SetFilesystemSpace(absl::string_view path, const FilesystemSpace& space);

  absl::StatusOr<std::string> ReadFile(absl::string_view path, size_t limit) const override;
  absl::StatusOr<std::string> ReadPrefix(absl::string_view path, size_t limit, bool* truncated) const override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(absl::string_view path) const override;
  absl::StatusOr<FileInfo> Stat(absl::string_view path) const override;
  absl::StatusOr<FileInfo> Lstat(absl::string_view path) const override;
  absl::StatusOr<std::string> ReadLink(absl::string_view path) const override;
  absl::StatusOr<ScopedFd> Open(absl::string_view path) const override;
  absl::StatusOr<std::unique_ptr<FileTree>> Subtree(absl::string_view path) const override;
  absl::StatusOr<FilesystemSpace> StatFilesystem(absl::string_view path) const override;

 private:
  struct Node;
  struct State;
  MemoryTree(std::shared_ptr<State> state, std::string root);

  // Copies of the node and its path in the whole tree, after errors and hook.
  absl::StatusOr<Node> Find(absl::string_view verb, absl::string_view path, bool follow,
                            std::string* real_path = nullptr) const;
  absl::StatusOr<std::string> Resolve(absl::string_view verb, absl::string_view path, bool follow) const;
  void Put(absl::string_view path, Node node);

  const std::shared_ptr<State> state_;
  // Path of this tree's root in the whole tree; empty for `/`.
  const std::string root_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_MEMORY_TREE_H_
