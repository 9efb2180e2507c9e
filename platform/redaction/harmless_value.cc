#include "platform/redaction/harmless_value.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "platform/redaction/byte_set.h"
#include "platform/redaction/word_set.h"

namespace rollcall {
namespace {

constexpr absl::string_view kReplacementStart = "[REDACTED:";

constexpr WordSet<64> kHarmlessWords(
    "true false yes no on off null none nil undefined enabled disabled prompt stdin -");
constexpr size_t kLongestHarmlessWord = 9;
// Digits behind a name that may mean something else: a longer number counts nothing.
constexpr size_t kLongestCount = 5;
// Where a secret is, rather than the secret.
constexpr auto kReferences = std::to_array<absl::string_view>(
    {"arn:aws", "file:", "env:", "fd:", "vault:", "op://", "secret://", "ref+", "projects/",
     "keyring:", "awssm:", "gcpsm:", "ssm:", "akv://", "@/", "@./", "pkcs11:", "filesystem:"});
constexpr WordSet<128> kRootFolders(
    "run etc var home opt usr tmp root mnt srv dev proc sys data secrets config app vault certs keys "
    "boot lib bin sbin media workspace cert tls ssl conf host Users snap nix");
// What a search pattern goes on with after a name: `s/password=.*//`.
constexpr auto kPatterns = std::to_array<absl::string_view>({".*", "[^", "\\S", "\\w", "(.*", "\\(.*"});
constexpr auto kKeyFileEndings =
    std::to_array<absl::string_view>({".pem", ".key", ".crt", ".cer", ".p12", ".pfx", ".jks", ".kdbx", ".keystore"});

constexpr ByteSet kDigits("0123456789");
constexpr ByteSet kPathBytes = ByteSet("._/@%+:{}$-~").WithAlnum();
constexpr ByteSet kVariableBytes("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
constexpr ByteSet kMaskBytes("*.");
constexpr ByteSet kCrossBytes("xX");
constexpr ByteSet kRuleBytes("abcdefghijklmnopqrstuvwxyz._");

bool All(absl::string_view text, const ByteSet& set) { return set.FindNot(text, 0) == text.size(); }

template <typename List>
bool StartsWithAny(absl::string_view text, const List& list) {
  return std::any_of(list.begin(), list.end(), [&](absl::string_view start) {
    return text.front() == start.front() && absl::StartsWith(text, start);
  });
}

bool Enclosed(absl::string_view value, absl::string_view open, absl::string_view close) {
  return value.size() > open.size() + close.size() && absl::StartsWith(value, open) && absl::EndsWith(value, close) &&
         value.find(close, open.size()) == value.size() - close.size();
}

// `${X}`, `$X`, `$(command)`, `{{ x }}`, `<x>`, `%X%`.
bool IsPlaceholder(absl::string_view value) {
  constexpr ByteSet kFirst("${<`%");
  if (!kFirst.Has(value.front())) return false;
  if (Enclosed(value, "${", "}") || Enclosed(value, "$(", ")") || Enclosed(value, "{{", "}}") ||
      Enclosed(value, "<", ">") || Enclosed(value, "`", "`")) {
    return true;
  }
  if (value.size() > 2 && value.front() == '%' && value.back() == '%') {
    return All(value.substr(1, value.size() - 2), kVariableBytes);
  }
  return value.size() > 1 && value.front() == '$' && All(value.substr(1), kVariableBytes);
}

// A secret in base64 may begin with `/` too, so the first folder must be a known one.
bool IsFilePath(absl::string_view value) {
  if (!All(value, kPathBytes)) return false;
  if (absl::StartsWith(value, "./") || absl::StartsWith(value, "../") || absl::StartsWith(value, "~/")) return true;
  if (absl::ConsumePrefix(&value, "/")) {
    return kRootFolders.Has(value.substr(0, value.find('/')));
  }
  if (value.find('.') == value.npos) return false;
  return std::any_of(kKeyFileEndings.begin(), kKeyFileEndings.end(),
                     [&](absl::string_view ending) { return absl::EndsWith(value, ending); });
}

bool IsHarmlessWord(absl::string_view value) {
  if (value.size() > kLongestHarmlessWord) return false;
  char folded[kLongestHarmlessWord];
  for (size_t i = 0; i < value.size(); ++i) folded[i] = absl::ascii_tolower(static_cast<unsigned char>(value[i]));
  return kHarmlessWords.Has(absl::string_view(folded, value.size()));
}

bool IsMask(absl::string_view value) {
  return All(value, kMaskBytes) || (value.size() >= 3 && All(value, kCrossBytes)) ||
         absl::EqualsIgnoreCase(value, "redacted") || absl::EqualsIgnoreCase(value, "[redacted]");
}

}  // namespace

bool IsReplacement(absl::string_view value) {
  if (!absl::ConsumePrefix(&value, kReplacementStart) || !absl::ConsumeSuffix(&value, "]")) return false;
  return !value.empty() && value.size() <= 40 && All(value, kRuleBytes);
}

size_t ReplacementEnd(absl::string_view text, size_t begin) {
  if (!absl::StartsWith(text.substr(begin), kReplacementStart)) return begin;
  const size_t close = text.find(']', begin);
  return close != text.npos && IsReplacement(text.substr(begin, close + 1 - begin)) ? close + 1 : begin;
}

bool IsHarmlessValue(absl::string_view value, KeyStrength strength) {
  if (value.empty() || IsReplacement(value)) return true;
  if (value.size() > 512) return false;
  if (IsHarmlessWord(value) || StartsWithAny(value, kReferences) || StartsWithAny(value, kPatterns)) return true;
  if (IsPlaceholder(value) || IsMask(value) || IsFilePath(value)) return true;
  return strength == KeyStrength::kWeak && value.size() <= kLongestCount && All(value, kDigits);
}

bool LooksGenerated(absl::string_view word) {
  if (word.size() < 16) return false;
  size_t digits = 0;
  size_t upper = 0;
  size_t lower = 0;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    digits += absl::ascii_isdigit(byte) ? 1 : 0;
    upper += absl::ascii_isupper(byte) ? 1 : 0;
    lower += absl::ascii_islower(byte) ? 1 : 0;
    if (!absl::ascii_isalnum(byte) && c != '_' && c != '-' && c != '.' && c != '%') return false;
  }
  return (digits >= 2 && upper + lower >= 1) || (upper >= 3 && lower >= 3);
}

}  // namespace rollcall
