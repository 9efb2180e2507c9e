#include "platform/password_field.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

struct Scheme {
  absl::string_view prefix;
  absl::string_view name;
};

// crypt(5), and the schemes of distributions that are not in it.
constexpr auto kSchemes = std::to_array<Scheme>({
    {"$1$", "md5"},
    {"$2a$", "bcrypt"},
    {"$2b$", "bcrypt"},
    {"$2x$", "bcrypt"},
    {"$2y$", "bcrypt"},
    {"$3$", "nt"},
    {"$5$", "sha256"},
    {"$6$", "sha512"},
    {"$7$", "scrypt"},
    {"$gy$", "gost_yescrypt"},
    {"$md5$", "sunmd5"},
    {"$md5,", "sunmd5"},
    {"$sha1$", "sha1"},
    {"$sm3$", "sm3"},
    {"$sm3y$", "sm3_yescrypt"},
    {"$y$", "yescrypt"},
});

// An id, or the salt of a hash whose beginning is lost.
constexpr absl::string_view kIdBytes = "+,-./0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
// Base64 of both kinds, with settings such as `rounds=1000,m=4` and the `$` before the next part.
constexpr absl::string_view kHashBytes = "$+,-./0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

bool IsCryptText(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '.' || c == '/'; });
}

// Name of the scheme; empty if crypt(3) gives no such text.
absl::string_view AlgorithmOf(absl::string_view hash) {
  for (const Scheme& scheme : kSchemes) {
    if (absl::StartsWith(hash, scheme.prefix)) return scheme.name;
  }
  if (absl::StartsWith(hash, "$")) return hash.find('$', 1) == absl::string_view::npos ? "" : "unknown";
  constexpr size_t kDesBytes = 13;
  constexpr size_t kBsdiBytes = 20;
  constexpr size_t kBigcryptBlock = 11;
  constexpr size_t kMaxBigcryptBytes = kDesBytes + 15 * kBigcryptBlock;
  if (absl::StartsWith(hash, "_")) return hash.size() == kBsdiBytes && IsCryptText(hash.substr(1)) ? "bsdi" : "";
  if (hash.size() < kDesBytes || !IsCryptText(hash)) return "";
  if (hash.size() == kDesBytes) return "des";
  const bool bigcrypt = hash.size() <= kMaxBigcryptBytes && (hash.size() - kDesBytes) % kBigcryptBlock == 0;
  return bigcrypt ? "bigcrypt" : "";
}

// Whether `$id$` and as much as may be a hash follow anywhere, whatever the id: schemes come faster than this is
// built again.
bool HoldsUnlistedHash(absl::string_view text) {
  constexpr size_t kMaxIdBytes = 32;
  constexpr size_t kMinHashBytes = 8;
  for (size_t at = text.find('$'); at != absl::string_view::npos; at = text.find('$', at + 1)) {
    const size_t id_end = text.find_first_not_of(kIdBytes, at + 1);
    if (id_end == absl::string_view::npos) return false;
    if (id_end == at + 1 || id_end - at > kMaxIdBytes + 1 || text[id_end] != '$') continue;
    const absl::string_view hash = text.substr(id_end + 1);
    if (std::min(hash.find_first_not_of(kHashBytes), hash.size()) >= kMinHashBytes) return true;
  }
  return false;
}

}  // namespace

PasswordField ClassifyPassword(absl::string_view field) {
  if (field.empty()) return {.state = PasswordField::State::kNone, .algorithm = ""};
  if (field == "x") return {.state = PasswordField::State::kElsewhere, .algorithm = ""};
  absl::string_view hash = field;
  while (absl::ConsumePrefix(&hash, "!")) {
  }
  const absl::string_view algorithm = AlgorithmOf(hash);
  const bool set = hash.size() == field.size() && !algorithm.empty();
  return {.state = set ? PasswordField::State::kSet : PasswordField::State::kLocked, .algorithm = algorithm};
}

bool HoldsPasswordHash(absl::string_view text) {
  if (text.find('$') == absl::string_view::npos) return false;
  return HoldsUnlistedHash(text) || std::any_of(kSchemes.begin(), kSchemes.end(), [text](const Scheme& scheme) {
           return absl::StrContains(text, scheme.prefix);
         });
}

std::vector<absl::string_view> PasswordSchemePrefixes() {
  std::vector<absl::string_view> prefixes;
  for (const Scheme& scheme : kSchemes) prefixes.push_back(scheme.prefix);
  return prefixes;
}

}  // namespace rollcall
