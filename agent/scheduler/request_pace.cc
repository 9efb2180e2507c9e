#include "agent/scheduler/request_pace.h"

#include <algorithm>

namespace rollcall {

void RequestPace::Ask(absl::Duration now) {
  last_ask_ = now;
  if (asked_) return;
  asked_ = true;
  first_ask_ = now;
  if (now - served_at_ >= limits_.last_pause) pause_ = absl::ZeroDuration();
}

absl::Duration RequestPace::due() const {
  if (!asked_) return absl::InfiniteDuration();
  // Counted from the first request too, so that a stream of them cannot put the run off for ever.
  const absl::Duration settled = std::min(last_ask_ + limits_.settle, first_ask_ + limits_.patience);
  return std::max(settled, served_at_ + std::max(pause_, rest_));
}

void RequestPace::RunBegins() {
  serving_ = asked_;
  asked_ = false;
}

void RequestPace::RunEnded(absl::Duration now, absl::Duration took) {
  if (!serving_) return;
  serving_ = false;
  served_at_ = now;
  pause_ = pause_ == absl::ZeroDuration() ? limits_.first_pause : std::min(2 * pause_, limits_.last_pause);
  rest_ = std::min(limits_.rest_per_work * took, limits_.longest_rest);
}

}  // namespace rollcall
