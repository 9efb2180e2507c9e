// Calls agents back when their time has come, on one thread.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_FLEET_SCHEDULER_H_
#define ROLLCALL_TESTS_BENCH_FLEET_FLEET_SCHEDULER_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "platform/clock.h"

namespace rollcall {

// Something to be deleted on the scheduler's thread.
class Buried {
 public:
  virtual ~Buried() = default;
};

// Thread-safe. Calls are never early, and may be in vain: an agent may have moved its time since.
class FleetScheduler {
 public:
  using OnTime = std::function<void(size_t agent)>;

  FleetScheduler(const Clock* clock, OnTime on_time);
  // Calls nobody any more once it returns.
  ~FleetScheduler();

  // Calls for `agent` when the monotonic clock shows `when`.
  void At(absl::Duration when, size_t agent);
  // Deletes `object` soon: gRPC's threads may not delete the last of their channels.
  void Bury(std::unique_ptr<Buried> object);

 private:
  using Appointment = std::pair<absl::Duration, size_t>;

  void Run();

  const Clock* const clock_;
  const OnTime on_time_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::priority_queue<Appointment, std::vector<Appointment>, std::greater<>> appointments_;
  std::vector<std::unique_ptr<Buried>> graveyard_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_FLEET_SCHEDULER_H_
