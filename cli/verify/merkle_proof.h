// Verification of Merkle proofs, by the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2.
#ifndef ROLLCALL_CLI_VERIFY_MERKLE_PROOF_H_
#define ROLLCALL_CLI_VERIFY_MERKLE_PROOF_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall::verify {

// H(0x00 || leaf).
std::string LeafHash(absl::string_view leaf);

// OK if the proof shows that the leaf of `leaf_hash` is number `index` of the tree of `size` leaves with that root.
// DataLoss says what is wrong. Pure.
absl::Status VerifyInclusion(uint64_t index, uint64_t size, absl::string_view leaf_hash,
                             const std::vector<std::string>& proof, absl::string_view root);

// OK if the proof shows that the tree of `new_size` leaves continues that of `old_size`. Every tree continues the
// empty one.
absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, absl::string_view old_root,
                               absl::string_view new_root, const std::vector<std::string>& proof);

}  // namespace rollcall::verify

#endif  // ROLLCALL_CLI_VERIFY_MERKLE_PROOF_H_
