// A simulated day with a full disk and no backend, on the real pipeline and the real spool, and the
// recovery after it.
#include <random>

#include "agent/pipeline/batch_reducer.h"
#include "agent/pipeline/batch_writer.h"
#include "agent/pipeline/change_filter_sink.h"
#include "agent/pipeline/pipeline_test_util.h"
#include "agent/pipeline/stamp_sink.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool/testing/memory_spool_files.h"
#include "gtest/gtest.h"
#include "platform/testing/fake_clock.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr uint32_t kMinutes = 24 * 60;

class DiskFullDayTest : public testing::TestWithParam<bool> {
 protected:
  DiskFullDayTest() {
    options_.reducer = &reducer_;
    Start();
  }

  void Start() {
    filter_.reset();
    writer_.reset();
    spool_.reset();
    auto spool = DirectorySpool::Open(disk_.Mount(), options_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    spool_ = *std::move(spool);
    ++epoch_;
    states_ = std::make_unique<UnitStates>();
    writer_ = std::make_unique<BatchWriter>([this] { return epoch_; }, spool_.get(), states_.get());
    filter_ = std::make_unique<ChangeFilterSink>(states_.get(), spool_.get(), writer_.get());
    stamp_ = std::make_unique<StampSink>(filter_.get());
  }

  // A run at the host's present time, whatever its clock says.
  void Collect(const std::string& collector, std::vector<pb::Record> records) {
    pb::RunResult run = RunOf(collector);
    *run.mutable_started_at() = ToWire(clock_.Now());
    RunThrough(stamp_.get(), run, std::move(records)).IgnoreError();  // a refused run is part of the day
    (void)spool_->Sync();
  }

  // What a run of the collector finds now.
  std::vector<pb::Record> Found(const std::string& collector) {
    std::vector<pb::Record> records;
    for (uint32_t i = 0; i < 40 && collector == "packages"; ++i) {
      records.push_back(PackageRecord(absl::StrCat("p", i), absl::StrCat(versions_[i])));
    }
    for (uint32_t i = 0; i < 20 && collector == "processes"; ++i) {
      records.push_back(ProcessRecord(first_pid_ + i, {"daemon"}));
    }
    return records;
  }

  void CollectAll(uint32_t minute) {
    versions_[random_() % 40] = minute;
    first_pid_ = 1 + minute / 7 % 3 * 100;
    Collect("packages", Found("packages"));
    std::vector<pb::Record> processes = Found("processes");
    const bool came_and_went = minute % 5 == 0;
    if (came_and_went) {
      processes.push_back(ProcessRecord(100000 + minute, {"cron"}));
      processes.back().mutable_process()->mutable_ended_at()->set_seconds(1700000000 + minute);
    }
    const uint64_t refused = Dropped("processes", SpoolDropReason::kRefused);
    Collect("processes", std::move(processes));
    if (came_and_went && Dropped("processes", SpoolDropReason::kRefused) == refused) ++ended_accepted_;
  }

  uint64_t Dropped(const std::string& collector, SpoolDropReason reason) const {
    for (const SpoolDrops& drops : spool_->Stats().drops) {
      if (drops.collector == collector && drops.reason == reason) return drops.entries;
    }
    return 0;
  }

  // Everything pending reaches the backend, as a session brings it.
  void DeliverAll() {
    for (;;) {
      const auto entries = spool_->Read(0, 8, 512 << 10);
      ASSERT_TRUE(entries.ok());
      if (entries->empty()) return;
      for (const SpoolEntry& entry : *entries) {
        pb::Batch batch;
        ASSERT_TRUE(batch.ParseFromString(entry.payload));
        const pb::BatchBody body = BodyOf(batch);
        for (const pb::Record& record : body.records()) {
          if (record.process().has_ended_at()) ended_arrived_.insert(record.process().pid());
        }
        for (const pb::Problem& note : batch.run_result().degradations()) told_of_losses_ |= note.code() == "DATA_LOSS";
        const SpoolUnit unit{batch.collector(), ScopeText(batch.scope())};
        if (backend_.Apply(batch).has_value()) {
          states_->RequestFull(unit);
          ++resyncs_;
        } else if (batch.last()) {
          states_->SetBackendDigest(unit, backend_.Find(unit)->digest);
        }
      }
      ASSERT_TRUE(spool_->Acknowledge(entries->back().sequence).ok());
    }
  }

  std::map<uint32_t, uint32_t> versions_;
  uint32_t first_pid_ = 1;
  std::mt19937 random_{5};
  FakeClock clock_;
  MemoryDisk disk_;
  BatchReducer reducer_;
  DirectorySpoolOptions options_{
      .max_bytes = 96 * 1024, .segment_bytes = 16 * 1024, .min_free_bytes = 1 << 20, .coalesce_after = 32};
  uint64_t epoch_ = 0;
  std::unique_ptr<DirectorySpool> spool_;
  std::unique_ptr<UnitStates> states_;
  std::unique_ptr<BatchWriter> writer_;
  std::unique_ptr<ChangeFilterSink> filter_;
  std::unique_ptr<StampSink> stamp_;
  ModelBackend backend_;
  std::set<uint32_t> ended_arrived_;
  uint64_t ended_accepted_ = 0;
  bool told_of_losses_ = false;
  uint64_t resyncs_ = 0;
};

TEST_P(DiskFullDayTest, AfterwardsTheBackendHasWhatTheHostHas) {
  CollectAll(0);
  DeliverAll();
  const bool restart_at_noon = GetParam();
  for (uint32_t minute = 1; minute < kMinutes; ++minute) {
    clock_.Advance(absl::Minutes(1));
    // Nothing in the way to the spool believes the wall clock.
    if (minute == 300) clock_.JumpWallClock(clock_.Now() + absl::Hours(24 * 365));
    if (minute == 600) clock_.JumpWallClock(absl::UnixEpoch());
    disk_.space.free_bytes = 0;
    if (restart_at_noon && minute == kMinutes / 2) Start();
    CollectAll(minute);
    ASSERT_LE(spool_->Stats().bytes, options_.max_bytes) << minute;
  }
  disk_.space.free_bytes = disk_.space.total_bytes / 2;
  // The first run of each unit may be a refused one's successor, the second answers what was asked for.
  for (uint32_t round = 0; round < 3; ++round) {
    CollectAll(kMinutes + round);
    DeliverAll();
  }
  for (const char* collector : {"packages", "processes"}) {
    const SpoolUnit unit{collector, "host"};
    EXPECT_FALSE(spool_->NeedsFull(unit)) << collector;
    ASSERT_NE(backend_.Find(unit), nullptr);
    EXPECT_EQ(backend_.Find(unit)->digest, states_->BackendDigest(unit)) << collector;
    // The agent's own idea of the set: an unchanged run is confirmed against just this digest.
    const uint64_t confirmed = filter_->counters().confirmed;
    Collect(collector, Found(collector));
    EXPECT_EQ(filter_->counters().confirmed, confirmed + 1) << collector << ": digests are equal";
  }
  EXPECT_EQ(ended_arrived_.size(), ended_accepted_) << "each process that came and went, but for those refused";
  const bool lost = spool_->Stats().dropped_entries > 0;
  EXPECT_EQ(told_of_losses_, lost) << "what is lost is told, and nothing else";
}

INSTANTIATE_TEST_SUITE_P(WithoutAndWithARestart, DiskFullDayTest, testing::Bool());

}  // namespace
}  // namespace rollcall
