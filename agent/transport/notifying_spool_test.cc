#include "agent/transport/notifying_spool.h"

#include <gtest/gtest.h>

#include "agent/spool/fake_spool.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

const SpoolUnit kUnit = {"ports", "host"};

class NotifyingSpoolTest : public ::testing::Test {
 protected:
  FakeSpool fake_;
  FakeClock clock_;
  int appended_ = 0;
  NotifyingSpool spool_{&fake_, &clock_, [this] { ++appended_; }};
};

TEST_F(NotifyingSpoolTest, SmallEntriesAreSyncedTogetherAtTheEndOfTheRun) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(spool_.Append(kUnit, "x").ok());
  EXPECT_EQ(fake_.syncs(), 0u);
  EXPECT_EQ(appended_, 10);
  EXPECT_EQ(spool_.Commit(), absl::OkStatus());
  EXPECT_EQ(spool_.Commit(), absl::OkStatus());
  EXPECT_EQ(fake_.syncs(), 1u);
}

TEST_F(NotifyingSpoolTest, ManyBytesOrASecondAreEnoughForASync) {
  ASSERT_TRUE(spool_.Append(kUnit, std::string(256 << 10, 'x')).ok());
  EXPECT_EQ(fake_.syncs(), 1u);
  ASSERT_TRUE(spool_.Append(kUnit, "x").ok());
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(spool_.Append(kUnit, "x").ok());
  EXPECT_EQ(fake_.syncs(), 2u);
  EXPECT_EQ(spool_.Commit(), absl::OkStatus());
  EXPECT_EQ(fake_.syncs(), 2u);
}

TEST_F(NotifyingSpoolTest, RemembersWhetherWritingWorks) {
  EXPECT_EQ(spool_.last_write(), absl::OkStatus());
  fake_.FailAppendsAfter(0);
  EXPECT_FALSE(spool_.Append(kUnit, "x").ok());
  EXPECT_EQ(spool_.last_write().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(appended_, 0);
  fake_.FailAppendsAfter(-1);
  EXPECT_TRUE(spool_.Append(kUnit, "x").ok());
  EXPECT_EQ(spool_.last_write(), absl::OkStatus());
}

TEST_F(NotifyingSpoolTest, EverythingElseIsTheSpools) {
  ASSERT_TRUE(spool_.Append(kUnit, "x").ok());
  EXPECT_TRUE(spool_.HasPending(kUnit));
  EXPECT_EQ(spool_.Read(1, 10, 100)->size(), 1u);
  EXPECT_EQ(spool_.Stats().entries, 1u);
  EXPECT_EQ(spool_.MarkNeedsFull(kUnit), absl::OkStatus());
  EXPECT_TRUE(spool_.NeedsFull(kUnit));
  EXPECT_EQ(spool_.ClearNeedsFull(kUnit), absl::OkStatus());
  EXPECT_FALSE(fake_.NeedsFull(kUnit));
  EXPECT_EQ(spool_.Acknowledge(1), absl::OkStatus());
  EXPECT_FALSE(fake_.HasPending(kUnit));
}

}  // namespace
}  // namespace rollcall
