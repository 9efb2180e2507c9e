#include "collectors/resources/proc_figures.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

// Longer lines are no figures of ours.
constexpr size_t kMaxLineBytes = 1024;

std::vector<absl::string_view> Words(absl::string_view line) {
  return absl::StrSplit(line.substr(0, kMaxLineBytes), absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

// Calls `take(line)` for each line until it returns false.
template <typename Take>
void ForEachLine(absl::string_view text, Take take) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (!take(text.substr(0, end)) || end == absl::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// Hundredths of a number such as `12.05`; nullopt for anything else.
std::optional<uint64_t> ParseHundredths(absl::string_view text) {
  const size_t dot = text.find('.');
  uint64_t whole = 0;
  uint64_t fraction = 0;
  if (dot == absl::string_view::npos || text.size() != dot + 3 || !absl::SimpleAtoi(text.substr(0, dot), &whole) ||
      !absl::SimpleAtoi(text.substr(dot + 1), &fraction) || whole > std::numeric_limits<uint32_t>::max()) {
    return std::nullopt;
  }
  return whole * 100 + fraction;
}

// The bytes of a line's value `1024 kB`; nullopt for anything else.
std::optional<uint64_t> ParseKilobytes(absl::string_view value) {
  const std::vector<absl::string_view> words = Words(value);
  uint64_t kilobytes = 0;
  if (words.size() != 2 || words[1] != "kB" || !absl::SimpleAtoi(words[0], &kilobytes) ||
      kilobytes > std::numeric_limits<uint64_t>::max() / 1024) {
    return std::nullopt;
  }
  return kilobytes * 1024;
}

absl::StatusOr<CpuTimes> ParseTotalLine(absl::string_view line) {
  // user nice system idle iowait irq softirq steal; guest and guest_nice are in user and nice.
  constexpr size_t kColumns = 8;
  // Before Linux 2.6 there are four.
  constexpr size_t kLeastColumns = 4;
  uint64_t ticks[kColumns] = {};
  const std::vector<absl::string_view> words = Words(line);
  if (words.size() <= kLeastColumns) return absl::InvalidArgumentError("parse stat: too few CPU times");
  for (size_t i = 0; i < kColumns && i + 1 < words.size(); ++i) {
    // So that sums cannot overflow.
    if (!absl::SimpleAtoi(words[i + 1], &ticks[i]) || ticks[i] > std::numeric_limits<uint64_t>::max() / 16) {
      return absl::InvalidArgumentError("parse stat: a CPU time is not a number");
    }
  }
  CpuTimes times;
  times.user = ticks[0] + ticks[1];
  times.system = ticks[2] + ticks[5] + ticks[6];
  times.idle = ticks[3];
  times.iowait = ticks[4];
  times.steal = ticks[7];
  return times;
}

}  // namespace

absl::StatusOr<CpuTimes> ParseCpuTimes(absl::string_view text) {
  absl::StatusOr<CpuTimes> times = absl::InvalidArgumentError("parse stat: no line of all CPUs");
  uint32_t cpus = 0;
  ForEachLine(text, [&](absl::string_view line) {
    if (!absl::StartsWith(line, "cpu")) return false;  // they come first
    if (absl::StartsWith(line, "cpu ")) {
      times = ParseTotalLine(line);
    } else {
      ++cpus;
    }
    return true;
  });
  if (times.ok()) times->cpus = cpus;
  return times;
}

absl::StatusOr<LoadSample> ParseLoadAverages(absl::string_view text) {
  const std::vector<absl::string_view> words = Words(text.substr(0, text.find('\n')));
  if (words.size() < 3) return absl::InvalidArgumentError("parse loadavg: fewer than three averages");
  std::optional<uint64_t> loads[3];
  for (size_t i = 0; i < 3; ++i) loads[i] = ParseHundredths(words[i]);
  if (!loads[0].has_value() || !loads[1].has_value() || !loads[2].has_value()) {
    return absl::InvalidArgumentError("parse loadavg: an average is not a number with two decimals");
  }
  return LoadSample{*loads[0], *loads[1], *loads[2]};
}

absl::StatusOr<MemorySample> ParseMemory(absl::string_view text) {
  struct Line {
    absl::string_view name;
    std::optional<uint64_t> bytes;
  };
  Line lines[] = {{"MemTotal:", {}}, {"MemAvailable:", {}}, {"SwapTotal:", {}}, {"SwapFree:", {}}};
  ForEachLine(text, [&lines](absl::string_view line) {
    for (Line& wanted : lines) {
      if (absl::ConsumePrefix(&line, wanted.name)) wanted.bytes = ParseKilobytes(line);
    }
    return true;
  });
  for (const Line& line : lines) {
    if (!line.bytes.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("parse meminfo: no ", absl::StripSuffix(line.name, ":")));
    }
  }
  const auto [total, available, swap_total, swap_free] =
      std::tuple(*lines[0].bytes, *lines[1].bytes, *lines[2].bytes, *lines[3].bytes);
  return MemorySample{total, std::min(available, total), swap_total, swap_total - std::min(swap_free, swap_total)};
}

absl::StatusOr<StallTotals> ParsePressure(absl::string_view text) {
  std::optional<uint64_t> some;
  std::optional<uint64_t> full;
  ForEachLine(text, [&](absl::string_view line) {
    const std::vector<absl::string_view> words = Words(line);
    if (words.empty()) return true;
    for (absl::string_view word : words) {
      uint64_t total = 0;
      if (!absl::ConsumePrefix(&word, "total=") || !absl::SimpleAtoi(word, &total)) continue;
      if (words[0] == "some") some = total;
      if (words[0] == "full") full = total;
    }
    return true;
  });
  if (!some.has_value()) return absl::InvalidArgumentError("parse pressure: no total of some tasks");
  return StallTotals{*some, full.value_or(0)};
}

absl::StatusOr<absl::Duration> ParseUptime(absl::string_view text) {
  const std::vector<absl::string_view> words = Words(text.substr(0, text.find('\n')));
  const std::optional<uint64_t> hundredths = words.empty() ? std::nullopt : ParseHundredths(words[0]);
  if (!hundredths.has_value()) {
    return absl::InvalidArgumentError("parse uptime: not a number of seconds with two decimals");
  }
  return absl::Milliseconds(10) * static_cast<int64_t>(*hundredths);
}

}  // namespace rollcall
