// What a store promises about buckets: which versions are in one, that exactly those go that were named, what
// agents are told afterwards, and that what an archive kept can be put back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "backend/retention/retention_policy.h"
#include "backend/store/bucket_purge.h"
#include "backend/store/store_bucket_test.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kSample = pb::Record::kResourceUsageFieldNumber;

TEST_P(StoreBucketTest, ListsByServiceCategoryAndDayLastSeen) {
  Contact(agent_, "cvm:1");
  Apply(Run(agent_, 1, 0).Record("a", "1").Record("b", "1").Batch());
  Apply(Run(agent_, 2, 2).Record("a", "2").Record("b", "1").Record("c", "1").Batch());
  Apply(Run(other_agent_, 1, 0).Record("x", "1").Batch());
  Apply(Run(other_tenant_, 1, 0).Record("y", "1").Batch());
  // The first `a` was last seen on day 0; `b` too, and again on day 2.
  EXPECT_THAT(List("acme"), ElementsAre("ALL ASSET_BASIC 2024-01-01 1/3", "cvm:1 ASSET_BASIC 2024-01-01 1/3",
                                        "cvm:1 ASSET_BASIC 2024-01-03 3/9"));
  EXPECT_THAT(List("globex"), ElementsAre("ALL ASSET_BASIC 2024-01-01 1/3"));
  EXPECT_THAT(List("nobody"), IsEmpty());

  const BucketSummary summary = Count(Bucket("cvm:1", 2));
  EXPECT_EQ(summary.records, 3u);
  EXPECT_EQ(summary.bytes, 9u);
  EXPECT_EQ(summary.first_stored_at, Noon(0) + absl::Seconds(1));
  EXPECT_EQ(summary.first_observed, Noon(2));
  EXPECT_EQ(summary.last_observed, Noon(2));
  EXPECT_EQ(Count(Bucket("cvm:1", 1)).records, 0u);
  EXPECT_EQ(Count(Bucket("cvm:2", 2)).records, 0u);
}

TEST_P(StoreBucketTest, RunsThatAreNotCompleteLeaveTheDay) {
  Apply(Run(agent_, 1, 0).Record("a", "1").Batch());
  Apply(Run(agent_, 2, 1).Status(pb::RunResult::PARTIAL).Record("a", "1").Record("b", "1").Batch());
  EXPECT_THAT(List("acme"), ElementsAre("ALL ASSET_BASIC 2024-01-01 1/3", "ALL ASSET_BASIC 2024-01-02 1/3"));
}

TEST_P(StoreBucketTest, ConfirmationsMoveCurrentVersionsOn) {
  Apply(Run(agent_, 1, 0).Record("a", "1").Batch());
  Apply(Run(agent_, 2, 1).Record("a", "2").Batch());
  EXPECT_TRUE(Confirm(agent_, Noon(5)));
  EXPECT_THAT(List("acme"), ElementsAre("ALL ASSET_BASIC 2024-01-01 1/3", "ALL ASSET_BASIC 2024-01-06 1/3"));
}

TEST_P(StoreBucketTest, RetractedVersionsCountFromWhenTheyWereSeen) {
  Apply(Run(agent_, 1, 0).Version("1").Record("a", "1").Batch());
  UnitName unit = {agent_, "packages", {}};
  unit.scope.set_type(pb::Scope::HOST);
  ASSERT_EQ(*store().Retract(unit, "1", Noon(9)), 1u);
  EXPECT_THAT(List("acme"), ElementsAre("ALL ASSET_BASIC 2024-01-01 1/3"));
}

