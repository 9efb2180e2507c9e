#include "agent/identity/epoch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

class EpochTest : public ::testing::Test {
 protected:
  EpochTest() : path_(::testing::TempDir() + "/rollcall_epoch_test_" + std::to_string(getpid())) {
    std::filesystem::remove(path_);
  }
  ~EpochTest() override { std::filesystem::remove(path_); }

  uint64_t Start() {
    const auto epoch = EpochSource::Open(path_, clock_);
    EXPECT_EQ(epoch.status(), absl::OkStatus());
    return epoch.ok() ? (*epoch)->current() : 0;
  }

  std::string path_;
  FakeClock clock_;
};

TEST_F(EpochTest, StartsAtTheTimeInMicroseconds) {
  EXPECT_EQ(Start(), static_cast<uint64_t>(absl::ToUnixMicros(clock_.Now())));
}

TEST_F(EpochTest, GrowsWithEveryStartWhateverTheClockDoes) {
  const uint64_t first = Start();
  const uint64_t second = Start();  // the clock stands still
  EXPECT_EQ(second, first + 1);
  clock_.JumpWallClock(absl::UnixEpoch() - absl::Hours(1));
  EXPECT_EQ(Start(), second + 1);
  clock_.JumpWallClock(absl::FromUnixMicros(static_cast<int64_t>(second) + 1000000));
  EXPECT_EQ(Start(), second + 1000000);
}

TEST_F(EpochTest, ADamagedFileIsAsGoodAsNone) {
  for (const char* text : {"", "abc", "-1", "99999999999999999999999", "18446744073709551615"}) {
    std::ofstream(path_) << text;
    EXPECT_EQ(Start(), static_cast<uint64_t>(absl::ToUnixMicros(clock_.Now()))) << text;
  }
}

TEST_F(EpochTest, RaisesAboveWhatTheBackendHasSeen) {
  const auto epoch = EpochSource::Open(path_, clock_);
  ASSERT_TRUE(epoch.ok());
  const uint64_t first = (*epoch)->current();
  EXPECT_EQ((*epoch)->RaiseAbove(first - 1), absl::OkStatus());
  EXPECT_EQ((*epoch)->current(), first);
  EXPECT_EQ((*epoch)->RaiseAbove(first + 100), absl::OkStatus());
  EXPECT_EQ((*epoch)->current(), first + 101);
  EXPECT_EQ(Start(), first + 102);  // it was kept
  EXPECT_EQ((*epoch)->RaiseAbove(std::numeric_limits<uint64_t>::max()).code(), absl::StatusCode::kOutOfRange);
}

TEST_F(EpochTest, AnEpochThatCannotBeKeptIsNotTaken) {
  path_ = "/nonexistent/rollcall/epoch";
  EXPECT_EQ(EpochSource::Open(path_, clock_).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace rollcall
