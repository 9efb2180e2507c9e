#include "agent/spool/directory_spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/spool/segment_rewriter.h"
#include "agent/spool/spool_recovery.h"
#include "agent/spool/testing/memory_spool_files.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

const SpoolUnit kPorts{"ports", "host"};
const SpoolUnit kPackages{"os_packages", "host"};
const SpoolUnit kProcesses{"processes", "container:1"};

class DirectorySpoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<DirectorySpool> Open() {
    auto spool = DirectorySpool::Open(disk_.Mount(), options_);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return *std::move(spool);
  }

  static std::vector<std::string> Payloads(DirectorySpool& spool, uint64_t from = 0) {
    const auto entries = spool.Read(from, 100000, size_t{1} << 30);
    EXPECT_TRUE(entries.ok()) << entries.status();
    std::vector<std::string> payloads;
    for (const SpoolEntry& entry : *entries) payloads.push_back(entry.payload);
    return payloads;
  }

  static uint64_t MustAppend(DirectorySpool& spool, const SpoolUnit& unit, const std::string& payload) {
    const auto sequence = spool.Append(unit, payload);
    EXPECT_TRUE(sequence.ok()) << sequence.status();
    return sequence.value_or(0);
  }

  MemoryDisk disk_;
  DirectorySpoolOptions options_{.max_bytes = 64 * 1024, .segment_bytes = 4096, .min_free_bytes = 1 << 20};
};

TEST_F(DirectorySpoolTest, FreshSpoolIsEmpty) {
  auto spool = Open();
  EXPECT_THAT(Payloads(*spool), IsEmpty());
  EXPECT_FALSE(spool->NeedsFull(kPorts));
  EXPECT_FALSE(spool->HasPending(kPorts));
  EXPECT_THAT(spool->recovery_problems(), IsEmpty());
  EXPECT_EQ(spool->Stats().next_sequence, 1u);
}

TEST_F(DirectorySpoolTest, KeepsEntriesInOrderOverRestarts) {
  {
    auto spool = Open();
    EXPECT_EQ(MustAppend(*spool, kPorts, "a"), 1u);
    EXPECT_EQ(MustAppend(*spool, kPackages, ""), 2u);
  }
  {
    auto spool = Open();
    EXPECT_EQ(MustAppend(*spool, kPorts, "c"), 3u);
    EXPECT_THAT(Payloads(*spool), ElementsAre("a", "", "c"));
    EXPECT_EQ(spool->Stats().segments, 1u) << "a clean tail is written on";
  }
  auto spool = Open();
  EXPECT_THAT(Payloads(*spool), ElementsAre("a", "", "c"));
  EXPECT_THAT(Payloads(*spool, 3), ElementsAre("c"));
  EXPECT_THAT(spool->recovery_problems(), IsEmpty());
  EXPECT_FALSE(spool->NeedsFull(AllSpoolUnits()));
}

TEST_F(DirectorySpoolTest, ReadStopsAtItsLimitsButGivesOne) {
  auto spool = Open();
  for (int i = 0; i < 5; ++i) MustAppend(*spool, kPorts, std::string(100, 'x'));
  EXPECT_EQ(spool->Read(0, 2, 1 << 20)->size(), 2u);
  EXPECT_EQ(spool->Read(0, 10, 300)->size(), 2u);
  EXPECT_EQ(spool->Read(0, 10, 1)->size(), 1u);
  EXPECT_EQ(spool->Read(5, 10, 1 << 20)->front().sequence, 5u);
  EXPECT_TRUE(spool->Read(6, 10, 1 << 20)->empty());
}