TEST_P(StoreBucketTest, DaysAreThoseOfTheZone) {
  Apply(Run(agent_, 1, 0).At(Noon(0) + absl::Hours(6)).Record("a", "1").Batch());
  const absl::TimeZone shanghai = absl::FixedTimeZone(8 * 3600);
  const auto page = buckets().ListBuckets("acme", shanghai, "", 10);
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_THAT(page->buckets, SizeIs(1));
  EXPECT_EQ(page->buckets[0].key.collected_day, absl::CivilDay(2024, 1, 2));
  BucketRef bucket = Bucket(kAllServices, 1);
  EXPECT_EQ(Count(bucket).records, 0u);
  bucket.zone = shanghai;
  EXPECT_EQ(Count(bucket).records, 1u);
  EXPECT_THAT(Rows(bucket), SizeIs(1));
}

TEST_P(StoreBucketTest, ADayHasItsFirstInstantAndNotTheNextDays) {
  const absl::Time midnight = Noon(0) - absl::Hours(12);
  Apply(Run(agent_, 1, 0).Mode(pb::MERGE).At(midnight).Record("first", "1").Batch());
  Apply(Run(other_agent_, 1, 0)
            .Mode(pb::MERGE)
            .At(midnight + absl::Hours(24) - absl::Nanoseconds(1))
            .Record("last", "1")
            .Batch());
  EXPECT_EQ(Count(Bucket(kAllServices, 0)).records, 2u);
  EXPECT_THAT(Rows(Bucket(kAllServices, 0)), SizeIs(2));
  EXPECT_EQ(Count(Bucket(kAllServices, 1)).records, 0u);
  EXPECT_EQ(Count(Bucket(kAllServices, -1)).records, 0u);
}

TEST_P(StoreBucketTest, TheServiceIsThatOfTheLastContact) {
  Apply(Run(agent_, 1, 0).Record("a", "1").Batch());
  Contact(agent_, "cvm:1");
  EXPECT_THAT(List("acme"), ElementsAre("cvm:1 ASSET_BASIC 2024-01-01 1/3"));
  const std::vector<BucketRow> rows = Rows(Bucket("cvm:1", 0));
  Contact(agent_, "cvm:2");
  EXPECT_THAT(List("acme"), ElementsAre("cvm:2 ASSET_BASIC 2024-01-01 1/3"));
  // What was decided for the old one is not carried out.
  const DeleteOutcome outcome = Delete(Bucket("cvm:1", 0), rows);
  EXPECT_EQ(outcome.deleted, 0u);
  EXPECT_EQ(outcome.changed, 1u);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1"));
}

TEST_P(StoreBucketTest, ListsAndScansArePaged) {
  for (int day = 0; day < 5; ++day) {
    Apply(Run(agent_, static_cast<uint64_t>(day) + 1, day).Record("a", absl::StrCat(day)).Record("b", "1").Batch());
  }
  std::vector<std::string> paged;
  std::string cursor;
  do {
    const auto page = buckets().ListBuckets("acme", absl::UTCTimeZone(), cursor, 2);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const BucketSummary& bucket : page->buckets) paged.push_back(Text(bucket));
    cursor = page->next_cursor;
    Reopen();
  } while (!cursor.empty());
  EXPECT_EQ(paged, List("acme"));
  EXPECT_THAT(paged, SizeIs(5));
  // Every version of one asset, which pages may have to part.
  Apply(Run(agent_, 9, 4).Record("a", "new").Record("b", "1").Batch());
  for (const size_t limit : {1, 2, 3, 100}) {
    const std::vector<BucketRow> rows = Rows(Bucket(kAllServices, 4), limit);
    ASSERT_THAT(rows, SizeIs(3)) << limit;
    for (size_t i = 1; i < rows.size(); ++i) {
      const auto position = [](const BucketRow& row) {
        return std::make_tuple(row.version.kind, row.version.asset_key, row.version.valid_from);
      };
      EXPECT_LT(position(rows[i - 1]), position(rows[i]));
    }
  }
  for (const absl::string_view wrong : {"x", "2024-01-01.1", "2024-1-1.1.", "2024-01-01.01."}) {
    EXPECT_TRUE(absl::IsInvalidArgument(buckets().ListBuckets("acme", absl::UTCTimeZone(), wrong, 2).status()));
    EXPECT_TRUE(
        absl::IsInvalidArgument(buckets().ScanBucket(Bucket(kAllServices, 0), wrong, 2, RowContent::kWhole).status()));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(buckets().ListBuckets("acme", absl::UTCTimeZone(), "", 0).status()));
}

