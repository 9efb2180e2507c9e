// Requests for a part: of one host, element or person, in the stores and in the archive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/engine/part_selector.h"
#include "backend/engine/testing/engine_world.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr absl::CivilDay kOld(2023, 1, 10);
constexpr absl::CivilDay kRecent(2024, 1, 20);  // Kept until 2024-07-18 whatever is asked.

pb::Selector Named(const std::string& name) {
  pb::Selector selector;
  pb::FieldCondition* field = selector.add_fields();
  field->set_field("account.name");
  field->set_value(name);
  return selector;
}

class ErasePartTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(world_.Open().ok());
    ASSERT_TRUE(world_.Enrol().ok());
    ASSERT_TRUE(world_.Found({"ann", "bob"}, kOld).ok());
    ASSERT_TRUE(world_.Found({"ann", "carl"}, kOld, "agent-2").ok());
    ASSERT_TRUE(world_.Found({"bob", "carl"}, kRecent, "agent-1", "more_accounts").ok());
    world_.Tick();
    ASSERT_TRUE(world_.AcknowledgeDryRun(absl::CivilDay(2024, 2, 1)).ok());
  }

  EngineWorld world_;
};

TEST_F(ErasePartTest, APersonInTheStores) {
  ASSERT_TRUE(world_.FoundHalf({"bob", "half"}, kOld).ok());
  ASSERT_TRUE(world_.RequestDeletion("r", Named("bob")).ok());
  world_.GoTo(absl::CivilDay(2024, 2, 3));
  EXPECT_EQ(world_.Tick().steps, 0u);
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.parts_erased, 1u);
  EXPECT_EQ(report.rows_deleted, 1u);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann", "ann", "carl"));
  EXPECT_EQ(world_.store()->CountBucket(world_.Ref(kOld))->staged, 0u);
  // Within its minimum.
  EXPECT_THAT(world_.InStores(kRecent), ElementsAre("bob", "carl"));
  EXPECT_EQ(report.next_due, absl::FromCivil(absl::CivilDay(2024, 7, 19), world_.policy().zone));
  EXPECT_THAT(world_.tenant().Requests()->deletions, SizeIs(1));
  EXPECT_EQ(world_.Tick().steps, 0u);
  world_.GoTo(absl::CivilDay(2024, 7, 19));
  EXPECT_EQ(world_.Tick().parts_erased, 1u);
  EXPECT_THAT(world_.InStores(kRecent), ElementsAre("carl"));
  EXPECT_THAT(world_.tenant().Requests()->deletions, IsEmpty());
}

TEST_F(ErasePartTest, AHostByItsIdAndAnElement) {
  pb::Selector selector;
  selector.add_hosts("host-of-agent-2");
  selector.add_elements(pb::ACCOUNTS);
  ASSERT_TRUE(world_.RequestDeletion("r", selector).ok());
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  EXPECT_EQ(world_.Tick().parts_erased, 1u);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann", "bob"));
}

TEST_F(ErasePartTest, AnotherElementIsNotTouched) {
  pb::Selector selector;
  selector.add_elements(pb::PORTS);
  ASSERT_TRUE(world_.RequestDeletion("r", selector).ok());
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.parts_erased, 1u);
  EXPECT_EQ(report.rows_deleted, 0u);
  EXPECT_THAT(world_.InStores(kOld), SizeIs(4));
}

