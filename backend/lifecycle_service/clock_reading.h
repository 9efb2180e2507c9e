// The machine's clock, as guards want it described.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_SERVICE_CLOCK_READING_H_
#define ROLLCALL_BACKEND_LIFECYCLE_SERVICE_CLOCK_READING_H_

#include "backend/retention/purge_guards.h"
#include "platform/clock.h"

namespace rollcall {

// Reads `clock`, what the kernel says of its synchronisation (adjtimex(2)) and which boot this is. What cannot be
// learnt is said as what no guard trusts: not synchronised, uncertain without bound, no boot.
ClockReading ReadMachineClock(const Clock& clock);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_SERVICE_CLOCK_READING_H_