TEST_P(StoreBucketTest, AScanGivesTheRecordsWithTheirFacts) {
  Apply(RunBuilder(agent_, "packages", 1)
            .At(Noon(0))
            .Version("7")
            .Scope(pb::Scope::CONTAINER, "c1")
            .Record("a", "1")
            .Batch());
  Apply(RunBuilder(agent_, "packages", 2).At(Noon(1)).Scope(pb::Scope::CONTAINER, "c1").Record("a", "2").Batch());
  const std::vector<BucketRow> rows = Rows(Bucket(kAllServices, 0));
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].scope.type(), pb::Scope::CONTAINER);
  EXPECT_EQ(rows[0].scope.id(), "c1");
  const StoredVersion& version = rows[0].version;
  EXPECT_EQ(version.agent, agent_);
  EXPECT_EQ(version.collector, "packages");
  EXPECT_EQ(version.collector_version, "7");
  EXPECT_EQ(version.payload, "a=1");
  EXPECT_EQ(version.asset_key, TestKey("a"));
  EXPECT_EQ(version.fingerprint, TestFingerprint("1"));
  EXPECT_EQ(version.collected_at, Noon(0));
  EXPECT_EQ(version.received_at, Noon(0) + absl::Seconds(1));
  EXPECT_EQ(version.last_seen, Noon(0));
  EXPECT_EQ(version.ended_at, Noon(1));
  EXPECT_EQ(version.end_reason, pb::StoredRecord::CHANGED);
  const auto facts = buckets().ScanBucket(Bucket(kAllServices, 0), "", 10, RowContent::kFacts);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->rows[0].version.payload, "");
  EXPECT_EQ(facts->rows[0].version.fingerprint, version.fingerprint);
}

TEST_P(StoreBucketTest, DeletesWhatIsNamedAndNothingElse) {
  Contact(agent_, "cvm:1");
  Apply(Run(agent_, 1, 0).Record("a", "1").Record("b", "1").Record("c", "1").Batch());
  Apply(Run(agent_, 2, 1).Record("a", "2").Record("b", "1").Batch());
  Apply(Run(other_agent_, 1, 0).Record("a", "1").Batch());
  const std::vector<BucketRow> rows = Rows(Bucket("cvm:1", 0));
  ASSERT_THAT(rows, SizeIs(2));  // a=1 and c=1
  const DeleteOutcome outcome = Delete(Bucket("cvm:1", 0), absl::MakeConstSpan(rows).subspan(0, 1));
  EXPECT_EQ(outcome.handled, 1u);
  EXPECT_EQ(outcome.deleted, 1u);
  EXPECT_EQ(outcome.bytes, 3u);
  EXPECT_THAT(Rows(Bucket("cvm:1", 0)), SizeIs(1));
  // Again, and the rest.
  const DeleteOutcome again = Delete(Bucket("cvm:1", 0), rows);
  EXPECT_EQ(again.handled, 2u);
  EXPECT_EQ(again.deleted, 1u);
  EXPECT_EQ(again.absent, 1u);
  Reopen();
  EXPECT_EQ(Count(Bucket("cvm:1", 0)).records, 0u);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=2", "b=1"));
  EXPECT_THAT(Contents(other_agent_), ElementsAre("a=1"));
  EXPECT_THAT(*store().History("acme", TestKey("c")), IsEmpty());
}

