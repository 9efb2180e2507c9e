// A person's token as it is written: `rct1.ID.SECRET`.
#ifndef ROLLCALL_BACKEND_TOKENS_TOKEN_TEXT_H_
#define ROLLCALL_BACKEND_TOKENS_TOKEN_TEXT_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Random bytes; what is drawn in production is the system's (backend/keys/aes_gcm.h).
using RandomSource = std::function<absl::StatusOr<std::string>(size_t count)>;

struct TokenText {
  // 16 lowercase hexadecimal digits. Names the token, opens nothing: may be logged.
  std::string id;
  // 64 of them: 256 bits. Never logged and never stored.
  std::string secret;
};

// Whether `id` is written as one. InvalidArgument otherwise. Pure.
absl::Status CheckTokenId(absl::string_view id);

// Strict: one spelling for each token. InvalidArgument otherwise, which says nothing of the text. Pure.
absl::StatusOr<TokenText> ParseToken(absl::string_view text);
std::string FormatToken(const TokenText& token);

// A token nobody has. Errors are those of `random`; Internal if it gives too few bytes.
absl::StatusOr<TokenText> NewToken(const RandomSource& random);

// What is kept of a secret: its SHA-256 in lowercase hexadecimal digits. A secret has 256 random bits, so neither salt
// nor a slow hash makes it harder to guess.
std::string HashOfSecret(absl::string_view secret);

// Whether two hashes are the same, in a time that does not depend on where they differ.
bool SameHash(absl::string_view one, absl::string_view other);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_TOKENS_TOKEN_TEXT_H_
