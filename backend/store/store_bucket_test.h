// The suite of buckets, instantiated like StoreContractTest.
#ifndef ROLLCALL_BACKEND_STORE_STORE_BUCKET_TEST_H_
#define ROLLCALL_BACKEND_STORE_STORE_BUCKET_TEST_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "backend/store/bucket_purge.h"
#include "backend/store/store_contract_test.h"
#include "platform/clock.h"

namespace rollcall {

class StoreBucketTest : public StoreContractTest {
 protected:
  BucketStore& buckets() { return *GetParam().buckets(&store()); }

  // UTC, day 0 is 2024-01-01.
  static absl::Time Noon(int day) { return absl::FromUnixSeconds(1'704'067'200) + absl::Hours(24 * day + 12); }
  static BucketRef Bucket(std::string service, int day) {
    return {"acme", {std::move(service), pb::ASSET_BASIC, absl::CivilDay(2024, 1, 1) + day}, absl::UTCTimeZone()};
  }
  // A run of `packages` at noon.
  static RunBuilder Run(const AgentName& agent, uint64_t generation, int day) {
    RunBuilder run(agent, "packages", generation);
    run.At(Noon(day));
    return run;
  }
  static bool Always() { return true; }

  void Contact(const AgentName& agent, const std::string& service) {
    AgentContact contact;
    contact.agent = agent;
    contact.hosting_service = service;
    contact.at = Noon(0);
    ASSERT_TRUE(store().RecordContact(contact).ok());
  }
  // Whether the store takes it that the unit's last run is found again, with the set the store has or that one.
  bool Confirm(const AgentName& agent, absl::Time at, std::optional<SetDigest> digest = std::nullopt) {
    const UnitInfo unit = Unit(agent);
    const PreparedConfirmation confirmation = {
        unit.collector, unit.scope, unit.epoch, unit.generation, digest.value_or(unit.digest).low(), at};
    const auto answers = store().ConfirmUnits(agent, {confirmation}, at);
    EXPECT_TRUE(answers.ok()) << answers.status();
    return answers.ok() && answers->at(0);
  }
  std::vector<StoredVersion> Current() {
    ScanQuery query;
    query.tenant = "acme";
    return ScanAll(query);
  }

  // `ALL ASSET_BASIC 2024-01-01 1/3`: records and bytes.
  static std::string Text(const BucketSummary& bucket) {
    return absl::StrCat(bucket.key.hosting_service, " ", pb::Category_Name(bucket.key.category), " ",
                        DayText(bucket.key.collected_day), " ", bucket.records, "/", bucket.bytes,
                        bucket.staged > 0 ? absl::StrCat(" staged ", bucket.staged) : "");
  }
  std::vector<std::string> List(const std::string& tenant) {
    std::vector<std::string> all;
    const auto page = buckets().ListBuckets(tenant, absl::UTCTimeZone(), "", 1000);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) return all;
    EXPECT_EQ(page->next_cursor, "");
    for (const BucketSummary& bucket : page->buckets) all.push_back(Text(bucket));
    return all;
  }
  BucketSummary Count(const BucketRef& bucket) {
    const auto summary = buckets().CountBucket(bucket);
    EXPECT_TRUE(summary.ok()) << summary.status();
    return summary.ok() ? *summary : BucketSummary();
  }
  std::vector<BucketRow> Rows(const BucketRef& bucket, size_t limit = 100) {
    std::vector<BucketRow> all;
    std::string cursor;
    do {
      auto page = buckets().ScanBucket(bucket, cursor, limit, RowContent::kWhole);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return all;
      EXPECT_LE(page->rows.size(), limit);
      for (BucketRow& row : page->rows) all.push_back(std::move(row));
      cursor = page->next_cursor;
    } while (!cursor.empty());
    return all;
  }
  // Everything a row says.
  static std::vector<std::string> Texts(const std::vector<BucketRow>& rows) {
    std::vector<std::string> texts;
    for (const BucketRow& row : rows) {
      const StoredVersion& version = row.version;
      texts.push_back(absl::StrCat(version.agent.agent_id, " ", version.collector, " ", row.scope.ShortDebugString(),
                                   " ", version.collector_version, " ", version.payload, " ",
                                   absl::FormatTime(version.valid_from), " ", absl::FormatTime(version.last_seen), " ",
                                   absl::FormatTime(version.ended_at.value_or(absl::InfiniteFuture())), " ",
                                   static_cast<int>(version.end_reason), " ", absl::FormatTime(version.collected_at),
                                   " ", absl::FormatTime(version.received_at)));
    }
    return texts;
  }
  DeleteOutcome Delete(const BucketRef& bucket, absl::Span<const BucketRow> rows) {
    const auto outcome = buckets().DeleteRows(bucket, fence_, rows, Always);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : DeleteOutcome();
  }
  PurgeReport Purge(const BucketRef& bucket) {
    PurgePace pace;
    pace.batch_rows = 3;
    pace.pause = absl::ZeroDuration();
    const auto report = PurgeBucket(&buckets(), bucket, fence_, pace, clock_, StopToken());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : PurgeReport();
  }

  static constexpr uint64_t fence_ = 5;
  SystemClock clock_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_STORE_BUCKET_TEST_H_