TEST_F(ErasePartTest, WhatNamesNothingIsNotTakenForDone) {
  pb::Selector unknown_host;
  unknown_host.add_hosts("web-1");
  ASSERT_TRUE(world_.RequestDeletion("host", unknown_host).ok());
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  const absl::StatusOr<TickReport> report = world_.engine()->Tick(StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_THAT(report->failed, SizeIs(1));
  EXPECT_THAT(std::string(report->failed[0].status.message()), HasSubstr("web-1"));
  EXPECT_THAT(world_.tenant().Requests()->deletions, SizeIs(1));

  const std::vector<AgentRow> agents = *world_.store()->ListAgents(kTenant);
  pb::Selector selector = Named("bob");
  for (const char* field : {"account.nam", "acount.name", "account", ""}) {
    selector.mutable_fields(0)->set_field(field);
    EXPECT_TRUE(absl::IsInvalidArgument(PartSelector::Resolve(selector, agents).status())) << field;
  }
}

TEST_F(ErasePartTest, InTheArchiveTheObjectIsWrittenAnewUnderAnotherKey) {
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  EXPECT_EQ(world_.Settle().emptied, 2u);
  const std::vector<std::string> old_keys = *world_.keys()->KeysOf(world_.Name(kOld));
  const std::string old_object = world_.archive()->List(world_.Name(kOld))->versions.at(0).sha256;
  ASSERT_TRUE(world_.RequestDeletion("r", Named("ann")).ok());
  // One more came late, and goes as well.
  ASSERT_TRUE(world_.Found({"ann"}, kOld, "agent-2", "late_accounts").ok());
  world_.GoTo(absl::CivilDay(2024, 3, 5));
  const TickReport report = world_.Settle();
  EXPECT_THAT(report.failed, IsEmpty());
  EXPECT_EQ(report.late_archived, 1u);
  EXPECT_EQ(report.parts_erased, 1u);
  EXPECT_THAT(world_.InStores(kOld), IsEmpty());
  EXPECT_THAT(world_.InArchive(kOld), ElementsAre("bob", "carl"));
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  const std::vector<std::string> keys = *world_.keys()->KeysOf(world_.Name(kOld));
  ASSERT_THAT(keys, SizeIs(1));
  EXPECT_NE(keys, old_keys);
  EXPECT_TRUE(world_.keys()->VerifyDestroyed(old_keys.at(0)).ok());
  const auto versions = world_.archive()->List(world_.Name(kOld))->versions;
  ASSERT_THAT(versions, SizeIs(1));
  EXPECT_NE(versions[0].sha256, old_object);
  uint64_t destroyed = 0;
  for (const pb::LedgerEntry& entry : world_.Entries()) destroyed += entry.has_key_destroyed() ? 1 : 0;
  EXPECT_EQ(destroyed, 1u);

  // Both keys are in the certificate.
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(world_.Tick().purged, 1u);
  EXPECT_EQ(world_.Certificates().begin()->second.destroyed_key_ids_size(), 2);
}

TEST_F(ErasePartTest, AHoldKeepsTheParts) {
  ASSERT_TRUE(world_.RequestDeletion("r", Named("bob")).ok());
  ASSERT_TRUE(world_.Hold("h").ok());
  world_.GoTo(absl::CivilDay(2024, 2, 20));
  EXPECT_EQ(world_.Tick().steps, 0u);
  ASSERT_TRUE(world_.Release("h").ok());
  world_.clock()->Advance(absl::Seconds(1));
  EXPECT_EQ(world_.Tick().parts_erased, 1u);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann", "ann", "carl"));
}

TEST_F(ErasePartTest, AHoldThatIsPlacedDuringTheTickKeepsTheParts) {
  ASSERT_TRUE(world_.RequestDeletion("r", Named("bob")).ok());
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  // The tick reads the clock first, then once for each deletion.
  world_.AtReading(2, [this] {
    world_.clock()->Advance(absl::Seconds(1));
    ASSERT_TRUE(world_.Hold("h").ok());
    world_.clock()->Advance(absl::Seconds(1));
  });
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.parts_erased, 0u);
  EXPECT_EQ(report.overtaken, 1u);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann", "ann", "bob", "carl"));
}

TEST_F(ErasePartTest, AClockThatIsLostDuringTheTickKeepsTheParts) {
  ASSERT_TRUE(world_.RequestDeletion("r", Named("bob")).ok());
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  world_.AtReading(2, [this] { world_.set_synchronised(false); });
  const TickReport report = world_.Tick();
  ASSERT_THAT(report.refused, SizeIs(1));
  EXPECT_THAT(std::string(report.refused[0].status.message()), HasSubstr("not synchronised"));
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann", "ann", "bob", "carl"));
}

TEST(ErasePartGuardTest, NothingBeforeADryRunIsAcknowledged) {
  EngineWorld world;
  ASSERT_TRUE(world.Open().ok());
  ASSERT_TRUE(world.Enrol().ok());
  ASSERT_TRUE(world.Found({"ann", "bob"}, kOld).ok());
  ASSERT_TRUE(world.RequestDeletion("r", Named("bob")).ok());
  world.GoTo(absl::CivilDay(2024, 2, 5));
  const TickReport report = world.Tick();
  ASSERT_THAT(report.refused, SizeIs(1));
  EXPECT_THAT(std::string(report.refused[0].status.message()), HasSubstr("no dry run"));
  EXPECT_THAT(world.InStores(kOld), ElementsAre("ann", "bob"));
  ASSERT_TRUE(world.AcknowledgeDryRun(absl::CivilDay(2024, 2, 5)).ok());
  EXPECT_EQ(world.Tick().parts_erased, 1u);
  EXPECT_THAT(world.InStores(kOld), ElementsAre("ann"));
}