TEST_P(StoreBucketTest, DeletedHistoryLeavesTheUnitAsItWas) {
  Apply(Run(agent_, 1, 0).Record("a", "1").Batch());
  Apply(Run(agent_, 2, 1).Record("a", "2").Batch());
  const UnitInfo before = Unit(agent_);
  ASSERT_EQ(Purge(Bucket(kAllServices, 0)).deleted, 1u);
  const UnitInfo after = Unit(agent_);
  EXPECT_EQ(after.digest, before.digest);
  EXPECT_EQ(after.last_run.status(), pb::RunResult::COMPLETE);
  EXPECT_TRUE(Confirm(agent_, Noon(2)));
  EXPECT_EQ(Apply(Run(agent_, 3, 3).Base(before.digest).After(before.digest).Batch()).verdict, ApplyVerdict::kApplied);
}

TEST_P(StoreBucketTest, FirstSeenIsThatOfWhatIsKept) {
  for (int day = 0; day < 3; ++day) {
    Apply(Run(agent_, static_cast<uint64_t>(day) + 1, day).Record("a", absl::StrCat(day)).Batch());
  }
  Purge(Bucket(kAllServices, 0));
  const auto history = store().History("acme", TestKey("a"));
  ASSERT_TRUE(history.ok()) << history.status();
  ASSERT_THAT(*history, SizeIs(2));
  for (const StoredVersion& version : *history) EXPECT_EQ(version.first_seen, Noon(1));
  EXPECT_EQ(Current().at(0).first_seen, Noon(1));
  Purge(Bucket(kAllServices, 1));
  EXPECT_EQ(Current().at(0).first_seen, Noon(2));
}

TEST_P(StoreBucketTest, AUnitThatLostCurrentRecordsIsSentWholeAgain) {
  RunBuilder first = Run(agent_, 1, 0);
  first.Record("a", "1").Record("b", "1").Record("p", "1", 105);
  PreparedBatch batch = first.Batch();
  batch.run_result.add_degradations()->set_message("/home/somebody could not be read");
  Apply(batch);
  ASSERT_EQ(Purge(Bucket(kAllServices, 0)).deleted, 3u);
  const UnitInfo unit = Unit(agent_);
  EXPECT_EQ(unit.digest, SetDigest());
  EXPECT_EQ(unit.last_run.status(), pb::RunResult::PARTIAL) << "an emptied unit is not a complete one";
  ASSERT_EQ(unit.last_run.problems_size(), 1);
  EXPECT_EQ(unit.last_run.degradations_size(), 0) << "what the run said of the host went with its records";
  EXPECT_TRUE(store().CountRecords("acme")->empty());

  EXPECT_FALSE(Confirm(agent_, Noon(1), first.OwnDigest()));
  const ApplyOutcome delta = Apply(Run(agent_, 2, 1).Base(first.OwnDigest()).Record("c", "1").Batch());
  EXPECT_EQ(delta.verdict, ApplyVerdict::kResync);
  EXPECT_EQ(delta.cause, pb::Resync::BASE_MISMATCH);
  RunBuilder full = Run(agent_, 3, 2);
  full.Record("a", "1").Record("c", "1");
  const ApplyOutcome outcome = Apply(full.Batch());
  EXPECT_EQ(outcome.verdict, ApplyVerdict::kApplied);
  EXPECT_EQ(outcome.inserted, 2u);
  EXPECT_EQ(outcome.digest, full.OwnDigest());
  EXPECT_EQ(Unit(agent_).last_run.status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Current().at(0).first_seen, Noon(2)) << "nothing remembers what was deleted";
  EXPECT_TRUE(Confirm(agent_, Noon(3)));
}

