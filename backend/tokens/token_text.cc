#include "backend/tokens/token_text.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

constexpr absl::string_view kPrefix = "rct1.";
constexpr size_t kIdBytes = 8;
constexpr size_t kSecretBytes = 32;

bool IsLowerHex(absl::string_view text, size_t digits) {
  return text.size() == digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

}  // namespace

absl::Status CheckTokenId(absl::string_view id) {
  if (IsLowerHex(id, 2 * kIdBytes)) return absl::OkStatus();
  return absl::InvalidArgumentError("use token id: it must be 16 lowercase hexadecimal digits, as `token list` has it");
}

absl::StatusOr<TokenText> ParseToken(absl::string_view text) {
  const absl::Status malformed = absl::InvalidArgumentError("read token: it is not written as rct1.ID.SECRET");
  if (!absl::ConsumePrefix(&text, kPrefix) || text.size() != 2 * kIdBytes + 1 + 2 * kSecretBytes) return malformed;
  const absl::string_view id = text.substr(0, 2 * kIdBytes);
  const absl::string_view secret = text.substr(2 * kIdBytes + 1);
  if (text[2 * kIdBytes] != '.' || !IsLowerHex(id, 2 * kIdBytes) || !IsLowerHex(secret, 2 * kSecretBytes)) {
    return malformed;
  }
  return TokenText{std::string(id), std::string(secret)};
}

std::string FormatToken(const TokenText& token) { return absl::StrCat(kPrefix, token.id, ".", token.secret); }

absl::StatusOr<TokenText> NewToken(const RandomSource& random) {
  const absl::StatusOr<std::string> bytes = random(kIdBytes + kSecretBytes);
  if (!bytes.ok()) return bytes.status();
  if (bytes->size() != kIdBytes + kSecretBytes) return absl::InternalError("make token: too few random bytes");
  return TokenText{absl::BytesToHexString(bytes->substr(0, kIdBytes)), absl::BytesToHexString(bytes->substr(kIdBytes))};
}

std::string HashOfSecret(absl::string_view secret) { return Sha256Hex(secret); }

bool SameHash(absl::string_view one, absl::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace rollcall