TEST_F(DirectorySpoolTest, AcknowledgeRemovesWholeSegmentsAndIsIdempotent) {
  auto spool = Open();
  for (int i = 0; i < 20; ++i) MustAppend(*spool, kPorts, std::string(1000, 'x'));
  const uint64_t segments = spool->Stats().segments;
  EXPECT_GT(segments, 4u);
  EXPECT_TRUE(spool->Acknowledge(10).ok());
  EXPECT_LT(spool->Stats().segments, segments);
  EXPECT_EQ(spool->Stats().first_sequence, 11u);
  EXPECT_TRUE(spool->Acknowledge(3).ok());
  EXPECT_EQ(spool->Read(0, 1, 1)->front().sequence, 11u);
  EXPECT_TRUE(spool->Acknowledge(1000).ok()) << "more than there is";
  EXPECT_FALSE(spool->HasPending(kPorts));
  EXPECT_EQ(spool->Stats().segments, 0u);
  EXPECT_EQ(MustAppend(*spool, kPorts, "next"), 21u);
  spool.reset();
  spool = Open();
  EXPECT_THAT(Payloads(*spool), ElementsAre("next"));
  EXPECT_FALSE(spool->NeedsFull(kPorts));
}

// What the backend has is in no file any more once all of it is acknowledged; before, it may be, beside what is not.
TEST_F(DirectorySpoolTest, NothingAcknowledgedIsLeftInTheFiles) {
  const auto marks = [this] {
    size_t found = 0;
    for (const std::string& name : disk_.Names()) {
      const std::string& bytes = disk_.Bytes(name);
      for (size_t at = bytes.find("MARKED"); at != std::string::npos; at = bytes.find("MARKED", at + 1)) ++found;
    }
    return found;
  };
  auto spool = Open();
  for (int i = 0; i < 100; ++i) MustAppend(*spool, kPorts, "MARKED" + std::string(200, 'x'));
  const uint64_t last = MustAppend(*spool, kPorts, "MARKED");
  ASSERT_TRUE(spool->Sync().ok());
  ASSERT_EQ(marks(), 101u);
  ASSERT_TRUE(spool->Acknowledge(last - 1).ok());
  EXPECT_LT(marks(), 30u) << "those of the last segment";
  ASSERT_TRUE(spool->Acknowledge(last).ok());
  EXPECT_EQ(marks(), 0u);
  spool.reset();
  EXPECT_EQ(marks(), 0u);
}

TEST_F(DirectorySpoolTest, AcknowledgedEntriesStayGoneAndSequencesGoOn) {
  {
    auto spool = Open();
    for (const char* payload : {"a", "b", "c"}) MustAppend(*spool, kPorts, payload);
    ASSERT_TRUE(spool->Acknowledge(2).ok());
  }
  {
    auto spool = Open();
    EXPECT_THAT(Payloads(*spool), ElementsAre("c"));
    ASSERT_TRUE(spool->Acknowledge(3).ok());
  }
  auto spool = Open();
  EXPECT_EQ(MustAppend(*spool, kPorts, "d"), 4u);
}

TEST_F(DirectorySpoolTest, LargeEntriesAreKeptOrRefused) {
  options_.segment_bytes = 1 << 20;
  options_.max_bytes = 4 << 20;
  auto spool = Open();
  const std::string largest(spool->MaxPayloadBytes(kPorts), 'L');
  MustAppend(*spool, kPorts, largest);
  MustAppend(*spool, kPorts, largest);
  EXPECT_TRUE(absl::IsInvalidArgument(spool->Append(kPorts, largest + "x").status()));
  spool.reset();
  EXPECT_THAT(Payloads(*Open()), ElementsAre(largest, largest));
}

TEST_F(DirectorySpoolTest, MarksSurviveARestartAndAPowerLoss) {
  {
    auto spool = Open();
    ASSERT_TRUE(spool->MarkNeedsFull(kPorts).ok());
  }
  disk_.LosePower();
  auto spool = Open();
  EXPECT_TRUE(spool->NeedsFull(kPorts));
  EXPECT_FALSE(spool->NeedsFull(kPackages));
  ASSERT_TRUE(spool->ClearNeedsFull(kPorts).ok());
  spool.reset();
  disk_.LosePower();
  EXPECT_FALSE(Open()->NeedsFull(kPorts));
}

