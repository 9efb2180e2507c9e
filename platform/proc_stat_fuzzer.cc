#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "platform/proc_stat.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto stat = rollcall::ParseProcStat(text);
  if (stat.ok()) {
    if (stat->comm.size() > size) std::abort();
    (void)rollcall::StartTime(absl::UnixEpoch(), stat->start_ticks);
  }
  (void)rollcall::ParseBootTime(text);
  return 0;
}
