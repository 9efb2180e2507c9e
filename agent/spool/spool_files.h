// The file operations the spool needs, so that tests can make each of them fail.
#ifndef ROLLCALL_AGENT_SPOOL_SPOOL_FILES_H_
#define ROLLCALL_AGENT_SPOOL_SPOOL_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// An open file. Used by one thread at a time.
class SpoolFile {
 public:
  virtual ~SpoolFile() = default;
  // Writes all of `data` at `offset`. After an error any part of it may have been written.
  virtual absl::Status WriteAt(uint64_t offset, absl::string_view data) = 0;
  // Returns less than `size` bytes only at the end of the file.
  virtual absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) = 0;
  virtual absl::StatusOr<uint64_t> Size() = 0;
  virtual absl::Status Truncate(uint64_t size) = 0;
  // Reserves disk space for the first `bytes` bytes without changing the size. OK where the
  // filesystem cannot do it.
  virtual absl::Status Reserve(uint64_t bytes) = 0;
  // fdatasync(2).
  virtual absl::Status SyncData() = 0;
};

struct SpoolFreeSpace {
  uint64_t total_bytes = 0;
  uint64_t free_bytes = 0;  // for an unprivileged process
};

// One directory. Names are plain file names. Errors: NotFound, AlreadyExists,
// ResourceExhausted (disk full or quota), DataLoss (I/O error), FailedPrecondition
// (locked by another process), PermissionDenied.
class SpoolFiles {
 public:
  virtual ~SpoolFiles() = default;
  // Takes the directory for this process until the object goes.
  virtual absl::Status Lock() = 0;
  // Regular files, in no particular order.
  virtual absl::StatusOr<std::vector<std::string>> List() = 0;
  // AlreadyExists if there is one.
  virtual absl::StatusOr<std::unique_ptr<SpoolFile>> Create(absl::string_view name) = 0;
  virtual absl::StatusOr<std::unique_ptr<SpoolFile>> Open(absl::string_view name) = 0;
  // Replaces `to`.
  virtual absl::Status Rename(absl::string_view from, absl::string_view to) = 0;
  virtual absl::Status Remove(absl::string_view name) = 0;
  // Makes Create, Rename and Remove survive a power loss.
  virtual absl::Status SyncDirectory() = 0;
  virtual absl::StatusOr<SpoolFreeSpace> FreeSpace() = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SPOOL_FILES_H_
