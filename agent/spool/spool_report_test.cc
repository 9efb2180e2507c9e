#include "agent/spool/spool_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "agent/spool/directory_spool.h"
#include "agent/spool/testing/memory_spool_files.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const SpoolUnit kPorts{"ports", "host"};
const SpoolUnit kSamples{"resources", "host"};

class SpoolReportTest : public ::testing::Test {
 protected:
  void Fill() {
    spool_ = *DirectorySpool::Open(disk_.Mount(), options_);
    for (int i = 0; i < 9; ++i) ASSERT_TRUE(spool_->Append(kPorts, std::string(1000, 'x')).ok());
    ASSERT_TRUE(spool_->AppendAs(EntryClass::kSample, kSamples, "sample").ok());
    ASSERT_TRUE(spool_->AppendAs(EntryClass::kKept, kPorts, "kept").ok());
    ASSERT_TRUE(spool_->Sync().ok());
    ASSERT_TRUE(spool_->Acknowledge(1).ok());
  }
  SpoolReport Read() {
    const auto files = disk_.Mount();
    return ReadSpoolReport(files.get());
  }

  MemoryDisk disk_;
  DirectorySpoolOptions options_{.max_bytes = 64 * 1024, .segment_bytes = 4096, .min_free_bytes = 1 << 20};
  std::unique_ptr<DirectorySpool> spool_;
};

TEST_F(SpoolReportTest, ASpoolInUseIsWholeAndCounted) {
  Fill();
  ASSERT_TRUE(spool_->MarkNeedsFull(kSamples).ok());
  const SpoolReport report = Read();
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.pending, 10u);
  EXPECT_EQ(report.cursor.acknowledged, 1u);
  EXPECT_EQ(report.next_sequence, 12u);
  EXPECT_EQ(report.lost_entries, 0u);
  ASSERT_EQ(report.segments.size(), 3u);
  EXPECT_TRUE(report.segments[0].sealed);
  EXPECT_EQ(report.segments[0].entries, 3u);
  EXPECT_EQ(report.segments[0].pending, 2u);
  EXPECT_FALSE(report.segments[2].sealed) << "it is written";
  ASSERT_EQ(report.units.size(), 2u);
  EXPECT_EQ(report.units[0].unit, kPorts);
  EXPECT_EQ(report.units[0].pending, 9u);
  EXPECT_EQ(report.units[0].unrepeatable, 1u);
  EXPECT_FALSE(report.units[0].needs_full);
  EXPECT_EQ(report.units[1].samples, 1u);
  EXPECT_TRUE(report.units[1].needs_full);
}

TEST_F(SpoolReportTest, SaysWhereTheDamageIsAndWhatIsLostAndRepairsNothing) {
  Fill();
  spool_.reset();
  disk_.Bytes("wal-00000000000000000004.log")[1500] ^= 1;
  const MemoryDisk before = disk_;
  const SpoolReport report = Read();
  ASSERT_FALSE(report.problems.empty());
  EXPECT_THAT(report.problems.front(), HasSubstr("wal-00000000000000000004.log"));
  EXPECT_TRUE(report.all_need_full);
  ASSERT_EQ(report.segments[1].damage.size(), 1u);
  EXPECT_EQ(report.segments[1].damage[0].reason, "checksum does not match");
  EXPECT_EQ(report.segments[1].lost_entries, 2u) << "the rest of the block";
  EXPECT_EQ(report.lost_entries, 2u);
  EXPECT_THAT(report.segments[0].damage, IsEmpty());
  for (const std::string& name : before.Names()) {
    MemoryDisk copy = before;
    EXPECT_EQ(disk_.Bytes(name), copy.Bytes(name)) << name;
  }
  EXPECT_EQ(disk_.Names(), before.Names()) << "nothing was made either";
}

TEST_F(SpoolReportTest, WhatIsMissingAtTheEndIsCountedAndATornTailIsNoLoss) {
  Fill();
  spool_.reset();
  const std::string last = "wal-00000000000000000007.log";
  const MemoryDisk before = disk_;
  disk_.Bytes(last).resize(disk_.Bytes(last).size() - 1);
  SpoolReport report = Read();
  EXPECT_EQ(report.lost_entries, 1u) << "it was synced";
  EXPECT_FALSE(report.problems.empty());
  disk_ = before;
  disk_.Bytes(last) += std::string("\x01\x02\x03", 3);
  report = Read();
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_EQ(report.segments.back().torn_bytes, 3u);
  disk_ = before;
  disk_.Remove("cursor");
  EXPECT_FALSE(Read().problems.empty());
}

TEST_F(SpoolReportTest, AnEmptyDirectoryIsAnEmptySpool) {
  const SpoolReport report = Read();
  EXPECT_THAT(report.problems, IsEmpty());
  EXPECT_THAT(report.segments, IsEmpty());
  EXPECT_EQ(report.pending, 0u);
  EXPECT_THAT(disk_.Names(), IsEmpty());
}

}  // namespace
}  // namespace rollcall
