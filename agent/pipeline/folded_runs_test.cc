// Runs in parts through the real writer, reducer and spool to a backend that keeps the rules.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/pipeline/batch_reducer.h"
#include "agent/pipeline/batch_writer.h"
#include "agent/pipeline/change_filter_sink.h"
#include "agent/pipeline/pipeline_test_util.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool/testing/memory_spool_files.h"

namespace rollcall {
namespace {

class FoldedRunsTest : public ::testing::Test {
 protected:
  // More than one part takes.
  static constexpr int kPackages = 600;

  FoldedRunsTest() {
    options_.reducer = &reducer_;
    options_.coalesce_after = 4;
    spool_ = *DirectorySpool::Open(disk_.Mount(), options_);
    writer_ = std::make_unique<BatchWriter>([] { return 1; }, spool_.get(), &states_);
    filter_ = std::make_unique<ChangeFilterSink>(&states_, spool_.get(), writer_.get());
  }

  // Every package has a new version.
  void UpgradeAll(pb::RunResult::Status status = pb::RunResult::COMPLETE) {
    ++version_;
    std::vector<pb::Record> records;
    for (int i = 0; i < kPackages; ++i) records.push_back(PackageRecord(absl::StrCat("p", i), absl::StrCat(version_)));
    ASSERT_TRUE(RunThrough(filter_.get(), RunOf("packages", status), std::move(records)).ok());
  }
  // The next `count` entries that were not given out yet.
  void Deliver(size_t count) {
    const auto entries = spool_->Read(next_, count, SIZE_MAX);
    ASSERT_TRUE(entries.ok());
    for (const SpoolEntry& entry : *entries) {
      pb::Batch batch;
      ASSERT_TRUE(batch.ParseFromString(entry.payload));
      EXPECT_EQ(backend_.Apply(batch), std::nullopt) << entry.sequence;
      next_ = entry.sequence + 1;
      if (batch.has_after()) last_after_ = SetDigest(batch.after());
    }
  }
  const ModelBackend::Unit& Unit() { return *backend_.Find({"packages", "host"}); }

  MemoryDisk disk_;
  BatchReducer reducer_;
  DirectorySpoolOptions options_;
  UnitStates states_;
  std::unique_ptr<DirectorySpool> spool_;
  std::unique_ptr<BatchWriter> writer_;
  std::unique_ptr<ChangeFilterSink> filter_;
  ModelBackend backend_;
  uint64_t next_ = 0;
  int version_ = 0;
  SetDigest last_after_;
};

TEST_F(FoldedRunsTest, ADeltaOfWhichAPartWasSentArrivesWhole) {
  UpgradeAll();
  Deliver(SIZE_MAX);
  UpgradeAll();
  ASSERT_EQ(spool_->Stats().entries, 4u) << "two runs of two parts";
  Deliver(1);
  for (int i = 0; i < 3; ++i) UpgradeAll();
  EXPECT_LT(spool_->Stats().entries, 10u) << "something was folded";
  Deliver(SIZE_MAX);
  EXPECT_EQ(Unit().digest, last_after_);
  for (const auto& [key, record] : Unit().contents) {
    EXPECT_EQ(record.os_package().summary(), absl::StrCat(version_)) << record.os_package().name();
  }
}

TEST_F(FoldedRunsTest, AMergeOfWhichAPartWasSentLosesNothing) {
  // Without a complete set before, a run that did not see everything is merged.
  UpgradeAll(pb::RunResult::PARTIAL);
  ASSERT_EQ(spool_->Stats().entries, 2u);
  Deliver(1);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(RunThrough(filter_.get(), RunOf("packages", pb::RunResult::PARTIAL),
                           {PackageRecord(absl::StrCat("other", i), "1")})
                    .ok());
  }
  Deliver(SIZE_MAX);
  EXPECT_EQ(Unit().records.size(), static_cast<size_t>(kPackages + 4));
}

TEST_F(FoldedRunsTest, WhatWasSentOfAFoldStaysWhenTheRestIsFoldedAgain) {
  const auto upgrade = [this] {
    ASSERT_TRUE(RunThrough(filter_.get(), RunOf("packages"), {PackageRecord("p", absl::StrCat(++version_))}).ok());
  };
  // A complete set stays what it is, and the deltas after it are one, which replaces them all.
  while (spool_->Stats().entries != 2 || spool_->Stats().next_sequence < 4) {
    ASSERT_LT(version_, 20);
    upgrade();
  }
  const uint64_t complete_set = spool_->Stats().first_sequence;
  Deliver(1);
  ASSERT_EQ(next_, complete_set + 1);
  const uint64_t before = spool_->Stats().next_sequence;
  for (int i = 0; i < 9; ++i) upgrade();
  EXPECT_LT(spool_->Stats().entries, 2 + (spool_->Stats().next_sequence - before)) << "something was folded";
  // The connection broke before anything was acknowledged: another backend gets it all.
  EXPECT_EQ(spool_->Stats().first_sequence, complete_set);
  backend_ = {};
  next_ = 0;
  Deliver(SIZE_MAX);
  EXPECT_EQ(Unit().digest, last_after_);
}

}  // namespace
}  // namespace rollcall
