// User and group names as each process itself would see them.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_NAME_SCOPES_H_
#define ROLLCALL_COLLECTORS_PROCESSES_NAME_SCOPES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "platform/file_tree.h"
#include "platform/passwd.h"

namespace rollcall {

// The names of one root.
struct NameTable {
  AccountNames names;
  // Another number whenever it was read again, and of each table.
  uint64_t version = 0;
};

// Keeps the tables of every (mount namespace, root directory) and reads them again when their
// files change. Not thread-safe.
class NameScopes {
 public:
  // Begins a run: each table is checked for changes when it is first asked for.
  void BeginRun() { ++run_; }

  // Names of the host.
  const NameTable& Host(const FileTree& files);

  // Names in the root of process `pid`, which is in mount namespace `mount_namespace` and has
  // `root` as its root link says. NotFound if the process is gone.
  absl::StatusOr<const NameTable*> OfProcess(const FileTree& files, uint32_t pid, uint64_t mount_namespace,
                                             const std::string& root);

  // Forgets tables nobody has asked for in this and the last `runs` runs.
  void DropUnused(uint64_t runs);

 private:
  struct Table {
    std::optional<FileInfo> passwd;
    std::optional<FileInfo> group;
    NameTable names;
    uint64_t checked_run = 0;
  };
  void Refresh(const FileTree& root, Table* table);

  // The host's has the key (0, "").
  std::map<std::pair<uint64_t, std::string>, Table> tables_;
  uint64_t run_ = 0;
  uint64_t last_version_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_NAME_SCOPES_H_
