#include "platform/self_usage.h"

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "platform/proc_stat.h"
#include "platform/proc_status.h"

namespace rollcall {
namespace {

constexpr size_t kMaxProcBytes = 1 << 20;

// The `Pss:` line of smaps_rollup, in bytes.
std::optional<uint64_t> ParseProportional(absl::string_view text) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::ConsumePrefix(&line, "Pss:")) continue;
    uint64_t kilobytes = 0;
    line = absl::StripAsciiWhitespace(absl::StripSuffix(absl::StripAsciiWhitespace(line), "kB"));
    if (!absl::SimpleAtoi(line, &kilobytes) || kilobytes > std::numeric_limits<uint64_t>::max() / 1024) break;
    return kilobytes * 1024;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<SelfUsage> ReadSelfUsage(const FileTree& own_root) {
  absl::StatusOr<std::string> stat_text = own_root.ReadFile("/proc/self/stat", kMaxProcBytes);
  if (!stat_text.ok()) return stat_text.status();
  absl::StatusOr<ProcStat> stat = ParseProcStat(*stat_text);
  if (!stat.ok()) return stat.status();
  absl::StatusOr<std::string> status_text = own_root.ReadFile("/proc/self/status", kMaxProcBytes);
  if (!status_text.ok()) return status_text.status();
  absl::StatusOr<ProcStatus> status = ParseProcStatus(*status_text);
  if (!status.ok()) return status.status();

  SelfUsage usage;
  usage.resident_bytes = status->resident_bytes.value_or(0);
  usage.cpu_time = TicksToDuration(stat->user_ticks) + TicksToDuration(stat->system_ticks);
  usage.threads = stat->threads;
  absl::StatusOr<std::string> rollup = own_root.ReadFile("/proc/self/smaps_rollup", kMaxProcBytes);
  if (rollup.ok()) usage.proportional_bytes = ParseProportional(*rollup);
  absl::StatusOr<std::vector<DirectoryEntry>> files = own_root.List("/proc/self/fd");
  if (files.ok()) usage.open_files = static_cast<uint32_t>(files->size());
  return usage;
}

}  // namespace rollcall
