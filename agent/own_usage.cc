#include "agent/own_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "agent/identity/local_file.h"
#include "platform/status_macros.h"

namespace rollcall {

absl::StatusOr<ResourceUsage> ReadOwnUsage() {
  // proc(5): size resident shared text lib data dt, in pages.
  ROLLCALL_ASSIGN_OR_RETURN(const std::string statm, ReadLocalFile("/proc/self/statm", 4096));
  const std::vector<absl::string_view> fields = absl::StrSplit(statm, ' ');
  uint64_t pages = 0;
  if (fields.size() < 2 || !absl::SimpleAtoi(fields[1], &pages)) {
    return absl::DataLossError("read /proc/self/statm: unexpected form");
  }
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);  // fails only for a wrong first argument
  ResourceUsage usage;
  usage.resident_bytes = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  usage.cpu_time = absl::DurationFromTimeval(used.ru_utime) + absl::DurationFromTimeval(used.ru_stime);
  return usage;
}

}  // namespace rollcall
