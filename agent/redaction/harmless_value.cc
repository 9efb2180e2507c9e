#include "agent/redaction/harmless_value.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr absl::string_view kReplacementStart = "[REDACTED:";

constexpr auto kHarmlessWords =
    std::to_array<absl::string_view>({"true", "false", "yes", "no", "on", "off", "null", "none", "nil", "undefined",
                                      "enabled", "disabled", "prompt", "stdin", "-"});
// Where a secret is, rather than the secret.
constexpr auto kReferences = std::to_array<absl::string_view>(
    {"arn:aws", "file:", "env:", "fd:", "vault:", "op://", "secret://", "ref+", "projects/",
     "keyring:", "awssm:", "gcpsm:", "ssm:", "akv://", "@/", "@./", "pkcs11:", "filesystem:"});
constexpr auto kRootFolders = std::to_array<absl::string_view>(
    {"run",   "etc",       "var",     "home",   "opt", "usr",   "tmp",   "root",  "mnt",  "srv", "dev", "proc",
     "sys",   "data",      "secrets", "config", "app", "vault", "certs", "keys",  "boot", "lib", "bin", "sbin",
     "media", "workspace", "cert",    "tls",    "ssl", "conf",  "host",  "Users", "snap", "nix"});
constexpr auto kKeyFileEndings =
    std::to_array<absl::string_view>({".pem", ".key", ".crt", ".cer", ".p12", ".pfx", ".jks", ".kdbx", ".keystore"});

bool All(absl::string_view text, bool (*accept)(unsigned char)) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return accept(static_cast<unsigned char>(c)); });
}

bool IsPathByte(unsigned char c) {
  constexpr absl::string_view kPunctuation = "._/@%+:{}$-~";
  return absl::ascii_isalnum(c) || kPunctuation.find(static_cast<char>(c)) != kPunctuation.npos;
}
bool IsVariableByte(unsigned char c) { return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_'; }
bool IsMaskByte(unsigned char c) { return c == '*' || c == '.'; }
bool IsCrossByte(unsigned char c) { return c == 'x' || c == 'X'; }
bool IsDigit(unsigned char c) { return absl::ascii_isdigit(c); }

bool Enclosed(absl::string_view value, absl::string_view open, absl::string_view close) {
  return value.size() > open.size() + close.size() && absl::StartsWith(value, open) && absl::EndsWith(value, close) &&
         value.find(close, open.size()) == value.size() - close.size();
}

// `${X}`, `$X`, `$(command)`, `{{ x }}`, `<x>`, `%X%`.
bool IsPlaceholder(absl::string_view value) {
  if (Enclosed(value, "${", "}") || Enclosed(value, "$(", ")") || Enclosed(value, "{{", "}}") ||
      Enclosed(value, "<", ">") || Enclosed(value, "`", "`")) {
    return true;
  }
  if (value.size() > 2 && value.front() == '%' && value.back() == '%') {
    return All(value.substr(1, value.size() - 2), IsVariableByte);
  }
  return value.size() > 1 && value.front() == '$' && All(value.substr(1), IsVariableByte);
}

// A secret in base64 may begin with `/` too, so the first folder must be a known one.
bool IsFilePath(absl::string_view value) {
  if (!All(value, IsPathByte)) return false;
  if (absl::StartsWith(value, "./") || absl::StartsWith(value, "../") || absl::StartsWith(value, "~/")) return true;
  if (absl::ConsumePrefix(&value, "/")) {
    const absl::string_view folder = value.substr(0, value.find('/'));
    return std::find(kRootFolders.begin(), kRootFolders.end(), folder) != kRootFolders.end();
  }
  return std::any_of(kKeyFileEndings.begin(), kKeyFileEndings.end(),
                     [&](absl::string_view ending) { return absl::EndsWith(value, ending); });
}

// What a search pattern goes on with after a name: `s/password=.*//`.
bool IsPattern(absl::string_view value) {
  return absl::StartsWith(value, ".*") || absl::StartsWith(value, "[^") || absl::StartsWith(value, "\\S") ||
         absl::StartsWith(value, "\\w") || absl::StartsWith(value, "(.*") || absl::StartsWith(value, "\\(.*");
}

bool IsMask(absl::string_view value) {
  return All(value, IsMaskByte) || (value.size() >= 3 && All(value, IsCrossByte)) ||
         absl::EqualsIgnoreCase(value, "redacted") || absl::EqualsIgnoreCase(value, "[redacted]");
}

}  // namespace

bool IsReplacement(absl::string_view value) {
  if (!absl::ConsumePrefix(&value, kReplacementStart) || !absl::ConsumeSuffix(&value, "]")) return false;
  return !value.empty() && value.size() <= 40 &&
         All(value, [](unsigned char c) { return absl::ascii_islower(c) || c == '.' || c == '_'; });
}

size_t ReplacementEnd(absl::string_view text, size_t begin) {
  if (!absl::StartsWith(text.substr(begin), kReplacementStart)) return begin;
  const size_t close = text.find(']', begin);
  return close != text.npos && IsReplacement(text.substr(begin, close + 1 - begin)) ? close + 1 : begin;
}

bool IsHarmlessValue(absl::string_view value, KeyStrength strength) {
  if (value.empty() || IsReplacement(value)) return true;
  if (value.size() > 512) return false;
  const std::string folded = absl::AsciiStrToLower(value);
  if (std::find(kHarmlessWords.begin(), kHarmlessWords.end(), folded) != kHarmlessWords.end()) return true;
  if (IsPlaceholder(value) || IsMask(value) || IsFilePath(value) || IsPattern(value)) return true;
  for (const absl::string_view reference : kReferences) {
    if (absl::StartsWith(value, reference)) return true;
  }
  return strength == KeyStrength::kWeak && All(value, IsDigit);
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
