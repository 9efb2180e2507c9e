// One module's file.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_FILE_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collectors/kernel_modules/modinfo.h"
#include "platform/file_tree.h"
#include "rollcall/v1/records/kernel_module.pb.h"

namespace rollcall {

// What is in a file, whatever the module is doing.
struct ModuleFile {
  // Of the bytes on disk.
  std::string sha256;
  Modinfo info;
  std::optional<rollcall::v1::ModuleSignature> signature;
  // What was wrong with it; the rest is good.
  std::vector<absl::Status> problems;
};

// Largest file, compressed and not.
inline constexpr size_t kMaxModuleBytes = size_t{64} << 20;

// Reads the bytes of a `.ko` file, compressed with gzip, xz or zstd or not at all. What could
// not be read is in `problems`; the digest is always there. Pure.
ModuleFile ParseModuleFile(absl::string_view bytes);

// Remembers files by device, inode, size, modification and change time, so that none is read
// twice. Not thread-safe.
class ModuleFiles {
 public:
  // Begins a run: forgets files that the last one did not ask for.
  void BeginRun();

  // The file at `path`, valid until the next BeginRun. NotFound, PermissionDenied and the other
  // errors of FileTree; ResourceExhausted if it is larger than kMaxModuleBytes; Aborted if it
  // changed while it was read.
  absl::StatusOr<const ModuleFile*> Get(const FileTree& files, absl::string_view path);

 private:
  struct Entry {
    FileInfo info;
    uint64_t last_used_run = 0;
    ModuleFile file;
  };

  uint64_t run_ = 0;
  std::map<std::string, Entry, std::less<>> known_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_FILE_H_
