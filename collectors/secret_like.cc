#include "collectors/secret_like.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace rollcall {
namespace {

// Anywhere in the name, whatever its case and with the punctuation left out.
constexpr std::array<absl::string_view, 14> kSecretParts = {
    "password",  "passwd",  "passphrase", "secret",     "token",         "apikey",  "credential",
    "accesskey", "authkey", "privatekey", "signingkey", "encryptionkey", "passkey", "privkey",
};
// As one of the words of a name.
constexpr std::array<absl::string_view, 5> kSecretWords = {"pass", "pwd", "pw", "psk", "auth"};
// A name that ends in one of these is of something about the secret.
constexpr std::array<absl::string_view, 8> kHarmlessEnds = {"file",   "path",    "dir",  "ttl",
                                                            "length", "timeout", "sock", "url"};
// The shell's own.
constexpr std::array<absl::string_view, 2> kHarmlessNames = {"pwd", "oldpwd"};

constexpr std::array<absl::string_view, 28> kTokenPrefixes = {
    "AKIA",        "ASIA",     "ghp_",     "gho_",    "ghu_",  "ghs_",   "ghr_",
    "github_pat_", "glpat-",   "xoxb-",    "xoxp-",   "xoxa-", "xoxs-",  "xapp-",
    "sk_live_",    "sk_test_", "rk_live_", "sk-",     "AIza",  "npm_",   "pypi-",
    "SG.",         "hvs.",     "hvb.",     "dop_v1_", "eyJ",   "shpat_", "AGE-SECRET-KEY-1",
};
// With a value behind them they are assignments of secrets.
constexpr std::array<absl::string_view, 6> kAssignments = {
    "password=", "passwd=", "pwd=", "secret=", "token=", "accountkey="};

template <size_t kSize>
bool Holds(const std::array<absl::string_view, kSize>& list, absl::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Words of a name in lower case: split at punctuation, digits and where a capital follows.
std::vector<std::string> WordsOf(absl::string_view name) {
  std::vector<std::string> words(1);
  bool was_lower = false;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_upper = absl::ascii_isupper(byte);
    if (!absl::ascii_isalpha(byte) || (is_upper && was_lower)) {
      if (!words.back().empty()) words.emplace_back();
    }
    if (absl::ascii_isalpha(byte)) words.back().push_back(absl::ascii_tolower(byte));
    was_lower = absl::ascii_islower(byte);
  }
  if (words.back().empty() && words.size() > 1) words.pop_back();
  return words;
}

// `scheme://user:secret@host` or `scheme://secret@host`.
bool HasUserInformation(absl::string_view value) {
  for (size_t at = value.find("://"); at != absl::string_view::npos; at = value.find("://")) {
    value.remove_prefix(at + 3);
    // A password may hold a slash; what is left of the value may be of another URL.
    const absl::string_view rest = value.substr(0, value.find_first_of(" \t\"'"));
    if (absl::StrContains(rest, '@')) return true;
    // Nor is there one behind a later `://` of it.
    value.remove_prefix(rest.size());
  }
  return false;
}

bool HasAssignment(absl::string_view value) {
  const std::string lower = absl::AsciiStrToLower(value);
  return std::any_of(kAssignments.begin(), kAssignments.end(),
                     [&lower](absl::string_view assignment) { return absl::StrContains(lower, assignment); });
}

bool IsWordByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

bool HasGeneratedWord(absl::string_view value) {
  while (!value.empty()) {
    size_t end = 0;
    while (end < value.size() && IsWordByte(value[end])) ++end;
    if (LooksRandom(value.substr(0, end))) return true;
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return false;
}

bool HasToken(absl::string_view value) {
  bool at_start = true;
  for (size_t i = 0; i < value.size(); ++i) {
    if (at_start && HasTokenPrefix(value.substr(i))) return true;
    at_start = !IsWordByte(value[i]);
  }
  return false;
}

}  // namespace

bool NameSuggestsSecret(absl::string_view name) {
  const std::vector<std::string> words = WordsOf(name);
  if (Holds(kHarmlessEnds, words.back())) return false;
  std::string joined;
  for (const std::string& word : words) joined += word;
  if (Holds(kHarmlessNames, joined)) return false;
  return std::any_of(words.begin(), words.end(), [](const std::string& word) { return Holds(kSecretWords, word); }) ||
         std::any_of(kSecretParts.begin(), kSecretParts.end(),
                     [&joined](absl::string_view part) { return absl::StrContains(joined, part); });
}

bool HasTokenPrefix(absl::string_view text) {
  // After it, one run of letters and digits; shorter ones are words: `sk-learn`, `npm_lifecycle_event`.
  constexpr size_t kShortestRun = 10;
  return std::any_of(kTokenPrefixes.begin(), kTokenPrefixes.end(), [text](absl::string_view prefix) {
    if (!absl::StartsWith(text, prefix)) return false;
    const absl::string_view run = text.substr(prefix.size(), kShortestRun);
    return run.size() == kShortestRun && std::all_of(run.begin(), run.end(), IsWordByte);
  });
}

bool LooksRandom(absl::string_view word) {
  constexpr size_t kShortestMixed = 10;
  constexpr size_t kShortestWithDigits = 16;
  constexpr size_t kShortestAny = 40;
  size_t upper = 0;
  size_t lower = 0;
  size_t digits = 0;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    upper += absl::ascii_isupper(byte) ? 1 : 0;
    lower += absl::ascii_islower(byte) ? 1 : 0;
    digits += absl::ascii_isdigit(byte) ? 1 : 0;
  }
  const bool mixed = upper > 0 && lower > 0 && digits > 0;
  if (mixed && word.size() >= kShortestMixed) return true;
  if (digits > 1 && upper + lower > 1 && word.size() >= kShortestWithDigits) return true;
  return word.size() >= kShortestAny;
}

bool LooksLikeSecret(absl::string_view value) {
  return absl::StrContains(value, "PRIVATE KEY-----") || HasUserInformation(value) || HasAssignment(value) ||
         HasToken(value) || HasGeneratedWord(value);
}

}  // namespace rollcall
