// The audit finds what the engine has not done, and what it only believes it has done.
#include "backend/engine/overdue_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "backend/engine/testing/engine_world.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::CivilDay kOld(2023, 1, 10);
constexpr absl::CivilDay kRecent(2024, 1, 20);

class OverdueAuditTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world_.Open().ok());
    ASSERT_TRUE(world_.Enrol().ok());
    ASSERT_TRUE(world_.Found({"ann"}, kOld).ok());
    ASSERT_TRUE(world_.Found({"bob"}, kRecent).ok());
    world_.Tick();
    ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  }
  OverdueReport Audit() {
    const pb::TenantFacts facts = *world_.tenant().Facts();
    const auto report = AuditOverdue({world_.store(), world_.archive()}, world_.policy(), facts,
                                     absl::CivilDay(2023, 1, 1), world_.clock()->Now(), StopToken());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : OverdueReport();
  }
  std::vector<absl::CivilDay> Overdue() {
    std::vector<absl::CivilDay> days;
    for (const HeldBucket& bucket : Audit().overdue) days.push_back(bucket.key.collected_day);
    return days;
  }
  void EndAndArchive() {
    world_.GoTo(absl::CivilDay(2024, 3, 1));
    ASSERT_TRUE(world_.End("end").ok());
    ASSERT_EQ(world_.Settle().emptied, 2u);
  }

  EngineWorld world_;
};

TEST_F(OverdueAuditTest, NothingIsOverdueWhileTheServiceRuns) {
  world_.GoTo(absl::CivilDay(2025, 2, 1));
  const OverdueReport report = Audit();
  EXPECT_EQ(report.buckets, 2u);
  EXPECT_THAT(report.overdue, IsEmpty());
  EXPECT_THAT(report.misplaced, IsEmpty());
}

TEST_F(OverdueAuditTest, RowsAndObjectsPastTheirDeadline) {
  EndAndArchive();
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  EXPECT_THAT(Overdue(), IsEmpty());
  world_.GoTo(absl::CivilDay(2024, 4, 2));
  const OverdueReport report = Audit();
  ASSERT_THAT(report.overdue, SizeIs(1));
  EXPECT_EQ(report.overdue[0].key.collected_day, kOld);
  EXPECT_EQ(report.overdue[0].objects, 1u);
  EXPECT_EQ(report.overdue[0].records, 0u);
  EXPECT_EQ(report.overdue[0].deadline, absl::FromCivil(absl::CivilDay(2024, 4, 2), world_.policy().zone));
  EXPECT_EQ(world_.Settle().purged, 1u);
  EXPECT_THAT(Overdue(), IsEmpty());
}

// Day by day, it and the decisions the engine works by say the same.
TEST_F(OverdueAuditTest, AgreesWithTheDecisions) {
  EndAndArchive();
  for (int i = 0; i < 60; ++i) {
    world_.GoTo(absl::CivilDay(2024, 3, 10) + i);
    if (i == 35) ASSERT_TRUE(world_.Hold("h").ok());
    if (i == 50) ASSERT_TRUE(world_.Release("h").ok());
    // What was asked for is known a moment later.
    world_.clock()->Advance(absl::Seconds(1));
    std::vector<absl::CivilDay> decided;
    const std::vector<DueBucket> all = *world_.lifecycle()->Due();
    for (const DueBucket& due : all) {
      if (due.decision.overdue) decided.push_back(due.bucket.facts.key.collected_day);
    }
    EXPECT_EQ(Overdue(), decided) << i;
  }
  EXPECT_THAT(Overdue(), ElementsAre(kOld));
  world_.GoTo(absl::CivilDay(2024, 7, 20));
  EXPECT_THAT(Overdue(), ElementsAre(kOld, kRecent));
}

TEST_F(OverdueAuditTest, WhatTheEngineBelievesIsNotAsked) {
  EndAndArchive();
  std::filesystem::copy(world_.folder() + "/archive/eu-frankfurt", world_.folder() + "/copy",
                        std::filesystem::copy_options::recursive);
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  ASSERT_EQ(world_.Tick().purged, 1u);
  // A backup of the archive is put back, and a row comes in.
  std::filesystem::copy(world_.folder() + "/copy", world_.folder() + "/archive/eu-frankfurt",
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  ASSERT_TRUE(world_.Found({"late"}, kOld, "agent-2").ok());
  world_.GoTo(absl::CivilDay(2024, 4, 2));
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_PURGED);
  EXPECT_THAT(*world_.lifecycle()->Due(), IsEmpty());
  const OverdueReport report = Audit();
  ASSERT_THAT(report.overdue, SizeIs(1));
  EXPECT_EQ(report.overdue[0].records, 1u);
  EXPECT_EQ(report.overdue[0].objects, 1u);
}

TEST_F(OverdueAuditTest, ConfigurationInTheArchiveIsFound) {
  const std::string folder = world_.folder() + "/archive/eu-frankfurt/acme/ALL/CONSOLE_CONFIG/2024-01-05";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/upload-1") << "settings";
  const OverdueReport report = Audit();
  EXPECT_THAT(report.overdue, IsEmpty());
  ASSERT_THAT(report.misplaced, SizeIs(1));
  EXPECT_EQ(report.misplaced[0].uploads, 1u);
  StopSource source;
  source.RequestStop();
  EXPECT_TRUE(absl::IsCancelled(AuditOverdue({world_.store(), world_.archive()}, world_.policy(),
                                             *world_.tenant().Facts(), kOld, world_.clock()->Now(), source.token())
                                    .status()));
}

}  // namespace
}  // namespace rollcall
