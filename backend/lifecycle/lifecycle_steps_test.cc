// Steps and purges: guards, fencing, evidence, recovery; and the process or the power gone at every change of the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backend/keys/testing/crashing_vfs.h"
#include "backend/lifecycle/testing/lifecycle_world.h"

namespace rollcall {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);
const BucketKey kOld = {"cvm:1", pb::ASSET_BASIC, absl::CivilDay(2023, 6, 1)};

size_t CountEntries(const LifecycleWorld& world, bool (pb::LedgerEntry::*has)() const) {
  const std::vector<pb::LedgerEntry> entries = world.Entries();
  return static_cast<size_t>(
      std::count_if(entries.begin(), entries.end(), [&](const pb::LedgerEntry& entry) { return (entry.*has)(); }));
}

// An old bucket of a service that ended 31 days ago: due now.
void MakeDue(LifecycleWorld* world) {
  TenantLifecycle tenant = world->AddTenant("acme");
  ASSERT_TRUE(tenant.NoteBucket(LifecycleWorld::Content("cvm:1", kOld.collected_day)).ok());
  ASSERT_TRUE(tenant.ScheduleTermination(By("ann", "end"), Hosting("cvm:1"), world->clock()->Now()).ok());
  world->clock()->Advance(kDay * 31);
  world->Daily("look 1");
}