TEST_P(StoreBucketTest, SamplesAreInNoDigest) {
  for (int hour = 0; hour < 3; ++hour) {
    Apply(RunBuilder(agent_, "packages", static_cast<uint64_t>(hour) + 1)
              .Mode(pb::MERGE)
              .Status(pb::RunResult::PARTIAL)
              .At(Noon(0) + absl::Hours(hour))
              .Record("cpu", absl::StrCat(hour), kSample)
              .After(SetDigest())
              .Batch());
  }
  ASSERT_THAT(List("acme"), ElementsAre("ALL ASSET_BASIC 2024-01-01 3/15"));
  const UnitInfo before = Unit(agent_);
  ASSERT_EQ(Purge(Bucket(kAllServices, 0)).deleted, 3u);
  EXPECT_EQ(Unit(agent_).digest, before.digest);
  EXPECT_TRUE(store().CountRecords("acme")->empty());
  EXPECT_THAT(Contents(agent_), IsEmpty());
}

TEST_P(StoreBucketTest, WhatChangedSinceIsLeftAlone) {
  Apply(Run(agent_, 1, 0).Record("a", "1").Record("b", "1").Batch());
  const std::vector<BucketRow> rows = Rows(Bucket(kAllServices, 0));
  ASSERT_THAT(rows, SizeIs(2));
  // `a` ends as last seen on day 0, `b` is seen again.
  Apply(Run(agent_, 2, 1).Record("a", "2").Record("b", "1").Batch());
  const DeleteOutcome outcome = Delete(Bucket(kAllServices, 0), rows);
  EXPECT_EQ(outcome.deleted, 0u);
  EXPECT_EQ(outcome.changed, 2u);
  EXPECT_THAT(Contents(agent_), ElementsAre("a=2", "b=1"));
  EXPECT_THAT(*store().History("acme", TestKey("a")), SizeIs(2));
  // Who looks again finds the one that is still of that day.
  EXPECT_EQ(Purge(Bucket(kAllServices, 0)).deleted, 1u);
}

TEST_P(StoreBucketTest, WhatCameSinceIsLeftAlone) {
  Apply(Run(agent_, 1, 0).Mode(pb::MERGE).Record("a", "1").Batch());
  const std::vector<BucketRow> rows = Rows(Bucket(kAllServices, 0));
  Apply(Run(agent_, 2, 0).Mode(pb::MERGE).Record("late", "1").Batch());
  EXPECT_EQ(Delete(Bucket(kAllServices, 0), rows).deleted, 1u);
  EXPECT_THAT(Contents(agent_), ElementsAre("late=1"));
}

TEST_P(StoreBucketTest, RecordsThatComeLateAreListedAgain) {
  Apply(Run(agent_, 1, 0).Mode(pb::MERGE).Record("a", "1").Batch());
  ASSERT_EQ(Purge(Bucket(kAllServices, 0)).remaining.records, 0u);
  ASSERT_THAT(List("acme"), IsEmpty());
  PreparedBatch late = Run(agent_, 2, 0).Mode(pb::MERGE).Record("a", "1").Record("b", "1").Batch();
  late.received_at = Noon(6);
  Apply(late);
  EXPECT_THAT(List("acme"), ElementsAre("ALL ASSET_BASIC 2024-01-01 2/6"));
  EXPECT_EQ(Count(Bucket(kAllServices, 0)).first_stored_at, Noon(6)) << "tells that all of it came late";
  EXPECT_EQ(Purge(Bucket(kAllServices, 0)).deleted, 2u);
  EXPECT_THAT(List("acme"), IsEmpty());
}

