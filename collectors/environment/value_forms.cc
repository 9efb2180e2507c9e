// HasForm of shown_values.h.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/environment/shown_values.h"
#include "collectors/environment/variable.h"

namespace rollcall {
namespace {

constexpr size_t kMaxPathBytes = 4'096;
// Of one number: a port has as many digits.
constexpr size_t kLongestNumber = 5;

// Folders at the root of systems and of container images.
constexpr std::array<absl::string_view, 26> kRootFolders = {
    "app", "bin", "boot", "code", "conda", "data", "etc",  "go",   "home", "lib", "lib32", "lib64", "libx32",
    "mnt", "nix", "opt",  "proc", "root",  "run",  "sbin", "snap", "srv",  "sys", "usr",   "var",   "workspace",
};
constexpr std::array<absl::string_view, 18> kZoneAreas = {
    "Africa", "America", "Antarctica", "Arctic", "Asia",   "Atlantic", "Australia", "Brazil", "Canada",
    "Chile",  "Etc",     "Europe",     "Indian", "Mexico", "Pacific",  "US",        "posix",  "right",
};
constexpr std::array<absl::string_view, 12> kTerminals = {"ansi", "dumb",  "linux", "rxvt",  "screen", "st",
                                                          "tmux", "vt100", "vt102", "vt220", "xterm",  "unknown"};
constexpr std::array<absl::string_view, 6> kTerminalKinds = {"256color", "color", "unicode", "direct", "kitty", "bce"};
constexpr std::array<absl::string_view, 12> kDeployments = {
    "dev", "development", "int", "local", "preprod", "prod", "production", "qa", "stage", "staging", "test", "uat"};
constexpr std::array<absl::string_view, 12> kWords = {"dialog",   "docker",         "kubernetes", "lxc",
                                                      "newt",     "noninteractive", "oci",        "podman",
                                                      "readline", "systemd-nspawn", "teletype",   "text"};
constexpr std::array<absl::string_view, 8> kCharsets = {"utf8",       "utf-8",     "iso8859-1", "iso88591",
                                                        "iso8859-15", "iso885915", "koi8-r",    "gb18030"};
// What may follow the digits of a version.
constexpr std::array<absl::string_view, 14> kVersionWords = {"alpha", "beta", "rc",  "a",   "b",    "p",      "r",
                                                             "ga",    "lts",  "dev", "deb", "dfsg", "ubuntu", "final"};

template <size_t kSize>
bool Holds(const std::array<absl::string_view, kSize>& list, absl::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool IsAlpha(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// Takes as many bytes as `take` likes.
template <typename Take>
absl::string_view TakeWhile(absl::string_view* text, Take take) {
  size_t end = 0;
  while (end < text->size() && take((*text)[end])) ++end;
  const absl::string_view taken = text->substr(0, end);
  text->remove_prefix(end);
  return taken;
}

// A folder's name, in letters that keys rarely keep to.
bool IsPathPart(absl::string_view part) {
  constexpr size_t kShortestKey = 6;
  const auto any = [part](auto is_kind) {
    return std::any_of(part.begin(), part.end(), [is_kind](unsigned char c) { return is_kind(c); });
  };
  const bool mixed = any(absl::ascii_isupper) && any(absl::ascii_islower) && any(absl::ascii_isdigit);
  return !(mixed && part.size() >= kShortestKey) &&
         std::all_of(part.begin(), part.end(), [](char c) { return IsAlnum(c) || absl::StrContains("._-*", c); });
}

bool IsPath(absl::string_view path) {
  if (path == "/") return true;
  if (!absl::ConsumePrefix(&path, "/") || path.size() > kMaxPathBytes) return false;
  const std::vector<absl::string_view> parts = absl::StrSplit(absl::StripSuffix(path, "/"), '/');
  return Holds(kRootFolders, parts[0]) && std::all_of(parts.begin(), parts.end(), IsPathPart);
}

// `$PATH` or `${PATH}`, but nothing that runs a command.
bool IsReference(absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "$")) return false;
  if (absl::ConsumePrefix(&text, "{") && !absl::ConsumeSuffix(&text, "}")) return false;
  return IsVariableName(text);
}

bool IsPathList(absl::string_view value) {
  const std::vector<absl::string_view> parts = absl::StrSplit(value, ':', absl::SkipEmpty());
  return !parts.empty() && std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
    return part == "." || IsPath(part) || IsReference(part);
  });
}

// language[_TERRITORY][.charset][@modifier], each short.
bool IsOneLocale(absl::string_view text) {
  if (text == "C" || text == "POSIX") return true;
  if (!absl::ConsumePrefix(&text, "C.")) {
    const absl::string_view language = TakeWhile(&text, [](char c) { return absl::ascii_islower(c); });
    if (language.size() < 2 || language.size() > 3) return false;
    if (absl::ConsumePrefix(&text, "_")) {
      const absl::string_view territory = TakeWhile(&text, [](char c) { return absl::ascii_isupper(c); });
      if (territory.size() != 2) return false;
    }
    if (!absl::ConsumePrefix(&text, ".")) return text.empty() || text == "@euro" || text == "@latin";
  }
  const std::string charset = absl::AsciiStrToLower(TakeWhile(&text, [](char c) { return c != '@'; }));
  return Holds(kCharsets, charset) && (text.empty() || text == "@euro" || text == "@latin");
}

