// Reads at offsets of a file too large to read whole.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_POSITIONAL_FILE_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_POSITIONAL_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// A file kept open. Movable; one thread at a time.
class PositionalFile {
 public:
  // Errors as FileTree::Open. In a tree that is not on a disk the whole file is read, up to kMaxFileBytes.
  static absl::StatusOr<PositionalFile> Open(const FileTree& files, absl::string_view path);

  // What the open file is, as of Open.
  const FileInfo& info() const { return info_; }

  // Up to `length` bytes from `offset`; fewer at the end of the file. DataLoss on an I/O error.
  absl::StatusOr<std::string> Read(uint64_t offset, size_t length) const;

 private:
  PositionalFile() = default;

  std::string path_;
  ScopedFd fd_;
  // Instead of a descriptor.
  std::string content_;
  FileInfo info_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_POSITIONAL_FILE_H_
