// Nodes of the tree in a file, 32 bytes each at their number. Derived from the log and never synced: opening
// the ledger compares them, and writes those that differ.
#ifndef ROLLCALL_BACKEND_LEDGER_NODE_FILE_H_
#define ROLLCALL_BACKEND_LEDGER_NODE_FILE_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "backend/ledger/ledger_files.h"
#include "backend/ledger/merkle_tree.h"

namespace rollcall {

// Thread-safe as LedgerFile is: one writes, others read.
class NodeFile : public NodeReader {
 public:
  explicit NodeFile(std::unique_ptr<LedgerFile> file) : file_(std::move(file)) {}

  // DataLoss if it is not there.
  absl::StatusOr<LedgerHash> ReadNode(uint64_t position) const override;
  absl::Status Write(uint64_t position, const std::vector<LedgerHash>& nodes);
  // Writes only if other bytes are there.
  absl::Status Repair(uint64_t position, const std::vector<LedgerHash>& nodes);

 private:
  std::unique_ptr<LedgerFile> file_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_NODE_FILE_H_