TEST_P(StoreBucketTest, WhoDecidedEarlierDeletesNothing) {
  Apply(Run(agent_, 1, 0).Record("a", "1").Batch());
  const BucketRef bucket = Bucket(kAllServices, 0);
  const std::vector<BucketRow> rows = Rows(bucket);
  ASSERT_TRUE(buckets().RaiseFence("acme", 7).ok());
  Reopen();
  const auto refused = [](const absl::Status& status) { return absl::IsFailedPrecondition(status); };
  EXPECT_TRUE(refused(buckets().DeleteRows(bucket, 6, rows, Always).status()));
  EXPECT_TRUE(refused(buckets().DropStaged(bucket, 6).status()));
  EXPECT_TRUE(refused(buckets().RestoreRows(bucket, 6, rows).status()));
  EXPECT_TRUE(refused(buckets().RaiseFence("acme", 6)));
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1"));
  EXPECT_TRUE(buckets().RaiseFence("acme", 7).ok()) << "idempotent";
  EXPECT_TRUE(buckets().RaiseFence("globex", 1).ok()) << "of another tenant";
  EXPECT_TRUE(absl::IsNotFound(buckets().RaiseFence("nobody", 1)));
  // A deletion raises it too.
  const auto outcome = buckets().DeleteRows(bucket, ~uint64_t{0}, rows, Always);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->deleted, 1u);
  EXPECT_TRUE(refused(buckets().RaiseFence("acme", 8)));
}

TEST_P(StoreBucketTest, ADeletionEndsWhereItIsTold) {
  RunBuilder run = Run(agent_, 1, 0);
  for (int i = 0; i < 10; ++i) run.Record(absl::StrCat("pkg", i), "1");
  Apply(run.Batch());
  const std::vector<BucketRow> rows = Rows(Bucket(kAllServices, 0));
  int asked = 0;
  const auto outcome = buckets().DeleteRows(Bucket(kAllServices, 0), fence_, rows, [&] { return ++asked < 4; });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->handled, 4u);
  EXPECT_EQ(outcome->deleted, 4u);
  EXPECT_EQ(Unit(agent_).digest.count(), 6u) << "what is left is whole";
  EXPECT_EQ(Rows(Bucket(kAllServices, 0)).front().version.asset_key, rows[4].version.asset_key);
}

TEST_P(StoreBucketTest, RowsOfOtherBucketsAreAMistake) {
  Apply(Run(agent_, 1, 0).Record("a", "1").Batch());
  const std::vector<BucketRow> rows = Rows(Bucket(kAllServices, 0));
  BucketRef other_category = Bucket(kAllServices, 0);
  other_category.key.category = pb::CONSOLE_CONFIG;
  BucketRef other_tenant = Bucket(kAllServices, 0);
  other_tenant.tenant = "globex";
  for (const BucketRef& bucket : {Bucket(kAllServices, 1), other_category, other_tenant}) {
    EXPECT_TRUE(absl::IsInvalidArgument(buckets().DeleteRows(bucket, fence_, rows, Always).status()));
    EXPECT_TRUE(absl::IsInvalidArgument(buckets().RestoreRows(bucket, fence_, rows).status()));
  }
  const std::vector<BucketRow> many(kMaxBucketRows + 1, rows[0]);
  EXPECT_TRUE(absl::IsInvalidArgument(buckets().DeleteRows(Bucket(kAllServices, 0), fence_, many, Always).status()));
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1"));
}

TEST_P(StoreBucketTest, StagedPartsCountAndGo) {
  RunBuilder run = Run(agent_, 1, 0);
  run.Record("a", "1").Record("b", "1").Record("c", "1");
  const auto parts = run.Parts(3);
  ASSERT_EQ(Apply(parts[0]).verdict, ApplyVerdict::kStaged);
  ASSERT_EQ(Apply(parts[1]).verdict, ApplyVerdict::kStaged);
  ASSERT_EQ(Apply(Run(other_agent_, 1, 1).Record("d", "1").Record("e", "1").Parts(2)[0]).verdict,
            ApplyVerdict::kStaged);
  const BucketSummary summary = Count(Bucket(kAllServices, 0));
  EXPECT_EQ(summary.records, 0u);
  EXPECT_EQ(summary.staged, 2u);
  EXPECT_THAT(List("acme"),
              ElementsAre("ALL ASSET_BASIC 2024-01-01 0/0 staged 2", "ALL ASSET_BASIC 2024-01-02 0/0 staged 1"));
  EXPECT_EQ(*buckets().DropStaged(Bucket("cvm:1", 0), fence_), 0u);
  EXPECT_EQ(*buckets().DropStaged(Bucket(kAllServices, 0), fence_), 2u);
  EXPECT_EQ(*buckets().DropStaged(Bucket(kAllServices, 0), fence_), 0u);
  EXPECT_EQ(Count(Bucket(kAllServices, 0)).staged, 0u);
  EXPECT_EQ(Count(Bucket(kAllServices, 1)).staged, 1u);
  const ApplyOutcome last = Apply(parts[2]);
  EXPECT_EQ(last.verdict, ApplyVerdict::kResync);
  EXPECT_EQ(last.cause, pb::Resync::MISSING_PART);
  EXPECT_THAT(Contents(agent_), IsEmpty());
}

