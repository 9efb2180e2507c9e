#include "backend/ingest/handshake_limiter.h"

#include <algorithm>

namespace rollcall {

HandshakeLimiter::HandshakeLimiter(double per_second) : per_second_(per_second), tokens_(per_second) {}

std::optional<absl::Duration> HandshakeLimiter::Admit(absl::Duration now) {
  if (now > filled_at_) {
    const double seconds = absl::ToDoubleSeconds(std::min(now - filled_at_, absl::Seconds(1)));
    tokens_ = std::min(per_second_, tokens_ + seconds * per_second_);
    filled_at_ = now;
  }
  if (tokens_ < 1) return NextSlot(now);
  tokens_ -= 1;
  return std::nullopt;
}

absl::Duration HandshakeLimiter::NextSlot(absl::Duration now) {
  booked_until_ = std::max(booked_until_, now + absl::Seconds(1)) + absl::Seconds(1 / per_second_);
  // Beyond the longest wait the queue begins anew: it is spread over that time already.
  if (booked_until_ - now > kLongestWait) booked_until_ = now + absl::Seconds(1);
  return booked_until_ - now;
}

}  // namespace rollcall
