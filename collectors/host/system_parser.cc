#include "collectors/host/system_parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

constexpr size_t kMaxValueBytes = 256;
constexpr int kMaxIdLike = 16;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsAlpha(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

// Undoes the shell quoting that os-release(5) allows.
std::string Unquote(absl::string_view value) {
  const char quote = value.empty() ? '\0' : value.front();
  const bool quoted = quote == '"' || quote == '\'';
  if (quoted) {
    value.remove_prefix(1);
    if (!value.empty() && value.back() == quote) value.remove_suffix(1);
  }
  std::string plain;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && quote != '\'' && i + 1 < value.size()) ++i;
    plain += value[i];
  }
  return ToRecordText(plain, kMaxValueBytes);
}

// Takes a run of digits or of other non-separators off the front.
absl::string_view NextPart(absl::string_view* text) {
  while (!text->empty() && !IsDigit(text->front()) && !IsAlpha(text->front())) text->remove_prefix(1);
  size_t length = 0;
  if (!text->empty()) {
    const bool digits = IsDigit(text->front());
    while (length < text->size() && (digits ? IsDigit((*text)[length]) : IsAlpha((*text)[length]))) ++length;
  }
  const absl::string_view part = text->substr(0, length);
  text->remove_prefix(length);
  return part;
}

int Sign(int value) { return (value > 0) - (value < 0); }

int CompareNumbers(absl::string_view a, absl::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return Sign(a.compare(b));
}

// What a release with `part` next is to one that has ended: older if that begins a candidate.
int AgainstEnd(absl::string_view part) { return part == "rc" ? -1 : 1; }

}  // namespace

pb::OperatingSystem ParseOsRelease(absl::string_view text) {
  pb::OperatingSystem os;
  os.set_id("linux");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos || line.front() == '#') continue;
    const absl::string_view key = line.substr(0, equals);
    std::string value = Unquote(line.substr(equals + 1));
    if (value.empty()) continue;
    if (key == "ID") os.set_id(absl::AsciiStrToLower(value));
    if (key == "NAME") os.set_name(value);
    if (key == "VERSION_ID") os.set_version(value);
    if (key == "PRETTY_NAME") os.set_pretty_name(value);
    if (key == "VERSION_CODENAME") os.set_codename(value);
    if (key != "ID_LIKE") continue;
    os.clear_id_like();
    for (const absl::string_view like : absl::StrSplit(value, ' ', absl::SkipEmpty())) {
      if (os.id_like_size() < kMaxIdLike) os.add_id_like(std::string(like));
    }
  }
  return os;
}

std::string FindFqdn(absl::string_view hosts, absl::string_view hostname) {
  if (hostname.empty() || absl::StrContains(hostname, '.')) return std::string(hostname);
  for (absl::string_view line : absl::StrSplit(hosts, '\n')) {
    line = line.substr(0, line.find('#'));
    const std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.size() < 2 || std::find(words.begin() + 1, words.end(), hostname) == words.end()) continue;
    for (auto name = words.begin() + 1; name != words.end(); ++name) {
      // `web-1.example.org`, not another machine's name on a shared line.
      absl::string_view rest = *name;
      if (absl::ConsumePrefix(&rest, hostname) && rest.size() > 1 && rest[0] == '.') {
        return ToRecordText(*name, kMaxValueBytes);
      }
    }
  }
  return "";
}

std::string TimezoneOfLink(absl::string_view target) {
  constexpr absl::string_view kDirectory = "zoneinfo/";
  const size_t at = target.find(kDirectory);
  if (at == absl::string_view::npos) return "";
  absl::string_view zone = target.substr(at + kDirectory.size());
  if (!absl::ConsumePrefix(&zone, "posix/")) absl::ConsumePrefix(&zone, "right/");
  const bool good = !zone.empty() && std::all_of(zone.begin(), zone.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
  return good ? std::string(zone) : "";
}

int CompareKernelReleases(absl::string_view a, absl::string_view b) {
  for (;;) {
    const absl::string_view left = NextPart(&a);
    const absl::string_view right = NextPart(&b);
    if (left.empty() && right.empty()) return 0;
    if (left.empty()) return -AgainstEnd(right);
    if (right.empty()) return AgainstEnd(left);
    const bool numbers = IsDigit(left[0]) && IsDigit(right[0]);
    if (!numbers && IsDigit(left[0]) != IsDigit(right[0])) return IsDigit(left[0]) ? 1 : -1;
    if ((left == "rc") != (right == "rc")) return left == "rc" ? -1 : 1;
    const int order = numbers ? CompareNumbers(left, right) : Sign(left.compare(right));
    if (order != 0) return order;
  }
}

std::string KernelFlavour(absl::string_view release) {
  const size_t plus = release.find('+');
  if (plus != absl::string_view::npos && plus + 1 < release.size()) return std::string(release.substr(plus + 1));
  for (size_t dash = release.find('-'); dash != absl::string_view::npos; dash = release.find('-', dash + 1)) {
    const absl::string_view rest = release.substr(dash + 1);
    const bool candidate = rest.size() > 2 && absl::StartsWith(rest, "rc") && IsDigit(rest[2]);
    if (!rest.empty() && IsAlpha(rest[0]) && !candidate) return std::string(rest);
  }
  return "";
}

std::string NewestKernel(const std::vector<std::string>& releases, absl::string_view running) {
  std::string newest;
  for (const std::string& release : releases) {
    if (!running.empty() && KernelFlavour(release) != KernelFlavour(running)) continue;
    if (newest.empty() || CompareKernelReleases(release, newest) > 0) newest = release;
  }
  return newest;
}

std::string ReleaseOfImage(absl::string_view file_name) {
  if (!absl::ConsumePrefix(&file_name, "vmlinuz-") && !absl::ConsumePrefix(&file_name, "vmlinux-")) return "";
  if (file_name.empty() || !IsDigit(file_name[0]) || file_name.size() > kMaxValueBytes) return "";
  // `vmlinuz-0-rescue-…` of dracut, `.old` and package managers' leftovers.
  if (absl::StrContains(file_name, "rescue")) return "";
  for (const absl::string_view suffix : {".old", ".bak", ".dpkg-new", ".dpkg-bak", ".rpmsave", ".efi.signed"}) {
    if (absl::EndsWith(file_name, suffix)) return "";
  }
  return ToRecordText(file_name, kMaxValueBytes);
}

}  // namespace rollcall
