// The Merkle tree of RFC 6962, grown leaf by leaf, and proofs from its stored nodes.
//
// Only complete subtrees are stored: they never change. They are numbered in the order in which they are
// completed (post-order), so storing them is appending, and a leaf brings two of them on average.
#ifndef ROLLCALL_BACKEND_LEDGER_MERKLE_TREE_H_
#define ROLLCALL_BACKEND_LEDGER_MERKLE_TREE_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "backend/ledger/tree_hasher.h"

namespace rollcall {

// Number of the complete subtree of 2^level leaves that begins with leaf index * 2^level.
uint64_t NodePosition(unsigned level, uint64_t index);

// How many complete subtrees a tree of `size` leaves has.
uint64_t NodeCount(uint64_t size);

// The right edge of a growing tree: all it takes to append and to know the root. Not thread-safe.
class GrowingTree {
 public:
  // Appends a leaf. The subtrees it completes, itself first, are added to `nodes` in the order of their numbers.
  void Append(const LedgerHash& leaf_hash, TreeHasher* hasher, std::vector<LedgerHash>* nodes);

  uint64_t size() const { return size_; }
  LedgerHash Root(TreeHasher* hasher) const;

 private:
  uint64_t size_ = 0;
  // Largest complete subtrees from left to right, one per set bit of size_.
  std::vector<LedgerHash> edge_;
};

// Where stored nodes are read from.
class NodeReader {
 public:
  virtual ~NodeReader() = default;
  virtual absl::StatusOr<LedgerHash> ReadNode(uint64_t position) const = 0;
};

// MTH of the first `size` leaves (RFC 6962 section 2.1). Errors are the reader's. All of them must be stored.
absl::StatusOr<LedgerHash> RootOf(uint64_t size, const NodeReader& nodes, TreeHasher* hasher);

// PATH(index, D[size]) of section 2.1.1. InvalidArgument unless index < size.
absl::StatusOr<std::vector<LedgerHash>> InclusionPath(uint64_t index, uint64_t size, const NodeReader& nodes,
                                                      TreeHasher* hasher);

// PROOF(old_size, D[new_size]) of section 2.1.2; of no leaves it is empty. InvalidArgument unless
// old_size <= new_size.
absl::StatusOr<std::vector<LedgerHash>> ConsistencyPath(uint64_t old_size, uint64_t new_size, const NodeReader& nodes,
                                                        TreeHasher* hasher);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_MERKLE_TREE_H_
