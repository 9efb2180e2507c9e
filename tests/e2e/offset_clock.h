// The machine's clock, ahead by as much as a file says: one that a test moves under a program that runs.
#ifndef ROLLCALL_TESTS_E2E_OFFSET_CLOCK_H_
#define ROLLCALL_TESTS_E2E_OFFSET_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "backend/retention/purge_guards.h"
#include "platform/clock.h"

namespace rollcall {

// Several, in several processes, may share a file. Time that was put in passed while nobody looked: wall clock and
// monotonic clock agree about it. Thread-safe.
class OffsetClock : public Clock {
 public:
  // Makes the file if there is none. Ends the process if it cannot be used.
  explicit OffsetClock(const std::string& file);
  ~OffsetClock() override;
  OffsetClock(const OffsetClock&) = delete;
  OffsetClock& operator=(const OffsetClock&) = delete;

  void Advance(absl::Duration duration) { *nanoseconds_ += absl::ToInt64Nanoseconds(duration); }

  absl::Time Now() const override { return system_.Now() + offset(); }
  absl::Duration Monotonic() const override { return system_.Monotonic() + offset(); }
  // Of real time.
  bool WaitUntil(absl::Duration deadline, const StopToken& stop) const override {
    return system_.WaitUntil(deadline - offset(), stop);
  }
  // Of a clock that everybody trusts.
  ClockReading Reading() const { return {Now(), absl::Milliseconds(10), true, Monotonic(), "test"}; }

 private:
  absl::Duration offset() const { return absl::Nanoseconds(nanoseconds_->load()); }

  SystemClock system_;
  std::atomic<int64_t>* nanoseconds_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_OFFSET_CLOCK_H_
