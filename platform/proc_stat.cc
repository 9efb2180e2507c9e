#include "platform/proc_stat.h"

#include <algorithm>
#include <array>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

// Fields after comm, up to rss; numbers as in proc(5), where state is field 3.
constexpr size_t kFirstField = 3;
constexpr size_t kLastField = 24;
using Fields = std::array<absl::string_view, kLastField - kFirstField + 1>;

absl::Status BadField(size_t number) {
  return absl::InvalidArgumentError(absl::StrCat("parse stat: field ", number, " is missing or not a number"));
}

template <typename T>
absl::Status Get(const Fields& fields, size_t number, T* out) {
  return absl::SimpleAtoi(fields[number - kFirstField], out) ? absl::OkStatus() : BadField(number);
}

// Splits at single spaces without allocating; missing fields stay empty.
Fields SplitFields(absl::string_view text) {
  Fields fields;
  for (absl::string_view& field : fields) {
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fields;
}

absl::Status FillNumbers(const Fields& fields, ProcStat* stat) {
  int64_t ppid = 0;
  int64_t group = 0;
  int64_t session = 0;
  int64_t tty = 0;
  int64_t threads = 0;
  int64_t resident = 0;
  // Signed in the kernel's format; -1 stands for none.
  for (const auto& [number, out] : {std::pair<size_t, int64_t*>{4, &ppid},
                                    {5, &group},
                                    {6, &session},
                                    {7, &tty},
                                    {20, &threads},
                                    {24, &resident}}) {
    if (absl::Status status = Get(fields, number, out); !status.ok()) return status;
  }
  const auto clamp = [](int64_t value) {
    return static_cast<uint32_t>(std::clamp<int64_t>(value, 0, std::numeric_limits<uint32_t>::max()));
  };
  stat->ppid = clamp(ppid);
  stat->process_group = clamp(group);
  stat->session = clamp(session);
  stat->tty = clamp(tty);
  stat->threads = clamp(threads);
  stat->resident_pages = static_cast<uint64_t>(std::max<int64_t>(resident, 0));
  if (absl::Status status = Get(fields, 9, &stat->flags); !status.ok()) return status;
  if (absl::Status status = Get(fields, 14, &stat->user_ticks); !status.ok()) return status;
  if (absl::Status status = Get(fields, 15, &stat->system_ticks); !status.ok()) return status;
  if (absl::Status status = Get(fields, 22, &stat->start_ticks); !status.ok()) return status;
  return Get(fields, 23, &stat->virtual_bytes);
}

}  // namespace

absl::StatusOr<ProcStat> ParseProcStat(absl::string_view text) {
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (open == absl::string_view::npos || close == absl::string_view::npos || close < open) {
    return absl::InvalidArgumentError("parse stat: no name in parentheses");
  }
  ProcStat stat;
  if (!absl::SimpleAtoi(text.substr(0, open), &stat.pid)) return BadField(1);
  stat.comm = std::string(text.substr(open + 1, close - open - 1));
  const Fields fields = SplitFields(absl::StripPrefix(text.substr(close + 1), " "));
  if (fields[0].size() != 1) return absl::InvalidArgumentError("parse stat: field 3 is not a state letter");
  stat.state = fields[0][0];
  if (absl::Status status = FillNumbers(fields, &stat); !status.ok()) return status;
  return stat;
}

absl::StatusOr<absl::Time> ParseBootTime(absl::string_view text) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::string_view value = line;
    int64_t seconds = 0;
    if (!absl::ConsumePrefix(&value, "btime ")) continue;
    if (!absl::SimpleAtoi(value, &seconds) || seconds < 0) break;
    return absl::FromUnixSeconds(seconds);
  }
  return absl::InvalidArgumentError("parse /proc/stat: no btime");
}

absl::Duration TicksToDuration(uint64_t ticks) {
  const auto seconds =
      static_cast<int64_t>(std::min<uint64_t>(ticks / kClockTicksPerSecond, std::numeric_limits<int64_t>::max()));
  return absl::Seconds(seconds) + absl::Milliseconds(static_cast<int64_t>(ticks % kClockTicksPerSecond) * 10);
}

absl::Time StartTime(absl::Time boot, uint64_t ticks) { return boot + TicksToDuration(ticks); }

}  // namespace rollcall