// It has begun, something failed, and before the next tick a hold is placed: wherever it was, it stops there.
TEST_F(ErasePartTest, AHoldStopsWhatHasBegun) {
  ASSERT_TRUE(world_.RequestDeletion("r", Named("bob")).ok());
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  uint64_t call = 0;
  do {
    world_.faults()->FailAt(++call, FaultPlan::Kind::kRefused);
    ASSERT_TRUE(world_.engine()->Tick(StopToken()).ok());
    ASSERT_TRUE(world_.faults()->failed());
    world_.faults()->FailAt(0, FaultPlan::Kind::kNone);
  } while (world_.tenant().UnfinishedSteps()->empty());
  ASSERT_THAT(world_.InStores(kOld), SizeIs(4));
  ASSERT_TRUE(world_.Hold("h").ok());
  world_.clock()->Advance(absl::Seconds(1));
  EXPECT_EQ(world_.Tick().parts_erased, 0u);
  EXPECT_THAT(*world_.tenant().UnfinishedSteps(), IsEmpty());
  EXPECT_THAT(world_.InStores(kOld), SizeIs(4));
  EXPECT_THAT(world_.tenant().Requests()->deletions, SizeIs(1));
  ASSERT_TRUE(world_.Release("h").ok());
  world_.clock()->Advance(absl::Seconds(1));
  EXPECT_EQ(world_.Tick().parts_erased, 1u);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann", "ann", "carl"));
}

TEST_F(ErasePartTest, WhatNamesNothingKeepsTheBucketFromNothingElse) {
  pb::Selector unknown_host;
  unknown_host.add_hosts("web-1");
  ASSERT_TRUE(world_.RequestDeletion("a", unknown_host).ok());
  ASSERT_TRUE(world_.RequestDeletion("b", Named("bob")).ok());
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  const TickReport report = world_.Settle();
  // Told at each tick, once.
  EXPECT_THAT(report.failed, SizeIs(6));
  EXPECT_EQ(report.parts_erased, 1u);
  EXPECT_EQ(world_.StateOf(kOld), pb::BUCKET_COLD);
  EXPECT_THAT(world_.InArchive(kOld), ElementsAre("ann", "ann", "carl"));
  world_.GoTo(absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(world_.Settle().purged, 1u);
}

TEST_F(ErasePartTest, WhatComesLaterIsErasedAsWell) {
  ASSERT_TRUE(world_.RequestDeletion("r", Named("bob")).ok());
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  ASSERT_EQ(world_.Tick().parts_erased, 1u);
  EXPECT_EQ(world_.Tick().steps, 0u);
  ASSERT_TRUE(world_.Found({"bob", "dora"}, kOld, "agent-2", "late").ok());
  // Of a day after the request's: it asked for what was there.
  ASSERT_TRUE(world_.Found({"bob"}, absl::CivilDay(2024, 2, 2), "agent-2", "new").ok());
  ASSERT_TRUE(world_.Hold("h").ok());
  EXPECT_EQ(world_.Tick().steps, 0u);
  ASSERT_TRUE(world_.Release("h").ok());
  world_.clock()->Advance(absl::Seconds(1));
  const TickReport report = world_.Tick();
  EXPECT_EQ(report.parts_erased, 1u);
  EXPECT_EQ(report.rows_deleted, 1u);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann", "ann", "carl", "dora"));
  EXPECT_EQ(world_.Tick().steps, 0u);
  // Both are journalled.
  size_t effects = 0;
  for (const pb::LedgerEntry& entry : world_.Entries()) effects += entry.has_store_effect() ? 1 : 0;
  EXPECT_EQ(effects, 2u);
  world_.GoTo(absl::CivilDay(2024, 9, 1));
  world_.Settle();
  EXPECT_THAT(world_.InStores(absl::CivilDay(2024, 2, 2)), ElementsAre("bob"));
}

TEST_F(ErasePartTest, WhatComesLaterForTheArchiveIsErasedAsWell) {
  world_.GoTo(absl::CivilDay(2024, 3, 1));
  ASSERT_TRUE(world_.End("end").ok());
  ASSERT_TRUE(world_.RequestDeletion("r", Named("ann")).ok());
  world_.GoTo(absl::CivilDay(2024, 3, 5));
  EXPECT_EQ(world_.Settle().parts_erased, 1u);
  ASSERT_TRUE(world_.Found({"ann", "dora"}, kOld, "agent-2", "late").ok());
  const TickReport report = world_.Settle();
  EXPECT_THAT(report.failed, IsEmpty());
  EXPECT_EQ(report.parts_erased, 1u);
  EXPECT_THAT(world_.InStores(kOld), IsEmpty());
  EXPECT_THAT(world_.InArchive(kOld), ElementsAre("bob", "carl", "dora"));
  // One that an object got all the same, while nothing looked: found there.
  const auto versions = world_.archive()->List(world_.Name(kOld))->versions;
  EXPECT_THAT(versions, SizeIs(1));
  EXPECT_EQ(world_.Tick().steps, 0u);
}

TEST_F(ErasePartTest, TwoRequestsAreTwoSteps) {
  ASSERT_TRUE(world_.RequestDeletion("r1", Named("bob")).ok());
  ASSERT_TRUE(world_.RequestDeletion("r2", Named("carl")).ok());
  world_.GoTo(absl::CivilDay(2024, 2, 5));
  EXPECT_EQ(world_.Settle().parts_erased, 2u);
  EXPECT_THAT(world_.InStores(kOld), ElementsAre("ann", "ann"));
}

}  // namespace
}  // namespace rollcall
