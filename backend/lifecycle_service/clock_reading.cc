#include "backend/lifecycle_service/clock_reading.h"

#include <sys/timex.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "backend/pki/credential_files.h"

namespace rollcall {

ClockReading ReadMachineClock(const Clock& clock) {
  ClockReading reading;
  timex kernel = {};  // modes 0: asks only
  reading.uncertainty = absl::InfiniteDuration();
  if (::adjtimex(&kernel) >= 0) {
    reading.synchronised = (kernel.status & STA_UNSYNC) == 0;
    reading.uncertainty = absl::Microseconds(kernel.maxerror);
  }
  const absl::StatusOr<std::string> boot = ReadSmallFile("/proc/sys/kernel/random/boot_id");
  if (boot.ok()) reading.boot_id = std::string(absl::StripAsciiWhitespace(*boot));
  reading.wall = clock.Now();
  reading.monotonic = clock.Monotonic();
  return reading;
}

}  // namespace rollcall
