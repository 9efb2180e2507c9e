// How many callers nobody knows may be told so, and be kept in the ledger for it.
#ifndef ROLLCALL_BACKEND_TOKENS_REFUSAL_LIMITER_H_
#define ROLLCALL_BACKEND_TOKENS_REFUSAL_LIMITER_H_

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

// The part of gRPC's name of a peer that one subscriber has to itself: an IPv4 address, the first 64 bits of an IPv6
// address, without the port; the whole name if it is neither. Pure.
std::string NetworkOf(absl::string_view peer);

// Refusals come in bursts and then at a rate, from each network and from all together. What it remembers is bounded
// by the latter. Thread-safe.
class RefusalLimiter {
 public:
  static constexpr double kBurst = 10;
  static constexpr double kTotalBurst = 100;
  static constexpr absl::Duration kEach = absl::Seconds(6);
  static constexpr absl::Duration kTotalEach = absl::Seconds(5);

  // Whether one more of that network is to be told and kept. `now` is monotonic.
  bool Admit(const std::string& network, absl::Duration now);
  // Networks it remembers.
  size_t size() const;

 private:
  // So much is left, and was at that time.
  struct Bucket {
    double left;
    absl::Duration at;
  };
  static double LeftOf(const Bucket& bucket, double burst, absl::Duration each, absl::Duration now);
  void ForgetRecovered(absl::Duration now);

  mutable std::mutex mutex_;
  std::map<std::string, Bucket> networks_;
  Bucket total_{kTotalBurst, absl::ZeroDuration()};
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_TOKENS_REFUSAL_LIMITER_H_
