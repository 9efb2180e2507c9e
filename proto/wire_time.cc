#include "proto/wire_time.h"

#include <algorithm>

namespace rollcall {
namespace {

constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z
constexpr int64_t kLongestSeconds = 315576000000;
constexpr int32_t kNanosPerSecond = 1'000'000'000;

}  // namespace

std::optional<absl::Time> FromWire(const google::protobuf::Timestamp& wire) {
  if (wire.seconds() < kFirstSecond || wire.seconds() > kLastSecond) return std::nullopt;
  if (wire.nanos() < 0 || wire.nanos() >= kNanosPerSecond) return std::nullopt;
  return absl::FromUnixSeconds(wire.seconds()) + absl::Nanoseconds(wire.nanos());
}

google::protobuf::Timestamp ToWire(absl::Time time) {
  google::protobuf::Timestamp wire;
  time = std::clamp(time, absl::FromUnixSeconds(kFirstSecond), absl::FromUnixSeconds(kLastSecond));
  const int64_t seconds = absl::ToUnixSeconds(time);
  wire.set_seconds(seconds);
  wire.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return wire;
}

std::optional<absl::Duration> FromWire(const google::protobuf::Duration& wire) {
  if (wire.seconds() < 0 || wire.seconds() > kLongestSeconds) return std::nullopt;
  if (wire.nanos() < 0 || wire.nanos() >= kNanosPerSecond) return std::nullopt;
  return absl::Seconds(wire.seconds()) + absl::Nanoseconds(wire.nanos());
}

google::protobuf::Duration ToWire(absl::Duration duration) {
  google::protobuf::Duration wire;
  duration = std::clamp(duration, -absl::Seconds(kLongestSeconds), absl::Seconds(kLongestSeconds));
  const int64_t seconds = absl::ToInt64Seconds(duration);
  wire.set_seconds(seconds);
  wire.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration - absl::Seconds(seconds))));
  return wire;
}

}  // namespace rollcall