TEST_P(StoreBucketTest, APurgeMayBeStoppedAndBegunAgain) {
  RunBuilder run = Run(agent_, 1, 0);
  for (int i = 0; i < 30; ++i) run.Record(absl::StrCat("pkg", i), "1");
  Apply(run.Batch());
  StopSource stopped;
  stopped.RequestStop();
  PurgePace pace;
  pace.batch_rows = 7;
  // On a busy machine as well.
  pace.batch_time = absl::Hours(1);
  SystemClock clock;
  const auto cut = PurgeBucket(&buckets(), Bucket(kAllServices, 0), fence_, pace, clock, stopped.token());
  EXPECT_TRUE(absl::IsCancelled(cut.status())) << cut.status();
  EXPECT_EQ(Count(Bucket(kAllServices, 0)).records, 23u);
  // A transaction that has no time deletes a row.
  pace.batch_time = absl::ZeroDuration();
  pace.pause = absl::ZeroDuration();
  const auto report = PurgeBucket(&buckets(), Bucket(kAllServices, 0), fence_, pace, clock, StopToken());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->deleted, 23u);
  EXPECT_EQ(report->batches, 23u);
  EXPECT_EQ(report->remaining.records, 0u);
  EXPECT_THAT(List("acme"), IsEmpty());
}

TEST_P(StoreBucketTest, WhatIsPutBackIsAsItWas) {
  Contact(agent_, "cvm:1");
  RunBuilder run = Run(agent_, 2, 0);
  run.At(Noon(0) + absl::Hours(1)).Record("a", "2").Record("b", "1");
  Apply(Run(agent_, 1, 0).Record("a", "1").Record("b", "1").Record("c", "1").Batch());
  Apply(run.Batch());
  const BucketRef bucket = Bucket("cvm:1", 0);
  const std::vector<BucketRow> archive = Rows(bucket);
  ASSERT_THAT(archive, SizeIs(4));
  const auto counts = store().CountRecords("acme");
  Purge(bucket);
  ASSERT_THAT(Contents(agent_), IsEmpty());

  for (int again = 0; again < 2; ++again) {
    const auto outcome = buckets().RestoreRows(bucket, fence_, archive);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->restored, again == 0 ? 4u : 0u);
    EXPECT_EQ(outcome->present, again == 0 ? 0u : 4u);
  }
  Reopen();
  EXPECT_EQ(Texts(Rows(bucket)), Texts(archive));
  EXPECT_THAT(Contents(agent_), ElementsAre("a=2", "b=1"));
  EXPECT_EQ(Unit(agent_).digest, run.OwnDigest());
  EXPECT_EQ(store().CountRecords("acme")->at(0).count, counts->at(0).count);
  // The set is right again, its run is not the complete one it was: the agent is asked for that.
  EXPECT_FALSE(Confirm(agent_, Noon(1)));
  RunBuilder delta = Run(agent_, 3, 1);
  delta.Base(run.OwnDigest()).After(run.OwnDigest());
  EXPECT_EQ(Apply(delta.Batch()).verdict, ApplyVerdict::kApplied);
  EXPECT_TRUE(Confirm(agent_, Noon(2)));
}

