// Ledger files in memory, on a disk that forgets what was not synced and fails when told to.
#ifndef ROLLCALL_BACKEND_LEDGER_TESTING_MEMORY_LEDGER_FILES_H_
#define ROLLCALL_BACKEND_LEDGER_TESTING_MEMORY_LEDGER_FILES_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "backend/ledger/ledger_files.h"

namespace rollcall {

// Outlives the LedgerFiles made of it. Thread-safe while mounted; the rest is for one thread.
class LedgerDisk {
 public:
  std::unique_ptr<LedgerFiles> Mount();

  // From change number `change` on (from 1, counted since this call), nothing is changed any more: the
  // process is gone. Of the write it hits, `written_share` is still done. 0: never.
  void CrashAt(uint64_t change, double written_share = 0);
  // Changes (writes, truncations, syncs, new files) since CrashAt.
  uint64_t changes() const { return changes_; }

  // Back to what was synced, and of what was written since, the first `kept_bytes` of each file's last
  // write.
  void LosePower(size_t kept_bytes = 0);

  // The bytes of a file, to look at or to damage.
  std::string& Bytes(const std::string& name) { return nodes_[name]->bytes; }
  bool Has(const std::string& name) const { return nodes_.count(name) > 0; }
  std::vector<std::string> Names() const;

 private:
  friend class MemoryLedgerFile;
  friend class MemoryLedgerFiles;
  struct Node {
    std::string bytes;
    std::string durable;
    uint64_t last_write_at = 0;
    std::string last_write;
    bool name_durable = false;
  };

  // Unavailable if the process is gone; `share` is how much of this change is still done.
  absl::Status Change(double* share);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> nodes_;
  uint64_t changes_ = 0;
  uint64_t crash_at_ = 0;
  double written_share_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_TESTING_MEMORY_LEDGER_FILES_H_
