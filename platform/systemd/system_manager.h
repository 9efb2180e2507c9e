// What systemd says of the units it has loaded.
#ifndef ROLLCALL_PLATFORM_SYSTEMD_SYSTEM_MANAGER_H_
#define ROLLCALL_PLATFORM_SYSTEMD_SYSTEM_MANAGER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace rollcall {

// State of one unit. Text is systemd's own and valid UTF-8.
struct UnitRunState {
  std::string name;
  // `loaded`, `not-found`, `masked`, `error`, ...
  std::string load_state;
  // `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`.
  std::string active_state;
  // Finer, and different for each type: `running`, `exited`, `listening`, `waiting`.
  std::string sub_state;
  // Main process of a running service; 0 if there is none or the answer came too late.
  uint32_t main_pid = 0;

  friend bool operator==(const UnitRunState&, const UnitRunState&) = default;
};

// A timer that is active: systemd will start its unit, or has, or is just about to.
struct TimerRunState {
  // UTF-8, ends in `.timer`.
  std::string name;
  // When it elapses next, by the wall clock, whatever random delay it has included. Unset if never,
  // and if the time told is none that can be kept. May have passed: its unit still runs.
  std::optional<absl::Time> next_elapse;
  // When it last did; unset if it has not since boot and keeps no stamp. Not before 1970.
  std::optional<absl::Time> last_trigger;

  friend bool operator==(const TimerRunState&, const TimerRunState&) = default;
};

// Thread-safe.
class SystemManager {
 public:
  // Units taken of one answer.
  static constexpr size_t kMaxUnits = 20'000;
  // Active timers asked for their times.
  static constexpr size_t kMaxTimers = 1'000;

  virtual ~SystemManager() = default;

  // All units loaded now, in no order. Returns within about `patience` whatever the other side
  // does. NotFound if there is no one to ask, PermissionDenied, DeadlineExceeded,
  // ResourceExhausted for an answer past all bounds, Unavailable otherwise.
  virtual absl::StatusOr<std::vector<UnitRunState>> ListUnits(absl::Duration patience) const = 0;

  // All timers active now, in no order. One that ends while it is asked is left out. Errors as
  // above; DeadlineExceeded also if only some were told in time, ResourceExhausted also for more
  // than kMaxTimers.
  virtual absl::StatusOr<std::vector<TimerRunState>> ListTimers(absl::Duration patience) const = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SYSTEMD_SYSTEM_MANAGER_H_
