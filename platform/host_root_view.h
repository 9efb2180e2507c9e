// An open directory of a HostRoot. Made by HostRoot::OpenDirectory.
#ifndef ROLLCALL_PLATFORM_HOST_ROOT_VIEW_H_
#define ROLLCALL_PLATFORM_HOST_ROOT_VIEW_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"
#include "platform/scoped_fd.h"

namespace rollcall {

class HostRoot;

class HostRootView : public DirectoryView {
 public:
  // `directory` is an O_PATH descriptor; `path` its path in `root`, for messages. On a procfs
  // a file is opened at once, as nothing there is a device: one call instead of three.
  HostRootView(const HostRoot* root, std::string path, ScopedFd directory, bool procfs);

  absl::Status Read(absl::string_view name, size_t limit, std::string* out, bool* truncated) const override;
  absl::StatusOr<std::string> ReadLink(absl::string_view name) const override;
  absl::StatusOr<std::vector<DirectoryEntry>> List(absl::string_view name) const override;
  absl::StatusOr<FileInfo> Stat(absl::string_view name) const override;
  absl::StatusOr<FileInfo> StatTarget(absl::string_view name) const override;
  absl::StatusOr<std::unique_ptr<DirectoryView>> OpenDirectory(absl::string_view name) const override;

 private:
  // A checked name as the *at calls take it. `parent` holds the descriptor of an intermediate
  // directory, if any.
  struct Target {
    ScopedFd parent;
    int directory = -1;
    std::string name;
  };
  absl::StatusOr<Target> Locate(absl::string_view verb, absl::string_view name) const;
  // O_PATH | O_NOFOLLOW.
  absl::StatusOr<ScopedFd> OpenPath(absl::string_view verb, absl::string_view name) const;
  // A file of procfs, for reading; invalid with `*error` set if it cannot be opened.
  absl::StatusOr<ScopedFd> OpenProcfsFile(absl::string_view name, int* error) const;
  std::string PathOf(absl::string_view name) const;

  const HostRoot* const root_;
  const std::string path_;
  const ScopedFd directory_;
  const bool procfs_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_HOST_ROOT_VIEW_H_
