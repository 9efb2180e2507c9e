#include "agent/watchdog/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WatchdogTest : public ::testing::Test {
 protected:
  WatchdogTest() {
    hooks_.read_usage = [this]() -> absl::StatusOr<ResourceUsage> {
      if (broken_) return absl::PermissionDeniedError("read /proc/self/statm: permission denied");
      return ResourceUsage{rss_mib_ << 20, cpu_per_sample_ * static_cast<double>(++reads_)};
    };
    hooks_.shed = [this] { ++sheds_; };
    hooks_.set_stretch = [this](uint32_t factor) { Note(&stretches_, std::to_string(factor)); };
    hooks_.exit = [this](const std::string& reason) { Note(&exits_, reason); };
    hooks_.report = [this](const std::string& message) { Note(&reports_, message); };
  }

  void Note(std::vector<std::string>* list, const std::string& text) {
    const std::lock_guard lock(mutex_);
    list->push_back(text);
  }
  std::vector<std::string> Copy(const std::vector<std::string>& list) {
    const std::lock_guard lock(mutex_);
    return list;
  }

  void Start() {
    watchdog_ = std::make_unique<Watchdog>(WatchdogLimits(), hooks_, &clock_);
    watchdog_->Start();
    ASSERT_TRUE(clock_.AwaitWaiters(1));
  }

  // One sample after the other.
  void Samples(int count) {
    for (int i = 0; i < count; ++i) {
      const uint64_t before = Taken();
      clock_.Advance(absl::Seconds(5));
      for (int spin = 0; Taken() == before && spin < 100000; ++spin) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
      ASSERT_EQ(Taken(), before + 1);
      ASSERT_TRUE(clock_.AwaitWaiters(1));
    }
  }
  uint64_t Taken() const {
    const WatchdogStats stats = watchdog_->Stats();
    return stats.samples + stats.failed_samples;
  }

  FakeClock clock_;
  std::atomic<uint64_t> rss_mib_{50};
  std::atomic<bool> broken_{false};
  absl::Duration cpu_per_sample_ = absl::Milliseconds(50);
  uint64_t reads_ = 0;
  std::atomic<int> sheds_{0};
  std::mutex mutex_;
  std::vector<std::string> stretches_, exits_, reports_;
  WatchdogHooks hooks_;
  std::unique_ptr<Watchdog> watchdog_;
};

TEST_F(WatchdogTest, QuietWithinLimits) {
  Start();
  Samples(100);
  watchdog_->Stop();
  EXPECT_EQ(sheds_, 0);
  EXPECT_THAT(Copy(reports_), IsEmpty());
  EXPECT_THAT(Copy(stretches_), IsEmpty());
  EXPECT_EQ(watchdog_->Stats().resident_bytes, uint64_t{50} << 20);
  EXPECT_NEAR(watchdog_->Stats().cpu_share.value_or(0), 0.01, 1e-6);
}

TEST_F(WatchdogTest, ShedsAndStretchesAndComesBack) {
  Start();
  rss_mib_ = 100;
  Samples(3);
  rss_mib_ = 50;
  Samples(3);
  watchdog_->Stop();
  EXPECT_EQ(sheds_, 1);
  EXPECT_THAT(Copy(stretches_), ElementsAre("2", "1"));
  EXPECT_THAT(Copy(reports_), SizeIs(2));
  EXPECT_EQ(watchdog_->Stats().sheds, 1u);
}

TEST_F(WatchdogTest, AsksOnceForTheEnd) {
  Start();
  rss_mib_ = 500;
  Samples(40);
  watchdog_->Stop();
  EXPECT_THAT(Copy(exits_), SizeIs(1));
  EXPECT_THAT(Copy(reports_), SizeIs(2));  // soft, then hard
}

TEST_F(WatchdogTest, CpuStretchesUnlessItIsTheFirstInventory) {
  std::atomic<bool> done{false};
  hooks_.first_inventory_done = [&] { return done.load(); };
  cpu_per_sample_ = absl::Seconds(4);
  Start();
  Samples(100);
  EXPECT_THAT(Copy(stretches_), IsEmpty());
  done = true;
  Samples(62);
  watchdog_->Stop();
  EXPECT_THAT(Copy(stretches_), ElementsAre("2"));
}

TEST_F(WatchdogTest, UnreadableUsageIsReportedOnce) {
  broken_ = true;
  Start();
  Samples(5);
  watchdog_->Stop();
  EXPECT_THAT(Copy(reports_), SizeIs(1));
  EXPECT_EQ(watchdog_->Stats().failed_samples, 5u);
  EXPECT_THAT(Copy(exits_), IsEmpty());
}

TEST_F(WatchdogTest, WorksWithoutOptionalHooks) {
  WatchdogHooks hooks;
  hooks.read_usage = hooks_.read_usage;
  hooks_ = hooks;
  rss_mib_ = 500;
  Start();
  Samples(20);
  watchdog_->Stop();
  EXPECT_EQ(watchdog_->Stats().samples, 20u);
}

TEST_F(WatchdogTest, StopsWithoutWaitingForTheNextSample) {
  Start();
  watchdog_->Stop();
  watchdog_->Stop();
  EXPECT_EQ(watchdog_->Stats().samples, 0u);
}

}  // namespace
}  // namespace rollcall
