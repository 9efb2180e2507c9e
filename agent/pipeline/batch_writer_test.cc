#include "agent/pipeline/batch_writer.h"

#include "agent/pipeline/pipeline_test_util.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

class BatchWriterTest : public testing::Test {
 protected:
  static RunOutput Output(pb::BatchMode mode, size_t records, size_t record_bytes, size_t retired = 0) {
    RunOutput output;
    output.mode = mode;
    output.result = RunOf("packages");
    output.completes_set = mode == pb::FULL;
    output.base.Add(AssetKey{1}, Fingerprint{1});
    output.after.Add(AssetKey{2}, Fingerprint{2});
    for (size_t i = 0; i < records; ++i) {
      output.upserts.push_back(PackageRecord(absl::StrCat("p", i), std::string(record_bytes, 'x')).SerializeAsString());
    }
    for (size_t i = 0; i < retired; ++i) {
      output.retired.push_back(AssetKey{static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)});
    }
    return output;
  }

  const SpoolUnit unit_{"packages", "host"};
  uint64_t epoch_ = 7;
  UnitStates states_;
  FakeSpool spool_;
  BatchWriter writer_{[this] { return epoch_; }, &spool_, &states_};
};

TEST_F(BatchWriterTest, AnEmptyRunIsOnePart) {
  ASSERT_TRUE(writer_.Write(Output(pb::DELTA, 0, 0)).ok());
  const std::vector<pb::Batch> batches = BatchesIn(spool_);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].sequence(), 0u);
  EXPECT_EQ(batches[0].epoch(), 7u);
  EXPECT_EQ(batches[0].generation(), 1u);
  EXPECT_EQ(batches[0].part(), 0u);
  EXPECT_TRUE(batches[0].last());
  EXPECT_EQ(batches[0].body_size(), 0u);
  EXPECT_TRUE(batches[0].body().empty()) << "nothing needs no frame";
  EXPECT_EQ(BodyBytes(batches[0]), "");
  EXPECT_EQ(batches[0].base().count(), 1u);
  EXPECT_EQ(batches[0].after().count(), 1u);
  EXPECT_EQ(batches[0].run_result().collector(), "packages");
}

TEST_F(BatchWriterTest, PartsHoldAtMostSoManyRecords) {
  ASSERT_TRUE(writer_.Write(Output(pb::FULL, 1025, 10, 3)).ok());
  const std::vector<pb::Batch> batches = BatchesIn(spool_);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(BodyOf(batches[0]).records_size(), 512);
  EXPECT_EQ(BodyOf(batches[1]).records_size(), 512);
  EXPECT_EQ(BodyOf(batches[2]).records_size(), 1);
  EXPECT_EQ(BodyOf(batches[2]).retired_size(), 3);
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(batches[i].part(), i);
    EXPECT_EQ(batches[i].last(), i == 2);
    EXPECT_EQ(batches[i].has_run_result(), i == 2);
    EXPECT_EQ(batches[i].has_after(), i == 2);
    EXPECT_FALSE(batches[i].has_base());
    EXPECT_EQ(batches[i].mode(), pb::FULL);
  }
}

TEST_F(BatchWriterTest, PartsHoldAtMostSoManyBytes) {
  ASSERT_TRUE(writer_.Write(Output(pb::FULL, 100, 8000)).ok());
  int records = 0;
  for (const pb::Batch& batch : BatchesIn(spool_)) {
    EXPECT_LE(batch.body_size(), BatchWriter::kMaxBodyBytes);
    records += BodyOf(batch).records_size();
  }
  EXPECT_EQ(records, 100);
}

TEST_F(BatchWriterTest, ALargeRecordIsAPartOfItsOwn) {
  RunOutput output = Output(pb::FULL, 3, 10);
  output.upserts[1] = PackageRecord("big", std::string(300 << 10, 'x')).SerializeAsString();
  ASSERT_TRUE(writer_.Write(std::move(output)).ok());
  const std::vector<pb::Batch> batches = BatchesIn(spool_);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(BodyOf(batches[1]).records_size(), 1);
}

