// Parts of a file too large to be read whole: a package database, an archive.
#ifndef ROLLCALL_PLATFORM_RANDOM_ACCESS_FILE_H_
#define ROLLCALL_PLATFORM_RANDOM_ACCESS_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/file_tree.h"

namespace rollcall {

// A regular file opened for reading at any offset. Not mapped into memory: a file that shrinks
// while it is read must be an error, not a signal. Safe for use from several threads.
class RandomAccessFile {
 public:
  virtual ~RandomAccessFile() = default;

  // Size when it was opened.
  virtual uint64_t size_bytes() const = 0;

  // Fills all of `out[0, size)` with the bytes from `offset` on. OutOfRange if the file ends
  // before them, DataLoss on an I/O error; `out` is then unspecified. Messages name no path.
  virtual absl::Status ReadAt(uint64_t offset, size_t size, char* out) const = 0;
};

// A RandomAccessFile over bytes that the caller keeps.
class MemoryFile : public RandomAccessFile {
 public:
  explicit MemoryFile(absl::string_view bytes) : bytes_(bytes) {}
  uint64_t size_bytes() const override { return bytes_.size(); }
  absl::Status ReadAt(uint64_t offset, size_t size, char* out) const override;

 private:
  const absl::string_view bytes_;
};

// Opens a regular file of `files`. A tree that is not on a disk has no descriptor to give: its
// file is then held in memory, and ResourceExhausted if it is larger than `memory_limit` bytes.
// Other errors are those of FileTree::Open. The file may outlive `files`.
absl::StatusOr<std::unique_ptr<RandomAccessFile>> OpenRandomAccess(const FileTree& files, absl::string_view path,
                                                                   size_t memory_limit);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_RANDOM_ACCESS_FILE_H_
