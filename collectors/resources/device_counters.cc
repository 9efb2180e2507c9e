#include "collectors/resources/device_counters.h"

#include <algorithm>
#include <limits>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr size_t kMaxProblems = 10;
constexpr size_t kMaxLineBytes = 1024;
constexpr uint64_t kSectorBytes = 512;

// Parses the lines after the first `headings` with `parse_line`.
template <size_t N, typename ParseLine>
DeviceTable<N> ParseTable(absl::string_view file, absl::string_view text, size_t headings, ParseLine parse_line) {
  DeviceTable<N> table;
  size_t number = 0;
  const auto report = [&](absl::string_view what) {
    if (table.problems.size() >= kMaxProblems) return;
    table.problems.push_back(absl::InvalidArgumentError(absl::StrCat("parse ", file, ": line ", number, ": ", what)));
  };
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (++number <= headings || line.empty()) continue;
    if (table.devices.size() >= kMaxDevices) {
      report(absl::StrCat("more than ", kMaxDevices, " devices"));
      break;
    }
    if (line.size() > kMaxLineBytes) {
      report("longer than any that the kernel writes");
      continue;
    }
    absl::StatusOr<Device<N>> device = parse_line(line);
    if (device.ok()) {
      table.devices.push_back(*std::move(device));
    } else {
      report(device.status().message());
    }
  }
  return table;
}

std::vector<absl::string_view> Words(absl::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

absl::StatusOr<Device<kDiskCounters>> ParseDiskLine(absl::string_view line) {
  // major minor name, reads merged sectors ms, writes merged sectors ms, ... Partitions before
  // Linux 2.6.25 have four figures only: reads sectors writes sectors.
  constexpr size_t kName = 2;
  constexpr size_t kColumns = 11;
  constexpr size_t kShortColumns = 7;
  const std::vector<absl::string_view> words = Words(line);
  const bool is_short = words.size() == kShortColumns;
  if (words.size() < kColumns && !is_short) return absl::InvalidArgumentError("too few figures");
  Device<kDiskCounters> device;
  device.name = std::string(words[kName]);
  const absl::string_view columns[] = {words[is_short ? 4 : 5], words[3], words[is_short ? 6 : 9],
                                       words[is_short ? 5 : 7]};
  for (size_t i = 0; i < kDiskCounters; ++i) {
    const bool sectors = i == kReadBytes || i == kWrittenBytes;
    if (!absl::SimpleAtoi(columns[i], &device.counters[i]) ||
        (sectors && device.counters[i] > std::numeric_limits<uint64_t>::max() / kSectorBytes)) {
      return absl::InvalidArgumentError("a figure is not a number");
    }
    if (sectors) device.counters[i] *= kSectorBytes;
  }
  return device;
}

absl::StatusOr<Device<kInterfaceCounters>> ParseInterfaceLine(absl::string_view line) {
  // name: bytes packets errs drop fifo frame compressed multicast, bytes packets errs drop ...
  constexpr size_t kColumnOf[] = {0, 1, 2, 3, 8, 9, 10, 11};
  // An alias may have a colon in its name; the figures have none, but may follow without space.
  const size_t colon = line.rfind(':');
  if (colon == absl::string_view::npos) return absl::InvalidArgumentError("no interface name");
  const std::vector<absl::string_view> words = Words(line.substr(colon + 1));
  if (words.size() <= kColumnOf[kSendDrops]) return absl::InvalidArgumentError("too few figures");
  Device<kInterfaceCounters> device;
  device.name = std::string(absl::StripAsciiWhitespace(line.substr(0, colon)));
  if (device.name.empty()) return absl::InvalidArgumentError("no interface name");
  for (size_t i = 0; i < kInterfaceCounters; ++i) {
    if (!absl::SimpleAtoi(words[kColumnOf[i]], &device.counters[i])) {
      return absl::InvalidArgumentError("a figure is not a number");
    }
  }
  return device;
}

bool EndsInDigit(absl::string_view text) {
  return !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.back()));
}

bool IsNoDisk(absl::string_view name) {
  for (const absl::string_view prefix : {"loop", "ram", "zram", "sr", "fd"}) {
    absl::string_view rest = name;
    if (absl::ConsumePrefix(&rest, prefix) && EndsInDigit(rest)) return true;
  }
  return false;
}

template <size_t N>
std::optional<Counters<N>> Steps(const Counters<N>& before, const Counters<N>& after) {
  constexpr uint64_t kWrap = uint64_t{1} << 32;
  Counters<N> steps = {};
  bool any_back = false;
  bool any_forward = false;
  for (size_t i = 0; i < N; ++i) {
    if (after[i] >= before[i]) {
      steps[i] = after[i] - before[i];
      any_forward |= after[i] > 0;  // 0 to 0 says nothing
      continue;
    }
    any_back = true;
    const uint64_t wrapped = after[i] + kWrap - before[i];
    if (before[i] < kWrap / 2 || before[i] >= kWrap || wrapped >= kWrap / 2) return std::nullopt;
    steps[i] = wrapped;
  }
  if (any_back && !any_forward) return std::nullopt;
  return steps;
}

}  // namespace

DeviceTable<kDiskCounters> ParseDiskStats(absl::string_view text) {
  return ParseTable<kDiskCounters>("diskstats", text, 0, ParseDiskLine);
}

DeviceTable<kInterfaceCounters> ParseNetDev(absl::string_view text) {
  return ParseTable<kInterfaceCounters>("net/dev", text, 2, ParseInterfaceLine);
}

bool IsPartitionOf(absl::string_view name, absl::string_view disk) {
  if (disk.empty() || !absl::ConsumePrefix(&name, disk)) return false;
  // `dm-10` is no part of `dm-1`.
  if (EndsInDigit(disk) && !absl::ConsumePrefix(&name, "p")) return false;
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

std::vector<Device<kDiskCounters>> DisksInUse(std::vector<Device<kDiskCounters>> devices) {
  std::vector<Device<kDiskCounters>> disks;
  std::string disk;  // the last that was no partition
  for (Device<kDiskCounters>& device : devices) {
    if (IsPartitionOf(device.name, disk)) continue;
    disk = device.name;
    if (device.counters != Counters<kDiskCounters>{} && !IsNoDisk(device.name)) disks.push_back(std::move(device));
  }
  return disks;
}

std::optional<Counters<kDiskCounters>> StepsOf(const Counters<kDiskCounters>& before,
                                               const Counters<kDiskCounters>& after) {
  // The kernel counts sectors, not bytes; these wrap.
  Counters<kDiskCounters> first = before;
  Counters<kDiskCounters> second = after;
  for (const DiskCounter sectors : {kReadBytes, kWrittenBytes}) {
    first[sectors] /= kSectorBytes;
    second[sectors] /= kSectorBytes;
  }
  std::optional<Counters<kDiskCounters>> steps = Steps(first, second);
  if (steps.has_value()) {
    for (const DiskCounter sectors : {kReadBytes, kWrittenBytes}) (*steps)[sectors] *= kSectorBytes;
  }
  return steps;
}

std::optional<Counters<kInterfaceCounters>> StepsOf(const Counters<kInterfaceCounters>& before,
                                                    const Counters<kInterfaceCounters>& after) {
  return Steps(before, after);
}

}  // namespace rollcall