TEST_F(BatchWriterTest, RetirementsAreCutToo) {
  ASSERT_TRUE(writer_.Write(Output(pb::DELTA, 0, 0, 40000)).ok());
  int retired = 0;
  for (const pb::Batch& batch : BatchesIn(spool_)) {
    EXPECT_LE(batch.body_size(), BatchWriter::kMaxBodyBytes);
    EXPECT_TRUE(batch.has_base());
    retired += BodyOf(batch).retired_size();
  }
  EXPECT_EQ(retired, 40000);
}

TEST_F(BatchWriterTest, GenerationsCountPerUnitAndTheEpochIsCurrent) {
  ASSERT_TRUE(writer_.Write(Output(pb::DELTA, 0, 0)).ok());
  RunOutput other = Output(pb::MERGE, 1, 1);
  other.result = RunOf("processes");
  ASSERT_TRUE(writer_.Write(std::move(other)).ok());
  epoch_ = 9;
  ASSERT_TRUE(writer_.Write(Output(pb::DELTA, 0, 0)).ok());
  const std::vector<pb::Batch> batches = BatchesIn(spool_);
  EXPECT_EQ(batches[1].generation(), 1u);
  EXPECT_FALSE(batches[1].has_after()) << "a merge does not know the set";
  EXPECT_EQ(batches[2].generation(), 2u);
  EXPECT_EQ(batches[2].epoch(), 9u);
}

TEST_F(BatchWriterTest, AFullAnswersAllRequests) {
  states_.RequestFull(unit_);
  ASSERT_TRUE(spool_.MarkNeedsFull(unit_).ok());
  ASSERT_TRUE(writer_.Write(Output(pb::DELTA, 1, 1)).ok());
  EXPECT_TRUE(states_.FullRequested(unit_));
  EXPECT_TRUE(spool_.NeedsFull(unit_));
  ASSERT_TRUE(writer_.Write(Output(pb::FULL, 1, 1)).ok());
  EXPECT_FALSE(states_.FullRequested(unit_));
  EXPECT_FALSE(spool_.NeedsFull(unit_));
}

TEST_F(BatchWriterTest, WhatTheSpoolCannotKeepIsMarked) {
  spool_.FailAppendsAfter(1);
  EXPECT_EQ(writer_.Write(Output(pb::FULL, 1000, 10)).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(spool_.NeedsFull(unit_));
  for (const pb::Batch& batch : BatchesIn(spool_)) EXPECT_FALSE(batch.last());
}

// Drops what another collector has, to make room for every entry.
class DroppingOthersSpool : public FakeSpool {
 public:
  absl::StatusOr<uint64_t> Append(const SpoolUnit& unit, absl::string_view payload) override {
    const SpoolUnit other{"resources", "host"};
    if (absl::Status status = FakeSpool::Append(other, "sample").status(); !status.ok()) return status;
    DropUnit(other);
    return FakeSpool::Append(unit, payload);
  }
};

TEST_F(BatchWriterTest, WhatOthersLostDoesNotKeepTheMark) {
  DroppingOthersSpool spool;
  BatchWriter writer([] { return 1; }, &spool, &states_);
  ASSERT_TRUE(spool.MarkNeedsFull(unit_).ok());
  ASSERT_TRUE(writer.Write(Output(pb::FULL, 600, 10)).ok());
  EXPECT_GT(spool.Stats().dropped_entries, 0u);
  EXPECT_FALSE(spool.NeedsFull(unit_)) << "or the next run would be a complete set again, and so on";
}

// Drops the run's own first part to make room for its last.
class DroppingSpool : public FakeSpool {
 public:
  absl::StatusOr<uint64_t> Append(const SpoolUnit& unit, absl::string_view payload) override {
    if (Stats().entries == 1) DropUnit(unit);
    return FakeSpool::Append(unit, payload);
  }
};

TEST_F(BatchWriterTest, AFullThatLostItsOwnPartsStaysMarked) {
  DroppingSpool spool;
  BatchWriter writer([] { return 1; }, &spool, &states_);
  ASSERT_TRUE(writer.Write(Output(pb::FULL, 600, 10)).ok());
  EXPECT_TRUE(spool.NeedsFull(unit_));
}

}  // namespace
}  // namespace rollcall