TEST(LifecycleStepsTest, APurgeFromIntentToCertificate) {
  LifecycleWorld world;
  ASSERT_TRUE(world.Open().ok());
  MakeDue(&world);
  TenantLifecycle tenant = *world.store()->Tenant("acme");
  ASSERT_EQ(world.store()->Due()->size(), 1u);
  const PurgePick pick = world.Pick("acme", kOld);
  const absl::StatusOr<BegunStep> begun = tenant.IntendPurge(pick);
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_TRUE(begun->is_new);
  EXPECT_EQ(CountEntries(world, &pb::LedgerEntry::has_purge_intended), 1u);
  const absl::StatusOr<BegunStep> again = tenant.IntendPurge(pick);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->step.number, begun->step.number);
  const std::vector<StoredStep> unfinished = *tenant.UnfinishedSteps();
  ASSERT_EQ(unfinished.size(), 1u);
  EXPECT_EQ(unfinished[0].kind, pb::STEP_PURGE);

  // Too late for a return: it is told what is lost.
  const auto back =
      tenant.Resubscribe(By("ann", "back"), Hosting("cvm:1"), world.clock()->Now(), tenant.Timeline()->epoch);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_FALSE(back->restoration().complete());
  EXPECT_EQ(back->restoration().lost(), 1u);
  // And for a hold: the ledger says so.
  ASSERT_TRUE(tenant.PlaceHold(By("ann", "h"), CourtOrder()).ok());
  ASSERT_TRUE(tenant.ApproveHold(By("bob", "a"), "h").ok());
  EXPECT_EQ(world.Entries().back().hold_changed().kind(), pb::LedgerEntry::HoldChanged::AFTER_COMMIT);

  world.clock()->Advance(absl::Hours(1));
  pb::StepEvidence left = NothingLeft(world.clock()->Now());
  left.mutable_stores(0)->set_remaining(1);
  const int64_t step = begun->step.number;
  EXPECT_EQ(tenant.FinishPurge(step, begun->step.epoch, left).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(tenant.FinishPurge(step, begun->step.epoch, {}).code(), absl::StatusCode::kInvalidArgument);
  const pb::StepEvidence nothing = NothingLeft(world.clock()->Now());
  EXPECT_EQ(tenant.FinishPurge(step, begun->step.epoch + 1, nothing).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(tenant.FinishPurge(step + 1, begun->step.epoch, nothing).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(tenant.Buckets()->at(0).facts.state, pb::BUCKET_PURGING);
  ASSERT_TRUE(tenant.FinishPurge(step, begun->step.epoch, nothing).ok());
  ASSERT_TRUE(tenant.FinishPurge(step, begun->step.epoch, nothing).ok());
  EXPECT_EQ(tenant.Buckets()->at(0).facts.state, pb::BUCKET_PURGED);
  EXPECT_EQ(CountEntries(world, &pb::LedgerEntry::has_purge_certified), 1u);
  EXPECT_EQ(CountEntries(world, &pb::LedgerEntry::has_store_effect), 1u);
  EXPECT_TRUE(tenant.UnfinishedSteps()->empty());
  EXPECT_TRUE(world.store()->Due()->empty());
}

TEST(LifecycleStepsTest, EveryGuardIsAsked) {
  LifecycleWorld world;
  ASSERT_TRUE(world.Open().ok());
  MakeDue(&world);
  TenantLifecycle tenant = *world.store()->Tenant("acme");
  const auto refused = [&](PurgePick pick, absl::string_view why) {
    const absl::Status status = tenant.IntendPurge(pick).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << why;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(std::string(why)));
    EXPECT_EQ(tenant.Buckets()->at(0).facts.state, pb::BUCKET_ACTIVE);
  };
  PurgePick pick = world.Pick("acme", kOld);
  pick.step.epoch -= 1;
  refused(pick, "something became known");
  pick = world.Pick("acme", kOld);
  pick.step.policy_hash = "other";
  refused(pick, "the rules changed");
  pick = world.Pick("acme", kOld);
  pick.clock.synchronised = false;
  refused(pick, "not synchronised");
  pick = world.Pick("acme", kOld);
  pick.clock.wall += kDay * 400;
  refused(pick, "jumped ahead");
  pick = world.Pick("acme", kOld);
  pick.clock.wall = Noon(2023, 1, 1);
  refused(pick, "behind what is known");
  pick = world.Pick("acme", kOld);
  pick.wanted = 50;
  refused(pick, "50 buckets");
  EXPECT_EQ(CountEntries(world, &pb::LedgerEntry::has_volume_guard_tripped), 1u);
  refused(pick, "50 buckets");
  EXPECT_EQ(CountEntries(world, &pb::LedgerEntry::has_volume_guard_tripped), 1u);
  ASSERT_TRUE(tenant.PlaceHold(By("ann", "h"), CourtOrder()).ok());
  ASSERT_TRUE(tenant.ApproveHold(By("bob", "a"), "h").ok());
  world.clock()->Advance(absl::Seconds(1));
  refused(world.Pick("acme", kOld), "held by h");
  EXPECT_EQ(CountEntries(world, &pb::LedgerEntry::has_purge_intended), 0u);
}

TEST(LifecycleStepsTest, NothingBeforeADryRunIsAcknowledged) {
  LifecycleWorld world;
  ASSERT_TRUE(world.Open().ok());
  TenantLifecycle tenant = world.AddTenant("acme");
  ASSERT_TRUE(tenant.NoteBucket(LifecycleWorld::Content("cvm:1", kOld.collected_day)).ok());
  ASSERT_TRUE(tenant.ScheduleTermination(By("ann", "end"), Hosting("cvm:1"), world.clock()->Now()).ok());
  EXPECT_TRUE(world.store()->Forecast(30)->empty());
  world.clock()->Advance(kDay);
  EXPECT_EQ(world.store()->Forecast(40)->at(absl::CivilDay(2024, 4, 1)), 1u);
  world.clock()->Advance(kDay * 30);
  EXPECT_FALSE(tenant.IntendPurge(world.Pick("acme", kOld)).ok());
  const DryRunList list = *world.store()->MakeDryRun(absl::CivilDay(2024, 4, 1));
  EXPECT_THAT(list.lines, ::testing::ElementsAre("acme cvm:1 ASSET_BASIC 2023-06-01"));
  EXPECT_FALSE(tenant.IntendPurge(world.Pick("acme", kOld)).ok());
  pb::DryRun another = list.run;
  another.set_list_hash(std::string(64, '0'));
  EXPECT_EQ(world.store()->AcknowledgeDryRun(By("ann", "x"), another).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(world.store()->AcknowledgeDryRun({"x", "engine"}, list.run).code(), absl::StatusCode::kPermissionDenied);
  ASSERT_TRUE(world.store()->AcknowledgeDryRun(By("ann", "y"), list.run).ok());
  ASSERT_TRUE(world.store()->AcknowledgeDryRun(By("ann", "y"), list.run).ok());
  EXPECT_FALSE(world.store()->AcknowledgeDryRun(By("bob", "z"), list.run).ok());
  const absl::StatusOr<BegunStep> begun = tenant.IntendPurge(world.Pick("acme", kOld));
  EXPECT_TRUE(begun.ok()) << begun.status();
}

TEST(LifecycleStepsTest, ToTheArchiveAndAPurgeInBetween) {
  LifecycleWorld world;
  ASSERT_TRUE(world.Open().ok());
  TenantLifecycle tenant = world.AddTenant("acme");
  ASSERT_TRUE(tenant.NoteBucket(LifecycleWorld::Content("cvm:1", kOld.collected_day)).ok());
  EXPECT_EQ(tenant.BeginStep(world.StepPickOf("acme", kOld), pb::STEP_ARCHIVE).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(tenant.ScheduleTermination(By("ann", "end"), Hosting("cvm:1"), world.clock()->Now()).ok());
  const auto archive = tenant.BeginStep(world.StepPickOf("acme", kOld), pb::STEP_ARCHIVE);
  ASSERT_TRUE(archive.ok()) << archive.status();
  EXPECT_EQ(tenant.Buckets()->at(0).facts.state, pb::BUCKET_ARCHIVING);
  EXPECT_FALSE(tenant.BeginStep(world.StepPickOf("acme", kOld), pb::STEP_ARCHIVE)->is_new);
  const pb::StepEvidence evidence = NothingLeft(world.clock()->Now());
  // The customer is back meanwhile: the restore takes the archive's place, and its end counts for nothing.
  ASSERT_TRUE(
      tenant.Resubscribe(By("ann", "back"), Hosting("cvm:1"), world.clock()->Now(), tenant.Timeline()->epoch).ok());
  const auto restore = tenant.BeginStep(world.StepPickOf("acme", kOld), pb::STEP_RESTORE);
  ASSERT_TRUE(restore.ok()) << restore.status();
  EXPECT_EQ(tenant.FinishStep(archive->step.number, archive->step.epoch, evidence).code(), absl::StatusCode::kAborted);
  ASSERT_EQ(tenant.UnfinishedSteps()->size(), 1u);
  ASSERT_TRUE(tenant.FinishStep(restore->step.number, restore->step.epoch, evidence).ok());
  ASSERT_TRUE(tenant.FinishStep(restore->step.number, restore->step.epoch, evidence).ok());
  EXPECT_EQ(tenant.Buckets()->at(0).facts.state, pb::BUCKET_ACTIVE);
}

TEST(LifecycleStepsTest, APartUnderGuardsAtEveryRepetition) {
  LifecycleWorld world;
  ASSERT_TRUE(world.Open().ok());
  TenantLifecycle tenant = world.AddTenant("acme");
  ASSERT_TRUE(tenant.NoteBucket(LifecycleWorld::Content("cvm:1", kOld.collected_day)).ok());
  pb::Selector selector;
  selector.add_hosts("host-1");
  ASSERT_TRUE(tenant.RequestDeletion(By("ann", "r"), selector, "mail").ok());
  world.clock()->Advance(absl::Seconds(1));
  const auto refused = [&](const PurgePick& pick, absl::StatusCode code, const std::string& why) {
    const absl::Status status = tenant.IntendErasure(pick, "r").status();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(why));
  };
  EXPECT_EQ(tenant.BeginStep(world.StepPickOf("acme", kOld), pb::STEP_ERASE_PART).status().code(),
            absl::StatusCode::kInvalidArgument);
  refused(world.Pick("acme", kOld), absl::StatusCode::kFailedPrecondition, "no dry run");
  world.Daily("look 1");
  refused(world.Pick("acme", kOld), absl::StatusCode::kFailedPrecondition, "not due");
  world.clock()->Advance(kDay * 5);
  world.Daily("look 2");
  const absl::StatusOr<BegunStep> begun = tenant.IntendErasure(world.Pick("acme", kOld), "r");
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_TRUE(begun->is_new);
  EXPECT_EQ(tenant.IntendErasure(world.Pick("acme", kOld), "r")->step.number, begun->step.number);
  EXPECT_EQ(tenant.StopErasure(world.StepPickOf("acme", kOld)).code(), absl::StatusCode::kFailedPrecondition);

  PurgePick pick = world.Pick("acme", kOld);
  pick.clock.synchronised = false;
  refused(pick, absl::StatusCode::kFailedPrecondition, "not synchronised");
  pick = world.Pick("acme", kOld);
  pick.step.epoch -= 1;
  refused(pick, absl::StatusCode::kAborted, "something became known");
  EXPECT_EQ(tenant.UnfinishedSteps()->size(), 1u);

  ASSERT_TRUE(tenant.PlaceHold(By("ann", "h"), CourtOrder()).ok());
  ASSERT_TRUE(tenant.ApproveHold(By("bob", "a"), "h").ok());
  world.clock()->Advance(absl::Seconds(1));
  refused(world.Pick("acme", kOld), absl::StatusCode::kFailedPrecondition, "held by h");
  EXPECT_TRUE(tenant.UnfinishedSteps()->empty());
  EXPECT_EQ(tenant.FinishStep(begun->step.number, begun->step.epoch, NothingLeft(world.clock()->Now())).code(),
            absl::StatusCode::kAborted);
  EXPECT_TRUE(tenant.Buckets()->at(0).facts.erased_for.empty());
}

// A day's work, each call asked again until it is answered. False as soon as one cannot be.
bool Work(LifecycleWorld* world) {
  if (!world->Open().ok()) return false;
  if (!world->store()->AddTenant(By("root", "t"), "acme", "eu-frankfurt").ok()) return false;
  absl::StatusOr<TenantLifecycle> tenant = world->store()->Tenant("acme");
  if (!tenant.ok()) return false;
  if (!tenant->AddService(By("root", "s"), "cvm:1").ok()) return false;
  if (!tenant->PlaceHold(By("ann", "h"), CourtOrder()).ok()) return false;
  if (!tenant->ApproveHold(By("bob", "a"), "h").ok()) return false;
  if (!tenant->AskRelease(By("ann", "r"), "h").ok()) return false;
  if (!tenant->ApproveRelease(By("bob", "q"), "h").ok()) return false;
  return tenant->RequestDeletion(By("ann", "d"), {}, "mail").ok();
}

class LifecycleCrashTest : public ::testing::TestWithParam<std::tuple<bool, bool>> {};

TEST_P(LifecycleCrashTest, AtEveryChangeOfTheDatabase) {
  CrashingVfs vfs;
  for (uint64_t change = 1;; ++change) {
    vfs.CrashAt(0, false);
    LifecycleWorld world;
    vfs.CrashAt(change, std::get<0>(GetParam()));
    const bool finished = Work(&world);
    const bool crashed = vfs.crashed();
    world.Close();
    vfs.CrashAt(0, false);
    if (std::get<1>(GetParam())) vfs.LosePower();
    ASSERT_TRUE(Work(&world)) << change;
    // Everything happened once: tenant, service, four of the hold and its two events, the request.
    ASSERT_EQ(world.ledger()->Head().size, 9u) << change;
    ASSERT_EQ(world.store()->Tenant("acme")->Facts()->events_size(), 3) << change;
    if (!crashed) {
      EXPECT_TRUE(finished);
      EXPECT_GT(change, 50u);
      return;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, LifecycleCrashTest,
                         ::testing::Values(std::make_tuple(false, true), std::make_tuple(true, false)));

TEST(LifecycleLedgerCrashTest, AtEveryChangeOfTheLedger) {
  for (uint64_t change = 1;; ++change) {
    LifecycleWorld world;
    world.disk()->CrashAt(change);
    const bool finished = Work(&world);
    world.Close();
    const bool crashed = world.disk()->changes() >= change;
    world.disk()->CrashAt(0);
    world.disk()->LosePower();
    ASSERT_TRUE(Work(&world)) << change;
    const std::vector<pb::LedgerEntry> entries = world.Entries();
    ASSERT_EQ(std::count_if(entries.begin(), entries.end(), [](const auto& e) { return !e.has_tail_cut(); }), 9)
        << change;
    if (!crashed) {
      EXPECT_TRUE(finished);
      return;
    }
  }
}

}  // namespace
}  // namespace rollcall