TEST_P(StoreBucketTest, WhatIsPutBackUnderANewSetHasEnded) {
  Apply(Run(agent_, 1, 0).Record("a", "1").Record("gone", "1").Batch());
  const BucketRef bucket = Bucket(kAllServices, 0);
  const std::vector<BucketRow> archive = Rows(bucket);
  Purge(bucket);
  RunBuilder full = Run(agent_, 2, 3);
  full.Record("a", "1");
  Apply(full.Batch());
  for (int again = 0; again < 2; ++again) {
    const auto outcome = buckets().RestoreRows(bucket, fence_, archive);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->present, again == 0 ? 0u : 2u);
  }
  EXPECT_THAT(Contents(agent_), ElementsAre("a=1"));
  EXPECT_EQ(Unit(agent_).digest, full.OwnDigest()) << "the agent's set is not disturbed";
  EXPECT_EQ(Unit(agent_).last_run.status(), pb::RunResult::COMPLETE);
  EXPECT_TRUE(Confirm(agent_, Noon(4)));
  const auto a = store().History("acme", TestKey("a"));
  ASSERT_THAT(*a, SizeIs(2));
  EXPECT_EQ(a->at(0).ended_at, Noon(3));
  EXPECT_EQ(a->at(0).end_reason, pb::StoredRecord::CHANGED);
  EXPECT_EQ(a->at(0).last_seen, Noon(0));
  const auto gone = store().History("acme", TestKey("gone"));
  ASSERT_THAT(*gone, SizeIs(1));
  EXPECT_EQ(gone->at(0).ended_at, Noon(3));
  EXPECT_EQ(gone->at(0).end_reason, pb::StoredRecord::GONE);
  EXPECT_EQ(gone->at(0).last_seen, Noon(0)) << "it stays in its bucket";
  EXPECT_EQ(Count(bucket).records, 2u);
}

TEST_P(StoreBucketTest, WhatDiffersIsNotPutBack) {
  Apply(Run(agent_, 1, 0).Record("a", "1").Record("b", "1").Batch());
  Apply(Run(agent_, 2, 1).Record("a", "2").Record("b", "1").Batch());
  const BucketRef bucket = Bucket(kAllServices, 0);
  std::vector<BucketRow> rows = Rows(bucket);
  ASSERT_THAT(rows, SizeIs(1));
  const BucketRow kept = rows[0];
  // One that is new, and one that differs: neither is taken.
  rows[0].version.asset_key = TestKey("new");
  rows.push_back(kept);
  rows[1].version.payload = "a=forged";
  EXPECT_TRUE(absl::IsFailedPrecondition(buckets().RestoreRows(bucket, fence_, rows).status()));
  EXPECT_THAT(*store().History("acme", TestKey("new")), IsEmpty());
  // Overlaps with what is there.
  for (const absl::Duration shift : {absl::Minutes(-1), absl::Minutes(1)}) {
    BucketRow moved = kept;
    moved.version.valid_from += shift;
    moved.version.last_seen = Noon(0) + absl::Minutes(1);
    EXPECT_TRUE(absl::IsFailedPrecondition(buckets().RestoreRows(bucket, fence_, {moved}).status())) << shift;
  }
  BucketRow longer = kept;
  ASSERT_EQ(Purge(bucket).deleted, 1u);
  longer.version.ended_at = Noon(2);
  EXPECT_TRUE(absl::IsFailedPrecondition(buckets().RestoreRows(bucket, fence_, {longer}).status()));
  BucketRow stranger = kept;
  stranger.version.collector = "unheard";
  EXPECT_TRUE(absl::IsNotFound(buckets().RestoreRows(bucket, fence_, {stranger}).status()));
  EXPECT_TRUE(buckets().RestoreRows(bucket, fence_, {kept}).ok());
}

}  // namespace
}  // namespace rollcall
