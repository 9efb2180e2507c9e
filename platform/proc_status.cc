#include "platform/proc_status.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

// NGROUPS_MAX; longer lists do not come from a kernel.
constexpr size_t kMaxNumbers = 65536;

// Takes the next word off `text`; empty at the end.
absl::string_view NextWord(absl::string_view* text) {
  *text = absl::StripLeadingAsciiWhitespace(*text);
  const size_t end = std::min(text->find_first_of(" \t"), text->size());
  const absl::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

bool ParseNumbers(absl::string_view text, std::vector<uint32_t>* out) {
  for (absl::string_view word = NextWord(&text); !word.empty(); word = NextWord(&text)) {
    uint32_t number = 0;
    if (!absl::SimpleAtoi(word, &number) || out->size() >= kMaxNumbers) return false;
    out->push_back(number);
  }
  return true;
}

bool ParseIds(absl::string_view text, ProcStatus::Ids* ids) {
  return absl::SimpleAtoi(NextWord(&text), &ids->real) && absl::SimpleAtoi(NextWord(&text), &ids->effective) &&
         absl::SimpleAtoi(NextWord(&text), &ids->saved) && absl::SimpleAtoi(NextWord(&text), &ids->filesystem);
}

bool ParseHex(absl::string_view text, uint64_t* out) { return absl::SimpleHexAtoi(NextWord(&text), out); }

bool ParseKilobytes(absl::string_view text, std::optional<uint64_t>* out) {
  uint64_t kilobytes = 0;
  if (!absl::SimpleAtoi(NextWord(&text), &kilobytes) || kilobytes > std::numeric_limits<uint64_t>::max() / 1024) {
    return false;
  }
  *out = kilobytes * 1024;
  return true;
}

bool ParseCount(absl::string_view text, std::optional<uint32_t>* out) {
  uint32_t value = 0;
  if (!absl::SimpleAtoi(NextWord(&text), &value)) return false;
  *out = value;
  return true;
}

bool ParseFlag(absl::string_view text, std::optional<bool>* out) {
  const absl::string_view word = NextWord(&text);
  if (word != "0" && word != "1") return false;
  *out = word == "1";
  return true;
}

struct Line {
  absl::string_view key;
  bool (*parse)(absl::string_view value, ProcStatus* status);
};

// In the order of the kernel's output.
constexpr Line kLines[] = {
    {"Uid", [](absl::string_view v, ProcStatus* s) { return ParseIds(v, &s->uid); }},
    {"Gid", [](absl::string_view v, ProcStatus* s) { return ParseIds(v, &s->gid); }},
    {"Groups", [](absl::string_view v, ProcStatus* s) { return ParseNumbers(v, &s->groups); }},
    {"NSpid", [](absl::string_view v, ProcStatus* s) { return ParseNumbers(v, &s->namespace_pids); }},
    {"VmRSS", [](absl::string_view v, ProcStatus* s) { return ParseKilobytes(v, &s->resident_bytes); }},
    {"VmSwap", [](absl::string_view v, ProcStatus* s) { return ParseKilobytes(v, &s->swap_bytes); }},
    {"Threads", [](absl::string_view v, ProcStatus* s) { return ParseCount(v, &s->threads); }},
    {"CapPrm", [](absl::string_view v, ProcStatus* s) { return ParseHex(v, &s->capabilities_permitted); }},
    {"CapEff", [](absl::string_view v, ProcStatus* s) { return ParseHex(v, &s->capabilities_effective); }},
    {"CapBnd", [](absl::string_view v, ProcStatus* s) { return ParseHex(v, &s->capabilities_bounding); }},
    {"NoNewPrivs", [](absl::string_view v, ProcStatus* s) { return ParseFlag(v, &s->no_new_privs); }},
    {"Seccomp", [](absl::string_view v, ProcStatus* s) { return ParseCount(v, &s->seccomp); }},
};
constexpr size_t kLineCount = std::size(kLines);
constexpr size_t kUidLine = 0;
constexpr size_t kGidLine = 1;

}  // namespace

absl::StatusOr<ProcStatus> ParseProcStatus(absl::string_view text) {
  ProcStatus status;
  bool seen[kLineCount] = {};
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const absl::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    const absl::string_view key = line.substr(0, colon);
    const auto* found =
        std::find_if(std::begin(kLines), std::end(kLines), [key](const Line& l) { return l.key == key; });
    if (found == std::end(kLines) || seen[found - kLines]) continue;
    seen[found - kLines] = true;
    if (!found->parse(line.substr(colon + 1), &status)) {
      return absl::InvalidArgumentError(absl::StrCat("parse status: bad ", found->key));
    }
  }
  if (!seen[kUidLine]) return absl::InvalidArgumentError("parse status: no Uid");
  if (!seen[kGidLine]) return absl::InvalidArgumentError("parse status: no Gid");
  return status;
}

}  // namespace rollcall
