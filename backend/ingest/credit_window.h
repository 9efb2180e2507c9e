// What one agent may send ahead of its acknowledgements, and whether it keeps to it.
#ifndef ROLLCALL_BACKEND_INGEST_CREDIT_WINDOW_H_
#define ROLLCALL_BACKEND_INGEST_CREDIT_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/time/time.h"

namespace rollcall {

struct WindowSize {
  uint32_t batches = 0;
  uint64_t bytes = 0;
  friend bool operator==(const WindowSize&, const WindowSize&) = default;
};

// The account of one session. A batch is in flight from its receipt to its acknowledgement; the
// agent counts from before the one to after the other, so one that keeps to its window by its own
// count keeps to it here. Not thread-safe.
class CreditWindow {
 public:
  // A smaller window is enforced only after this, and once nothing is in flight: what was sent
  // before the agent heard of it is accepted.
  static constexpr absl::Duration kSettle = absl::Seconds(30);
  // The agent's count leaves out a batch's sequence number.
  static constexpr uint64_t kSlackPerBatch = 64;

  explicit CreditWindow(const WindowSize& granted) : granted_(granted), enforced_(granted) {}

  const WindowSize& granted() const { return granted_; }
  // The agent was told of another window at monotonic time `now`.
  void Grant(const WindowSize& window, absl::Duration now);

  // A batch has come. False if that is more than was ever granted and may still be believed; one
  // batch is always allowed, whatever its size.
  bool Take(uint64_t sequence, uint64_t bytes);
  // Everything up to and including `sequence` is acknowledged.
  void Release(uint64_t sequence, absl::Duration now);

  size_t batches() const { return in_flight_.size(); }
  uint64_t bytes() const { return bytes_; }

 private:
  struct Batch {
    uint64_t sequence;
    uint64_t bytes;
  };

  WindowSize granted_;
  WindowSize enforced_;
  absl::Duration granted_at_;
  std::deque<Batch> in_flight_;
  uint64_t bytes_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_CREDIT_WINDOW_H_