TEST_F(DirectorySpoolTest, ClearingAMarkMakesTheCompleteSetDurable) {
  auto spool = Open();
  ASSERT_TRUE(spool->MarkNeedsFull(kPorts).ok());
  MustAppend(*spool, kPorts, "complete set");
  ASSERT_TRUE(spool->ClearNeedsFull(kPorts).ok());
  spool.reset();
  disk_.LosePower();
  spool = Open();
  EXPECT_FALSE(spool->NeedsFull(kPorts));
  EXPECT_THAT(Payloads(*spool), ElementsAre("complete set"));
}

TEST_F(DirectorySpoolTest, TheMarkOfAllIsClearedUnitByUnit) {
  auto spool = Open();
  ASSERT_TRUE(spool->MarkNeedsFull(AllSpoolUnits()).ok());
  EXPECT_TRUE(spool->NeedsFull(kPorts));
  ASSERT_TRUE(spool->ClearNeedsFull(kPorts).ok());
  spool.reset();
  spool = Open();
  EXPECT_FALSE(spool->NeedsFull(kPorts));
  EXPECT_TRUE(spool->NeedsFull(kPackages));
}

TEST_F(DirectorySpoolTest, SyncedEntriesSurviveAPowerLossAndTheRestIsATornTail) {
  for (size_t torn = 0; torn < 60; ++torn) {
    disk_ = MemoryDisk();
    {
      auto spool = Open();
      MustAppend(*spool, kPorts, "synced");
      ASSERT_TRUE(spool->Sync().ok());
      MustAppend(*spool, kPorts, "not synced");
    }
    disk_.LosePower(torn);
    auto spool = Open();
    EXPECT_EQ(Payloads(*spool).front(), "synced") << torn;
    EXPECT_THAT(spool->recovery_problems(), IsEmpty()) << torn;
    EXPECT_FALSE(spool->NeedsFull(kPorts)) << torn;
    MustAppend(*spool, kPorts, "later");
    spool.reset();
    EXPECT_THAT(Payloads(*Open()), Contains("later")) << torn;
  }
}

TEST_F(DirectorySpoolTest, OverflowDropsTheOldestUnitAsAWhole) {
  auto spool = Open();
  for (int i = 0; i < 4; ++i) MustAppend(*spool, kPackages, std::string(1500, 'p'));
  int appended = 0;
  while (!spool->NeedsFull(kPackages)) {
    MustAppend(*spool, ++appended % 2 == 0 ? kPorts : kProcesses, std::string(1000, 'x'));
    ASSERT_LT(appended, 100);
  }
  EXPECT_FALSE(spool->HasPending(kPackages));
  EXPECT_TRUE(spool->HasPending(kPorts));
  EXPECT_FALSE(spool->NeedsFull(kPorts));
  EXPECT_EQ(spool->Stats().dropped_entries, 4u);
  EXPECT_LE(spool->Stats().bytes, options_.max_bytes);
  EXPECT_EQ(Payloads(*spool).size(), static_cast<size_t>(appended));
  spool.reset();
  spool = Open();
  EXPECT_TRUE(spool->NeedsFull(kPackages));
  EXPECT_EQ(Payloads(*spool).size(), static_cast<size_t>(appended));
  EXPECT_THAT(spool->recovery_problems(), IsEmpty());
}

