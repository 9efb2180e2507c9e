#include "backend/ledger/merkle_tree.h"

#include <bit>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

// Leaves [begin, end). Ranges arise by splitting as RFC 6962 does, so one of a power of two is a stored subtree.
struct Range {
  uint64_t begin;
  uint64_t end;

  uint64_t size() const { return end - begin; }
  // The largest power of two smaller than the size, from `begin`.
  uint64_t Split() const { return begin + std::bit_floor(size() - 1); }
  Range Left() const { return {begin, Split()}; }
  Range Right() const { return {Split(), end}; }
};

class Prover {
 public:
  Prover(const NodeReader& nodes, TreeHasher* hasher) : nodes_(nodes), hasher_(hasher) {}

  // The depth of recursion is that of the tree, 64 at most.
  absl::StatusOr<LedgerHash> Hash(Range range) {
    if (std::has_single_bit(range.size())) {
      const auto level = static_cast<unsigned>(std::countr_zero(range.size()));
      return nodes_.ReadNode(NodePosition(level, range.begin >> level));
    }
    ROLLCALL_ASSIGN_OR_RETURN(const LedgerHash left, Hash(range.Left()));
    ROLLCALL_ASSIGN_OR_RETURN(const LedgerHash right, Hash(range.Right()));
    return hasher_->Node(left, right);
  }

  absl::Status AddHash(Range range) {
    ROLLCALL_ASSIGN_OR_RETURN(const LedgerHash hash, Hash(range));
    path_.push_back(hash);
    return absl::OkStatus();
  }

  absl::Status AddInclusion(uint64_t index, Range range) {
    if (range.size() == 1) return absl::OkStatus();
    const bool in_left = index < range.Split();
    ROLLCALL_RETURN_IF_ERROR(AddInclusion(index, in_left ? range.Left() : range.Right()));
    return AddHash(in_left ? range.Right() : range.Left());
  }

  // `whole` is SUBPROOF's b: the old tree is what the verifier has the root of.
  absl::Status AddConsistency(uint64_t old_end, Range range, bool whole) {
    if (old_end == range.end) return whole ? absl::OkStatus() : AddHash(range);
    const bool in_left = old_end <= range.Split();
    ROLLCALL_RETURN_IF_ERROR(AddConsistency(old_end, in_left ? range.Left() : range.Right(), whole && in_left));
    return AddHash(in_left ? range.Right() : range.Left());
  }

  absl::StatusOr<std::vector<LedgerHash>> Take() {
    if (!hasher_->ok()) return absl::InternalError("compute proof: SHA-256 is not available");
    return std::move(path_);
  }

 private:
  const NodeReader& nodes_;
  TreeHasher* hasher_;
  std::vector<LedgerHash> path_;
};

}  // namespace

uint64_t NodePosition(unsigned level, uint64_t index) {
  const uint64_t last_leaf = ((index + 1) << level) - 1;
  return NodeCount(last_leaf) + level;
}

uint64_t NodeCount(uint64_t size) { return 2 * size - static_cast<uint64_t>(std::popcount(size)); }

void GrowingTree::Append(const LedgerHash& leaf_hash, TreeHasher* hasher, std::vector<LedgerHash>* nodes) {
  LedgerHash hash = leaf_hash;
  nodes->push_back(hash);
  for (uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    hash = hasher->Node(edge_.back(), hash);
    edge_.pop_back();
    nodes->push_back(hash);
  }
  edge_.push_back(hash);
  ++size_;
}

LedgerHash GrowingTree::Root(TreeHasher* hasher) const {
  if (edge_.empty()) return hasher->Empty();
  LedgerHash hash = edge_.back();
  for (size_t i = edge_.size() - 1; i > 0; --i) hash = hasher->Node(edge_[i - 1], hash);
  return hash;
}

absl::StatusOr<LedgerHash> RootOf(uint64_t size, const NodeReader& nodes, TreeHasher* hasher) {
  if (size == 0) return hasher->Empty();
  return Prover(nodes, hasher).Hash({0, size});
}

absl::StatusOr<std::vector<LedgerHash>> InclusionPath(uint64_t index, uint64_t size, const NodeReader& nodes,
                                                      TreeHasher* hasher) {
  if (index >= size) {
    return absl::InvalidArgumentError(absl::StrCat("prove inclusion: leaf ", index, " in a tree of ", size));
  }
  Prover prover(nodes, hasher);
  ROLLCALL_RETURN_IF_ERROR(prover.AddInclusion(index, {0, size}));
  return prover.Take();
}

absl::StatusOr<std::vector<LedgerHash>> ConsistencyPath(uint64_t old_size, uint64_t new_size, const NodeReader& nodes,
                                                        TreeHasher* hasher) {
  if (old_size > new_size) {
    return absl::InvalidArgumentError(absl::StrCat("prove consistency: ", new_size, " leaves follow ", old_size));
  }
  Prover prover(nodes, hasher);
  if (old_size > 0) ROLLCALL_RETURN_IF_ERROR(prover.AddConsistency(old_size, {0, new_size}, true));
  return prover.Take();
}

}  // namespace rollcall
