// The file operations the ledger needs, so that tests can make each of them fail.
#ifndef ROLLCALL_BACKEND_LEDGER_LEDGER_FILES_H_
#define ROLLCALL_BACKEND_LEDGER_LEDGER_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// An open file. One thread writes; others may read at the same time what it wrote before.
class LedgerFile {
 public:
  virtual ~LedgerFile() = default;
  // Less than `size` bytes only at the end of the file.
  virtual absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) const = 0;
  // Writes all of `data`. After an error any part of it may have been written.
  virtual absl::Status WriteAt(uint64_t offset, absl::string_view data) = 0;
  virtual absl::StatusOr<uint64_t> Size() const = 0;
  virtual absl::Status Truncate(uint64_t size) = 0;
  // What was written survives a loss of power.
  virtual absl::Status Sync() = 0;
};

// The ledger's folder. Names are plain file names.
class LedgerFiles {
 public:
  virtual ~LedgerFiles() = default;
  // Takes the folder for this process until the object goes. FailedPrecondition if another has it.
  virtual absl::Status Lock() = 0;
  virtual absl::StatusOr<std::vector<std::string>> List() const = 0;
  // Opens for reading and writing; makes an empty file if there is none.
  virtual absl::StatusOr<std::unique_ptr<LedgerFile>> Open(absl::string_view name) = 0;
  // Makes new files survive a loss of power.
  virtual absl::Status SyncFolder() = 0;
};

// A folder of the host, made with mode 0700 if it is not there; files have mode 0600 and links are not followed.
absl::StatusOr<std::unique_ptr<LedgerFiles>> OpenLedgerFolder(const std::string& path);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_LEDGER_FILES_H_