TEST_F(DirectorySpoolTest, DroppedEntriesAmongOthersAreCompactedAndNeverComeBack) {
  auto spool = Open();
  MustAppend(*spool, kPackages, "oldest");
  int turns = 0;
  while (!spool->NeedsFull(kPackages)) {
    MustAppend(*spool, turns % 2 == 0 ? kPackages : kPorts, std::string(500, turns % 2 == 0 ? 'p' : 'x'));
    ASSERT_LT(++turns, 1000);
    if (spool->NeedsFull(kPorts)) break;
  }
  // kPackages interleaved everywhere: only its own bytes went.
  EXPECT_FALSE(spool->NeedsFull(kPorts));
  EXPECT_LE(spool->Stats().bytes, options_.max_bytes);
  const std::vector<std::string> before = Payloads(*spool);
  EXPECT_THAT(before, Not(Contains("oldest")));
  EXPECT_GT(before.size(), 30u);
  ASSERT_TRUE(spool->ClearNeedsFull(kPackages).ok());
  spool.reset();
  spool = Open();
  EXPECT_EQ(Payloads(*spool), before);
  EXPECT_THAT(spool->recovery_problems(), IsEmpty());
}

TEST_F(DirectorySpoolTest, AUnitThatIsAloneAndTooLargeIsRefusedAndMarked) {
  auto spool = Open();
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = spool->Append(kPorts, std::string(1500, 'x')).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(spool->NeedsFull(kPorts));
  EXPECT_FALSE(spool->HasPending(kPorts));
  EXPECT_TRUE(spool->Append(kPorts, "room again").ok());
}

TEST_F(DirectorySpoolTest, DoesNotGrowOnAFullDisk) {
  auto spool = Open();
  while (spool->Stats().segments < 6) MustAppend(*spool, kPackages, std::string(1500, 'x'));
  const uint64_t bytes = spool->Stats().bytes;
  disk_.space.free_bytes = options_.min_free_bytes;
  for (int i = 0; i < 50; ++i) {
    (void)spool->Append(kPorts, std::string(1500, 'y'));
    EXPECT_LE(spool->Stats().bytes, bytes);
  }
  EXPECT_TRUE(spool->NeedsFull(kPackages));
  disk_.space.free_bytes = disk_.space.total_bytes / 2;
  EXPECT_TRUE(spool->Append(kPorts, "room again").ok());
}

TEST_F(DirectorySpoolTest, FullDiskByFractionAndNothingToGiveUp) {
  auto spool = Open();
  disk_.space = {uint64_t{1} << 40, (uint64_t{1} << 40) / 25};  // 4 %
  EXPECT_TRUE(absl::IsUnavailable(spool->Append(kPorts, "x").status()));
  EXPECT_TRUE(spool->NeedsFull(kPorts));
}

TEST_F(DirectorySpoolTest, DamageIsSkippedQuarantinedAndMarked) {
  {
    auto spool = Open();
    for (int i = 0; i < 9; ++i) MustAppend(*spool, kPorts, absl::StrCat(i, std::string(1000, 'x')));
    ASSERT_TRUE(spool->Sync().ok());
  }
  std::string& bytes = disk_.Bytes("wal-00000000000000000001.log");
  bytes[1500] ^= 1;
  const std::string damaged = bytes;
  {
    auto spool = Open();
    EXPECT_TRUE(spool->NeedsFull(kPackages)) << "the unit is not known, so all are";
    EXPECT_EQ(Payloads(*spool).front()[0], '0');
    EXPECT_EQ(Payloads(*spool).size(), 7u);
    EXPECT_GT(spool->Stats().corrupt_blocks, 0u);
    EXPECT_FALSE(spool->recovery_problems().empty());
    EXPECT_EQ(disk_.Bytes(std::string(kQuarantineName)), damaged);
    ASSERT_TRUE(spool->ClearNeedsFull(AllSpoolUnits()).ok());
  }
  auto spool = Open();
  EXPECT_THAT(spool->recovery_problems(), IsEmpty()) << "repaired, and not reported twice";
  EXPECT_FALSE(spool->NeedsFull(kPorts));
  EXPECT_EQ(Payloads(*spool).size(), 7u);
}

TEST_F(DirectorySpoolTest, DamageUnderneathARunningSpoolMarksTheUnit) {
  auto spool = Open();
  MustAppend(*spool, kPorts, "first");
  MustAppend(*spool, kPackages, "second");
  std::string& bytes = disk_.Bytes("wal-00000000000000000001.log");
  bytes[40] ^= 1;
  EXPECT_THAT(Payloads(*spool), ElementsAre("second"));
  EXPECT_TRUE(spool->NeedsFull(kPorts));
  EXPECT_FALSE(spool->NeedsFull(kPackages));
}

