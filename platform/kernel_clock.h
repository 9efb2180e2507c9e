// What the running kernel says of its clock.
#ifndef ROLLCALL_PLATFORM_KERNEL_CLOCK_H_
#define ROLLCALL_PLATFORM_KERNEL_CLOCK_H_

#include <optional>

namespace rollcall {

// Whether something disciplines the clock, by adjtimex(2) without changing anything. Unset if
// the call is refused. Of this machine, whatever tree is read.
std::optional<bool> KernelClockSynchronized();

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_KERNEL_CLOCK_H_
