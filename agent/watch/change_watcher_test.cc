#include "agent/watch/change_watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "platform/clock.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Who was asked to run. Thread-safe.
class Requests {
 public:
  void Add(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.push_back(name);
    changed_.notify_all();
  }
  bool AwaitSize(size_t size) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return names_.size() >= size; });
  }
  std::set<std::string> names() {
    const std::lock_guard lock(mutex_);
    return {names_.begin(), names_.end()};
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return names_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> names_;
};

class ChangeWatcherTest : public ::testing::Test {
 protected:
  void Start(ChangeWatcherOptions options = {}) {
    watcher_ = std::make_unique<ChangeWatcher>(
        &files_.tree(),
        std::vector<WatchedCollector>{{"accounts", {"/etc/passwd", "/etc/group"}},
                                      {"tasks", {"/etc/passwd", "/etc/cron.d/"}}},
        [this](const std::string& name) { requests_.Add(name); }, clock_, &logger_, options);
    watcher_->Start();
  }

  FixtureTree files_;
  Requests requests_;
  NullLogger logger_;
  SystemClock system_clock_;
  FakeClock fake_clock_;
  const Clock* clock_ = &system_clock_;
  std::unique_ptr<ChangeWatcher> watcher_;
};

TEST_F(ChangeWatcherTest, AsksThoseWhoReadWhatChanged) {
  files_.SetFile("/etc/passwd", "x");
  Start();
  EXPECT_EQ(watcher_->Stats().status, absl::OkStatus());
  EXPECT_THAT(watcher_->Stats().gaps, IsEmpty());
  files_.SetFile("/etc/passwd", "y");
  ASSERT_TRUE(requests_.AwaitSize(2));
  EXPECT_THAT(requests_.names(), ElementsAre("accounts", "tasks"));
  watcher_->Stop();
  EXPECT_GE(watcher_->Stats().changes, 1u);
}

TEST_F(ChangeWatcherTest, DoesNotAskTheOthers) {
  Start();
  files_.SetFile("/etc/cron.d/job", "y");
  files_.SetFile("/etc/other", "y");
  ASSERT_TRUE(requests_.AwaitSize(1));
  EXPECT_THAT(requests_.names(), ElementsAre("tasks"));
}

TEST_F(ChangeWatcherTest, ABurstIsAFewRequests) {
  files_.SetFile("/etc/group", "x");
  Start();
  const SystemClock clock;
  const absl::Duration begin = clock.Monotonic();
  for (int i = 0; i < 1000; ++i) files_.SetFile("/etc/group", "y");
  ASSERT_TRUE(requests_.AwaitSize(1));
  watcher_->Stop();
  // One look for each rest, however long a busy machine takes for the changes.
  const absl::Duration took = clock.Monotonic() - begin;
  EXPECT_LE(static_cast<double>(requests_.size()), 2 + absl::FDivDuration(took, ChangeWatcherOptions().rest));
}

TEST_F(ChangeWatcherTest, GapsNameTheirCollectorsAndAreTriedAgain) {
  files_.SetFile("/etc/passwd", "x");
  files_.SetFile("/etc/group", "x");
  ChangeWatcherOptions options;
  options.retry = absl::Milliseconds(20);
  options.max_watches = 3;  // the root, /etc, and one file
  Start(options);
  std::vector<ChangeWatcherStats::Gap> gaps = watcher_->Stats().gaps;
  ASSERT_EQ(gaps.size(), 2u);
  EXPECT_EQ(gaps[0].path, "/etc/passwd");
  EXPECT_EQ(gaps[0].collector, "accounts");
  EXPECT_EQ(gaps[1].collector, "tasks");
  files_.Unset("/etc/group");  // leaves room for another
  ASSERT_TRUE(requests_.AwaitSize(3)) << "/etc/group changed; /etc/passwd may have, for both who read it";
  watcher_->Stop();
  EXPECT_THAT(watcher_->Stats().gaps, IsEmpty());
}

TEST_F(ChangeWatcherTest, GapsAreTriedAgainWhenTheirTimeComesWhateverChanges) {
  clock_ = &fake_clock_;
  files_.SetFile("/etc/passwd", "x");
  files_.SetFile("/etc/group", "x");
  ChangeWatcherOptions options;
  options.retry = absl::Hours(1);  // the test does not wait so long for it to be quiet
  options.max_watches = 3;
  Start(options);
  ASSERT_EQ(watcher_->Stats().gaps.size(), 2u);
  files_.SetFile("/etc/group", "y");
  ASSERT_TRUE(requests_.AwaitSize(1));
  EXPECT_THAT(requests_.names(), ElementsAre("accounts")) << "not before it is time";
  files_.Unset("/etc/group");  // leaves room for another
  const absl::Duration give_up = system_clock_.Monotonic() + absl::Seconds(20);
  while (requests_.names().count("tasks") == 0 && system_clock_.Monotonic() < give_up) {
    fake_clock_.Advance(absl::Hours(1));
    files_.SetFile("/etc/other", "changes all the time");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_THAT(requests_.names(), ElementsAre("accounts", "tasks"));
  watcher_->Stop();
  EXPECT_THAT(watcher_->Stats().gaps, IsEmpty());
}

TEST_F(ChangeWatcherTest, StopsAtOnceAndNeedsNoStart) {
  Start();
  watcher_->Stop();
  watcher_->Stop();
  ChangeWatcher never(&files_.tree(), {}, nullptr, clock_, &logger_);
  never.Stop();
}

TEST(ChangeWatcherOfMemory, WithoutADiskEverythingIsAGap) {
  MemoryTree files;
  NullLogger logger;
  const FakeClock clock;
  ChangeWatcher watcher(
      &files, {{"accounts", {"/etc/passwd"}}}, [](const std::string&) {}, &clock, &logger);
  watcher.Start();
  watcher.Stop();
  EXPECT_EQ(watcher.Stats().gaps.size(), 1u);
}

TEST(ChangeWatcherOfMemory, APathThatIsNoneMakesItUnavailable) {
  MemoryTree files;
  NullLogger logger;
  const FakeClock clock;
  ChangeWatcher watcher(
      &files, {{"accounts", {"etc/passwd"}}}, [](const std::string&) {}, &clock, &logger);
  watcher.Start();
  EXPECT_TRUE(absl::IsInvalidArgument(watcher.Stats().status));
}

}  // namespace
}  // namespace rollcall