bool IsLocale(absl::string_view value) {
  const std::vector<absl::string_view> parts = absl::StrSplit(value, ':');
  constexpr size_t kMaxLocales = 8;
  return parts.size() <= kMaxLocales && std::all_of(parts.begin(), parts.end(), IsOneLocale);
}

// `UTC`, `GMT+2`, `CET-1CEST`, without rules for the change.
bool IsPosixZone(absl::string_view text) {
  const auto is_name = [](absl::string_view name) { return name.size() == 3 || name.size() == 4; };
  const auto is_upper = [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); };
  if (!is_name(TakeWhile(&text, is_upper))) return false;
  if (!absl::ConsumePrefix(&text, "-")) (void)absl::ConsumePrefix(&text, "+");
  if (TakeWhile(&text, IsDigit).size() > 2) return false;
  return text.empty() || (is_name(TakeWhile(&text, is_upper)) && text.empty());
}

bool IsTimeZone(absl::string_view value) {
  (void)absl::ConsumePrefix(&value, ":");
  if (IsPosixZone(value) || value == "/etc/localtime") return true;
  (void)absl::ConsumePrefix(&value, "/usr/share/zoneinfo/");
  const std::vector<absl::string_view> parts = absl::StrSplit(value, '/');
  constexpr size_t kMaxParts = 3;
  constexpr size_t kLongestPart = 20;
  return parts.size() >= 2 && parts.size() <= kMaxParts && Holds(kZoneAreas, parts[0]) &&
         std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
           return !part.empty() && part.size() <= kLongestPart && std::all_of(part.begin(), part.end(), [](char c) {
             return IsAlnum(c) || absl::StrContains("_+-", c);
           });
         });
}

// Numbers with points, then known words and numbers.
bool IsVersion(absl::string_view value) {
  constexpr size_t kLongest = 32;
  if (value.size() > kLongest) return false;
  (void)absl::ConsumePrefix(&value, "v");
  if (value.empty() || !IsDigit(value.front())) return false;
  while (!value.empty()) {
    const absl::string_view number = TakeWhile(&value, IsDigit);
    const absl::string_view word = TakeWhile(&value, IsAlpha);
    const absl::string_view mark = TakeWhile(&value, [](char c) { return absl::StrContains(".-+~_", c); });
    if (number.empty() && word.empty() && mark.empty()) return false;
    if (number.size() > kLongestNumber || mark.size() > 1) return false;
    if (!word.empty() && !Holds(kVersionWords, absl::AsciiStrToLower(word))) return false;
    if (value.empty() && !mark.empty()) return false;
  }
  return true;
}

bool IsAddress(absl::string_view value) {
  constexpr size_t kLongest = 39;
  if (value.size() > kLongest) return false;
  const char separator = absl::StrContains(value, ':') ? ':' : '.';
  const std::vector<absl::string_view> parts = absl::StrSplit(value, separator);
  if (separator == '.' ? parts.size() != 4 : parts.size() < 3) return false;
  return std::all_of(parts.begin(), parts.end(), [separator](absl::string_view part) {
    const bool digits = separator == '.' ? std::all_of(part.begin(), part.end(), IsDigit)
                                         : std::all_of(part.begin(), part.end(), absl::ascii_isxdigit);
    return digits && (separator == '.' ? !part.empty() && part.size() <= 3 : part.size() <= 4);
  });
}

bool IsTerminal(absl::string_view value) {
  const std::vector<absl::string_view> parts = absl::StrSplit(value, absl::MaxSplits('-', 1));
  return Holds(kTerminals, parts[0]) && (parts.size() == 1 || Holds(kTerminalKinds, parts[1]));
}

}  // namespace

bool HasForm(ValueForm form, absl::string_view value) {
  if (value.empty()) return false;
  switch (form) {
    case ValueForm::kPath:
      return IsPath(value);
    case ValueForm::kPathList:
      return IsPathList(value);
    case ValueForm::kLocale:
      return IsLocale(value);
    case ValueForm::kTimeZone:
      return IsTimeZone(value);
    case ValueForm::kVersion:
      return IsVersion(value);
    case ValueForm::kAddress:
      return IsAddress(value);
    case ValueForm::kNumber:
      return value.size() <= kLongestNumber && std::all_of(value.begin(), value.end(), IsDigit);
    case ValueForm::kTerminal:
      return IsTerminal(value);
    case ValueForm::kDeployment:
      return Holds(kDeployments, absl::AsciiStrToLower(value));
    case ValueForm::kWord:
      return Holds(kWords, value);
  }
  return false;
}

}  // namespace rollcall