TEST_F(DirectorySpoolTest, LossOfAnyFileIsNoticed) {
  {
    auto spool = Open();
    for (int i = 0; i < 12; ++i) MustAppend(*spool, kPorts, std::string(1000, 'x'));
    ASSERT_TRUE(spool->Sync().ok());
  }
  const MemoryDisk before = disk_;
  for (const std::string& name : before.Names()) {
    disk_ = before;
    disk_.Remove(name);
    {
      auto spool = Open();
      EXPECT_TRUE(spool->NeedsFull(kPorts)) << name;
      EXPECT_TRUE(spool->Append(kPorts, "goes on").ok());
      ASSERT_TRUE(spool->ClearNeedsFull(AllSpoolUnits()).ok());
    }
    auto spool = Open();
    EXPECT_THAT(spool->recovery_problems(), IsEmpty()) << name;
    EXPECT_FALSE(spool->NeedsFull(kPorts)) << name;
  }
}

TEST_F(DirectorySpoolTest, LeftoversOfARewriteAreRemoved) {
  Open().reset();
  ASSERT_TRUE(disk_.Mount()->Create(kRewriteName).ok());
  Open().reset();
  EXPECT_THAT(disk_.Names(), Not(Contains(std::string(kRewriteName))));
}

TEST_F(DirectorySpoolTest, FailedSyncPoisonsTheSegment) {
  auto plan = std::make_shared<FaultPlan>();
  auto spool = *DirectorySpool::Open(WithFaults(disk_.Mount(), plan), options_);
  MustAppend(*spool, kPorts, "doubtful");
  plan->FailAt(plan->operations() + 1, plan->operations() + 1, absl::DataLossError("sync: I/O error"));
  EXPECT_TRUE(absl::IsDataLoss(spool->Sync()));
  EXPECT_TRUE(spool->NeedsFull(kPorts));
  EXPECT_FALSE(spool->NeedsFull(kPackages));
  MustAppend(*spool, kPackages, "after");
  EXPECT_TRUE(spool->Sync().ok());
  EXPECT_EQ(spool->Stats().segments, 2u);
  EXPECT_THAT(Payloads(*spool), ElementsAre("doubtful", "after"));
}

TEST_F(DirectorySpoolTest, MoreUnitsThanFitCollapseIntoAll) {
  auto spool = Open();
  MustAppend(*spool, kPorts, "pending");
  const std::string scope(2000, 's');
  for (int i = 0; i < 140; ++i) ASSERT_TRUE(spool->MarkNeedsFull({absl::StrCat("c", i), scope}).ok());
  EXPECT_TRUE(spool->NeedsFull(kPackages)) << "all are marked";
  EXPECT_TRUE(spool->NeedsFull({"c1", scope}));
  EXPECT_FALSE(spool->HasPending(kPorts));
  MustAppend(*spool, kPorts, "new");
  spool.reset();
  spool = Open();
  EXPECT_THAT(Payloads(*spool), ElementsAre("new"));
}

TEST_F(DirectorySpoolTest, RefusesSenselessOptionsAndNames) {
  options_.segment_bytes = 10;
  EXPECT_TRUE(absl::IsInvalidArgument(DirectorySpool::Open(disk_.Mount(), options_).status()));
  options_ = DirectorySpoolOptions{.max_bytes = 4096, .segment_bytes = 4096};
  EXPECT_TRUE(absl::IsInvalidArgument(DirectorySpool::Open(disk_.Mount(), options_).status()));
  options_ = DirectorySpoolOptions();
  EXPECT_TRUE(absl::IsInvalidArgument(Open()->Append(AllSpoolUnits(), "x").status()));
}

}  // namespace
}  // namespace rollcall
