#include "proto/wire_time.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(WireTime, RoundTrips) {
  for (const absl::Time time :
       {absl::UnixEpoch(), absl::FromUnixNanos(1), absl::FromUnixNanos(-1), absl::FromUnixNanos(1764000000123456789)}) {
    EXPECT_EQ(FromWire(ToWire(time)), time);
  }
  for (const absl::Duration duration :
       {absl::ZeroDuration(), absl::Nanoseconds(1), absl::Hours(24) + absl::Nanoseconds(7)}) {
    EXPECT_EQ(FromWire(ToWire(duration)), duration);
  }
}

TEST(WireTime, CutsWhatTheWireCannotHold) {
  EXPECT_TRUE(FromWire(ToWire(absl::InfiniteFuture())).has_value());
  EXPECT_TRUE(FromWire(ToWire(absl::InfinitePast())).has_value());
  EXPECT_TRUE(FromWire(ToWire(absl::InfiniteDuration())).has_value());
}

TEST(WireTime, RefusesMalformedValues) {
  google::protobuf::Timestamp time;
  time.set_nanos(-1);
  EXPECT_FALSE(FromWire(time).has_value());
  time.set_nanos(1'000'000'000);
  EXPECT_FALSE(FromWire(time).has_value());
  time.set_nanos(0);
  time.set_seconds(253402300800);
  EXPECT_FALSE(FromWire(time).has_value());
  google::protobuf::Duration duration;
  duration.set_seconds(-1);
  EXPECT_FALSE(FromWire(duration).has_value());
  duration.set_seconds(INT64_MAX);
  EXPECT_FALSE(FromWire(duration).has_value());
}

}  // namespace
}  // namespace rollcall
