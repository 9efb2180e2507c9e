// The file operations the directory archive needs, so that tests can make each of them fail.
#ifndef ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_FILES_H_
#define ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/archive/byte_stream.h"

namespace rollcall {

// A new file, written from its beginning to its end.
class NewArchiveFile : public ByteSink {
 public:
  // What was written survives a loss of power, and is read from the disk if it is read again, where the
  // system can be told so.
  virtual absl::Status Sync() = 0;
};

struct ArchiveEntry {
  std::string name;
  uint64_t bytes = 0;
};

// A folder and the folders below it. Paths are relative, of plain names and `/`; links are not followed.
// Errors: NotFound, AlreadyExists, ResourceExhausted (disk full or quota), FailedPrecondition, PermissionDenied,
// DataLoss (I/O error). Thread-safe; a file is for one thread at a time.
class ArchiveFiles {
 public:
  virtual ~ArchiveFiles() = default;
  // Takes the archive for this process until the object goes. FailedPrecondition if another has it.
  virtual absl::Status Lock() = 0;
  // Makes the folder and those above it, where they are not there, so that they survive a loss of power.
  virtual absl::Status MakeFolders(const std::string& path) = 0;
  // AlreadyExists if there is one.
  virtual absl::StatusOr<std::unique_ptr<NewArchiveFile>> Create(const std::string& path) = 0;
  virtual absl::StatusOr<std::unique_ptr<ByteSource>> Open(const std::string& path) = 0;
  // Both in one folder. Replaces `to`.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;
  // FailedPrecondition if it is not empty.
  virtual absl::Status RemoveFolder(const std::string& path) = 0;
  // What is in a folder, by name, whatever it is.
  virtual absl::StatusOr<std::vector<ArchiveEntry>> List(const std::string& folder) = 0;
  // Makes what was created, renamed and removed in it survive a loss of power.
  virtual absl::Status SyncFolder(const std::string& folder) = 0;
};

// A folder of the host, made with mode 0700 if it is not there; files have mode 0600.
absl::StatusOr<std::unique_ptr<ArchiveFiles>> OpenArchiveFolder(const std::string& path);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ARCHIVE_ARCHIVE_FILES_H_
