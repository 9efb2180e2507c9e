// Bytes as a calendar of working days. What is accepted counts: a period of working days ends, takes at least as
// many days as it has, and grows with its length; what is refused says where.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/match.h"
#include "backend/retention/calendar_loader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto days = rollcall::ParseWorkingDays(absl::string_view(reinterpret_cast<const char*>(data), size), "f");
  if (!days.ok()) {
    if (!absl::StartsWith(days.status().message(), "f:")) std::abort();
    return 0;
  }
  for (const absl::CivilDay start : {absl::CivilDay(2024, 2, 28), absl::CivilDay(1900, 12, 31)}) {
    absl::CivilDay last = start;
    for (int count = 1; count <= 30; ++count) {
      const absl::CivilDay day = days->Add(start, count);
      if (day <= last || day < start + count || !days->IsWorking(day)) std::abort();
      last = day;
    }
  }
  return 0;
}
