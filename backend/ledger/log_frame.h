// The frames of the ledger's log file: one per group commit. docs/ledger_format.md gives the bytes.
#ifndef ROLLCALL_BACKEND_LEDGER_LOG_FRAME_H_
#define ROLLCALL_BACKEND_LEDGER_LOG_FRAME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/ledger/tree_hasher.h"

namespace rollcall {

inline constexpr absl::string_view kLogHeader = absl::string_view("RCLEDGER\1\0\0\0\0\0\0\0", 16);
inline constexpr size_t kFrameHeaderBytes = 20;
inline constexpr size_t kFrameRootBytes = 32;
// In front of every leaf.
inline constexpr size_t kLeafSizeBytes = 4;
// Of one leaf. Bounds what a reader has to hold.
inline constexpr size_t kMaxLeafBytes = size_t{16} << 10;
// Of one frame, with header and root: also the most that a crash can leave torn.
inline constexpr size_t kMaxFrameBytes = size_t{4} << 20;

// What a frame says of itself.
struct FrameHeader {
  // Bytes between header and root.
  uint32_t body_bytes = 0;
  uint32_t leaves = 0;
  uint64_t first_leaf = 0;

  size_t frame_bytes() const { return kFrameHeaderBytes + body_bytes + kFrameRootBytes; }
};

// Leaves of a frame; views into its bytes.
struct Frame {
  FrameHeader header;
  std::vector<absl::string_view> leaves;
  // Of the tree that ends with this frame.
  LedgerHash root;
};

// Builds frames: leaves, then Finish.
class FrameWriter {
 public:
  explicit FrameWriter(uint64_t first_leaf);
  // Whether a leaf of `bytes` still fits.
  bool Fits(size_t bytes) const;
  void Add(absl::string_view leaf);
  uint32_t leaves() const { return leaves_; }
  // The bytes of the frame. The writer is used up.
  std::string Finish(const LedgerHash& root);

 private:
  uint64_t first_leaf_;
  uint32_t leaves_ = 0;
  std::string bytes_;
};

// Reads the header at the beginning of `bytes`. DataLoss if it is none, promises more
// than a frame may hold, or leaves that do not make its bytes.
absl::StatusOr<FrameHeader> ParseFrameHeader(absl::string_view bytes);

// Reads the frame that `bytes` are, to the last. DataLoss if they are not one. Pure.
absl::StatusOr<Frame> ParseFrame(absl::string_view bytes);

// The last state of the log that was acknowledged to anyone: a lower bound on what must be there.
struct Acknowledged {
  uint64_t size = 0;
  // Length of the log file.
  uint64_t bytes = 0;
  LedgerHash root = {};
};
inline constexpr size_t kAcknowledgedBytes = 64;

std::string WriteAcknowledged(const Acknowledged& state, TreeHasher* hasher);
// Nothing if the bytes are not whole.
std::optional<Acknowledged> ParseAcknowledged(absl::string_view bytes, TreeHasher* hasher);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_LOG_FRAME_H_
