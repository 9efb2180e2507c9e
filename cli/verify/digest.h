// SHA-256 for the verifier, written apart from the ledger that makes the proofs.
#ifndef ROLLCALL_CLI_VERIFY_DIGEST_H_
#define ROLLCALL_CLI_VERIFY_DIGEST_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall::verify {

inline constexpr size_t kDigestBytes = 32;

// 32 bytes; empty if OpenSSL failed, which is equal to no digest.
std::string Sha256(absl::string_view bytes);

// Whether the 64-byte Ed25519 `signature` over `message` is by the 32-byte `public_key`. False also if a size is
// wrong.
bool VerifyEd25519(absl::string_view public_key, absl::string_view message, absl::string_view signature);

}  // namespace rollcall::verify

#endif  // ROLLCALL_CLI_VERIFY_DIGEST_H_
