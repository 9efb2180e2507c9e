#include "platform/kernel_clock.h"

#include <sys/timex.h>

namespace rollcall {

std::optional<bool> KernelClockSynchronized() {
  timex query = {};  // modes 0: asks only
  if (::adjtimex(&query) < 0) return std::nullopt;
  return (query.status & STA_UNSYNC) == 0;
}

}  // namespace rollcall
