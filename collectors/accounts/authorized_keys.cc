#include "collectors/accounts/authorized_keys.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/text.h"
#include "platform/sha256.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxProblems = 10;
constexpr size_t kMaxOptions = 32;

// All of sshd(8). A name that is none of these may be a part of a key in a damaged line, and is not repeated.
constexpr auto kOptions = std::to_array<absl::string_view>({
    "agent-forwarding",
    "cert-authority",
    "command",
    "environment",
    "expiry-time",
    "from",
    "no-agent-forwarding",
    "no-port-forwarding",
    "no-pty",
    "no-touch-required",
    "no-user-rc",
    "no-x11-forwarding",
    "permitlisten",
    "permitopen",
    "port-forwarding",
    "principals",
    "pty",
    "restrict",
    "tunnel",
    "user-rc",
    "verify-required",
    "x11-forwarding",
});

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

absl::string_view TakeWord(absl::string_view* rest) {
  const size_t length = std::min(rest->find_first_of(" \t"), rest->size());
  const absl::string_view word = rest->substr(0, length);
  rest->remove_prefix(length);
  *rest = absl::StripLeadingAsciiWhitespace(*rest);
  return word;
}

// The next length-prefixed string of a key, RFC 4251 section 5; nullopt if there is none.
std::optional<absl::string_view> TakeString(absl::string_view* blob) {
  if (blob->size() < 4) return std::nullopt;
  uint32_t length = 0;
  for (size_t i = 0; i < 4; ++i) length = length << 8U | static_cast<uint8_t>((*blob)[i]);
  if (length > blob->size() - 4) return std::nullopt;
  const absl::string_view text = blob->substr(4, length);
  blob->remove_prefix(4 + size_t{length});
  return text;
}

std::optional<uint32_t> IntegerBits(absl::string_view number) {
  while (!number.empty() && number[0] == '\0') number.remove_prefix(1);
  if (number.empty()) return std::nullopt;
  uint32_t bits = static_cast<uint32_t>(number.size() - 1) * 8;
  for (auto top = static_cast<uint8_t>(number[0]); top != 0; top >>= 1U) ++bits;
  return bits;
}

// `blob` is what follows the type in the key.
std::optional<uint32_t> BitsOf(absl::string_view type, absl::string_view blob) {
  if (type == "ssh-rsa" || type == "ssh-dss") {
    // An RSA key starts with its exponent, a DSA key with its modulus.
    if (type == "ssh-rsa" && !TakeString(&blob).has_value()) return std::nullopt;
    const auto modulus = TakeString(&blob);
    return modulus.has_value() ? IntegerBits(*modulus) : std::nullopt;
  }
  if (type == "ecdsa-sha2-nistp256") return 256;
  if (type == "ecdsa-sha2-nistp384") return 384;
  if (type == "ecdsa-sha2-nistp521") return 521;
  return std::nullopt;
}

std::string Fingerprint(absl::string_view blob) {
  std::string text = absl::Base64Escape(absl::HexStringToBytes(Sha256Hex(blob)));
  while (absl::EndsWith(text, "=")) text.pop_back();
  return absl::StrCat("SHA256:", text);
}

// Whether a key, after its type, is strings to the end. Certificates hold numbers too and are not checked.
bool IsWhole(absl::string_view type, absl::string_view blob) {
  if (absl::StrContains(type, "-cert-v01@")) return !blob.empty();
  bool any = false;
  while (!blob.empty()) {
    if (!TakeString(&blob).has_value()) return false;
    any = true;
  }
  return any;
}

// `type base64 comment`; false if that is not what stands there.
bool ParseKey(absl::string_view text, KeyLine* key) {
  const absl::string_view type = TakeWord(&text);
  const absl::string_view encoded = TakeWord(&text);
  std::string blob;
  constexpr size_t kMaxTypeBytes = 64;
  if (type.empty() || type.size() > kMaxTypeBytes || !absl::Base64Unescape(encoded, &blob)) return false;
  absl::string_view rest = blob;
  // A key says its type itself: that tells it from any other two words.
  if (TakeString(&rest) != type || !IsWhole(type, rest)) return false;
  key->type = std::string(type);
  key->fingerprint = Fingerprint(blob);
  key->bits = BitsOf(type, rest);
  key->has_comment = !text.empty();
  return true;
}

// `"..."`, with `\"` for a quote; false if it does not end.
bool TakeQuoted(absl::string_view* rest, std::string* value) {
  rest->remove_prefix(1);
  while (!rest->empty() && (*rest)[0] != '"') {
    if (absl::StartsWith(*rest, "\\\"")) rest->remove_prefix(1);
    value->push_back((*rest)[0]);
    rest->remove_prefix(1);
  }
  return absl::ConsumePrefix(rest, "\"");
}

void AddOption(absl::string_view written, absl::string_view value, KeyLine* key) {
  std::string name = absl::AsciiStrToLower(written);
  if (std::find(kOptions.begin(), kOptions.end(), name) == kOptions.end()) name = "unknown";
  if (name == "from") {
    key->from = ToRecordText(value, kMaxKeyOptionBytes);
  } else if (name == "command") {
    key->command = ToRecordText(value, kMaxKeyOptionBytes);
  }
  if (key->options.size() < kMaxOptions) key->options.push_back(std::move(name));
}

// Options up to the first blank outside quotes.
absl::Status ParseOptions(absl::string_view* rest, KeyLine* key) {
  while (!rest->empty() && !IsBlank((*rest)[0])) {
    const size_t length = std::min(rest->find_first_of("=, \t\""), rest->size());
    const absl::string_view name = rest->substr(0, length);
    rest->remove_prefix(length);
    std::string value;
    if (absl::ConsumePrefix(rest, "=") && !absl::StartsWith(*rest, "\"")) {
      rest->remove_prefix(std::min(rest->find_first_of(", \t"), rest->size()));
    } else if (absl::StartsWith(*rest, "\"") && !TakeQuoted(rest, &value)) {
      return absl::InvalidArgumentError("a quote that does not end");
    }
    AddOption(name, value, key);
    // Two commas are no option, and anything else ends them.
    if (!absl::ConsumePrefix(rest, ",") && !rest->empty() && !IsBlank((*rest)[0])) {
      return absl::InvalidArgumentError("bad options");
    }
  }
  *rest = absl::StripLeadingAsciiWhitespace(*rest);
  return absl::OkStatus();
}

absl::StatusOr<KeyLine> ParseLine(absl::string_view line) {
  if (line.size() > kMaxKeyLineBytes) return absl::ResourceExhaustedError("longer than is read");
  if (line.find('\0') != absl::string_view::npos) return absl::InvalidArgumentError("NUL byte");
  KeyLine key;
  if (ParseKey(line, &key)) return key;
  ROLLCALL_RETURN_IF_ERROR(ParseOptions(&line, &key));
  if (!ParseKey(line, &key)) return absl::InvalidArgumentError("no key");
  return key;
}

}  // namespace

KeyFile ParseAuthorizedKeys(absl::string_view text, size_t max_keys) {
  KeyFile file;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    absl::StatusOr<KeyLine> key = ParseLine(line);
    if (key.ok()) {
      ++file.key_count;
      if (file.keys.size() < max_keys) file.keys.push_back(*std::move(key));
    } else if (file.problems.size() < kMaxProblems) {
      file.problems.emplace_back(key.status().code(), absl::StrCat("line ", number, ": ", key.status().message()));
    }
  }
  return file;
}

}  // namespace rollcall
