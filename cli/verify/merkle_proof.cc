#include "cli/verify/merkle_proof.h"

#include "absl/strings/str_cat.h"
#include "cli/verify/digest.h"

namespace rollcall::verify {
namespace {

std::string NodeHash(absl::string_view left, absl::string_view right) {
  return Sha256(absl::StrCat(absl::string_view("\x01", 1), left, right));
}

bool AreDigests(const std::vector<std::string>& hashes) {
  for (const std::string& hash : hashes) {
    if (hash.size() != kDigestBytes) return false;
  }
  return true;
}

absl::Status Wrong(absl::string_view what) { return absl::DataLossError(what); }

// Drops the levels at which the path is at the right edge and so has no sibling.
void SkipRightEdge(uint64_t* index, uint64_t* last) {
  while ((*index & 1) == 0 && *index != 0) {
    *index >>= 1;
    *last >>= 1;
  }
}

}  // namespace

std::string LeafHash(absl::string_view leaf) { return Sha256(absl::StrCat(absl::string_view("\0", 1), leaf)); }

absl::Status VerifyInclusion(uint64_t index, uint64_t size, absl::string_view leaf_hash,
                             const std::vector<std::string>& proof, absl::string_view root) {
  if (index >= size) return Wrong(absl::StrCat("entry ", index, " cannot be in a log of ", size));
  if (leaf_hash.size() != kDigestBytes || root.size() != kDigestBytes || !AreDigests(proof)) {
    return Wrong("a hash is not 32 bytes");
  }
  uint64_t node = index;
  uint64_t last = size - 1;
  std::string hash(leaf_hash);
  for (const std::string& sibling : proof) {
    if (last == 0) return Wrong("the proof is too long");
    if ((node & 1) == 1 || node == last) {
      hash = NodeHash(sibling, hash);
      if ((node & 1) == 0) SkipRightEdge(&node, &last);
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return Wrong("the proof is too short");
  if (hash != root) return Wrong("the entry is not in the log the checkpoint is of");
  return absl::OkStatus();
}

absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, absl::string_view old_root,
                               absl::string_view new_root, const std::vector<std::string>& proof) {
  if (old_size > new_size) return Wrong("the newer log is shorter than the older one");
  if (old_root.size() != kDigestBytes || new_root.size() != kDigestBytes || !AreDigests(proof)) {
    return Wrong("a hash is not 32 bytes");
  }
  if (old_size == new_size || old_size == 0) {
    if (!proof.empty()) return Wrong("the proof is too long");
    if (old_size == new_size && old_root != new_root) return Wrong("two logs of the same size are not the same");
    return absl::OkStatus();
  }
  std::vector<std::string> path = proof;
  // A complete old tree is a node of the new one, and its root is not repeated in the proof.
  if ((old_size & (old_size - 1)) == 0) path.insert(path.begin(), std::string(old_root));
  if (path.empty()) return Wrong("the proof is too short");
  uint64_t node = old_size - 1;
  uint64_t last = new_size - 1;
  while ((node & 1) == 1) {
    node >>= 1;
    last >>= 1;
  }
  std::string old_hash = path.front();
  std::string new_hash = path.front();
  for (size_t i = 1; i < path.size(); ++i) {
    if (last == 0) return Wrong("the proof is too long");
    if ((node & 1) == 1 || node == last) {
      old_hash = NodeHash(path[i], old_hash);
      new_hash = NodeHash(path[i], new_hash);
      if ((node & 1) == 0) SkipRightEdge(&node, &last);
    } else {
      new_hash = NodeHash(new_hash, path[i]);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return Wrong("the proof is too short");
  if (old_hash != old_root || new_hash != new_root) return Wrong("the newer log does not continue the older one");
  return absl::OkStatus();
}

}  // namespace rollcall::verify
