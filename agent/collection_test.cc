#include "agent/collection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;

class StoppableCollector : public Collector {
 public:
  absl::Status Flush(RecordSink& sink) override {
    for (; gathered > 0; --gathered) {
      pb::Record record;
      record.mutable_resource_usage()->set_first_sample_unix_ms(gathered);
      if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    pb::Record record;
    record.mutable_os_package()->set_name("a");
    if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
    return stop.stop_requested() ? absl::CancelledError("stopped") : absl::OkStatus();
  }
  static inline int gathered = 0;
};

constexpr absl::string_view kKinds[] = {"os_package"};
constexpr absl::string_view kPaths[] = {"/x"};
Collector::Descriptor Descriptor(absl::string_view name, absl::Duration interval) {
  return {name,
          "1",
          kKinds,
          interval,
          absl::Minutes(1),
          kPaths,
          100,
          [](const CollectorContext&) -> std::unique_ptr<Collector> { return std::make_unique<StoppableCollector>(); }};
}

// Keeps results; can refuse them.
class FakeChain : public RunSink {
 public:
  absl::Status BeginRun(const pb::RunResult&) override { return begin; }
  absl::Status Emit(pb::Record&& record) override {
    records.push_back(std::move(record));
    return absl::OkStatus();
  }
  absl::Status EndRun(const pb::RunResult& result) override {
    results.push_back(result);
    return end;
  }
  absl::Status begin;
  absl::Status end;
  std::vector<pb::RunResult> results;
  std::vector<pb::Record> records;
};

class CollectionTest : public ::testing::Test {
 protected:
  CollectionTest() {
    context_.files = &files_;
    context_.clock = &clock_;
    config_.collectors["ports"] = {true, absl::Minutes(7), absl::Seconds(20)};
    config_.collectors["off"] = {false, absl::Minutes(7), absl::Seconds(20)};
    collection_ =
        std::make_unique<Collection>(config_, std::vector<const Collector::Descriptor*>{&off_, &packages_, &ports_},
                                     context_, &chain_, &logger_, [this] { ++after_; });
    tasks_ = collection_->Tasks();
  }

  absl::Status Run(const StopToken& stop = StopToken()) {
    TaskRun run;
    run.stop = stop;
    return tasks_[1].run(run);
  }

  const Collector::Descriptor off_ = Descriptor("off", absl::Minutes(5));
  const Collector::Descriptor packages_ = Descriptor("packages", absl::Hours(12));
  const Collector::Descriptor ports_ = Descriptor("ports", absl::Minutes(5));
  MemoryTree files_;
  FakeClock clock_;
  CollectorContext context_;
  AgentConfig config_;
  FakeChain chain_;
  NullLogger logger_;
  int after_ = 0;
  std::unique_ptr<Collection> collection_;
  std::vector<ScheduledTask> tasks_;
};

TEST_F(CollectionTest, TasksFollowTheConfiguration) {
  ASSERT_EQ(tasks_.size(), 2u);
  EXPECT_EQ(tasks_[0].name, "packages");  // not configured: as its descriptor says
  EXPECT_EQ(tasks_[0].interval, absl::Hours(12));
  EXPECT_TRUE(tasks_[0].heavy);
  EXPECT_EQ(tasks_[1].name, "ports");
  EXPECT_EQ(tasks_[1].interval, absl::Minutes(7));
  EXPECT_EQ(tasks_[1].timeout, absl::Seconds(20));
  EXPECT_FALSE(tasks_[1].heavy);
}

TEST_F(CollectionTest, ARunGoesThroughTheChainAndIsRemembered) {
  EXPECT_EQ(Run(), absl::OkStatus());
  ASSERT_EQ(chain_.results.size(), 1u);
  EXPECT_EQ(chain_.results[0].status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(chain_.results[0].interval().seconds(), 7 * 60);
  EXPECT_EQ(after_, 1);
  const std::vector<CollectionStats> stats = collection_->Stats();
  EXPECT_EQ(stats[1].runs, 1u);
  EXPECT_FALSE(stats[1].running_since.has_value());
  EXPECT_EQ(stats[1].last_result->record_count(), 1u);
  EXPECT_FALSE(stats[0].last_result.has_value());
}

TEST_F(CollectionTest, ATimeoutIsAPartialRunButAShutdownIsNone) {
  StopSource stop;
  stop.RequestStop();
  EXPECT_EQ(Run(stop.token()), absl::OkStatus());
  ASSERT_EQ(chain_.results.size(), 1u);
  EXPECT_EQ(chain_.results[0].status(), pb::RunResult::PARTIAL);
  collection_->BeginShutdown();
  EXPECT_EQ(Run(stop.token()).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(chain_.results.size(), 1u);
  EXPECT_EQ(after_, 2);
}

TEST_F(CollectionTest, WhatWasGatheredIsPassedOnAtTheEnd) {
  collection_->Flush();
  EXPECT_TRUE(chain_.results.empty()) << "nothing was gathered";
  ASSERT_TRUE(Run().ok());
  chain_.records.clear();
  StoppableCollector::gathered = 2;
  collection_->Flush();
  EXPECT_EQ(chain_.records.size(), 2u);
  ASSERT_EQ(chain_.results.size(), 2u);
  EXPECT_EQ(chain_.results[1].collector(), "packages");
  EXPECT_EQ(chain_.results[1].record_count(), 2u);
  // The collector has kinds that are no samples: a COMPLETE result would retire them all.
  EXPECT_EQ(chain_.results[1].status(), pb::RunResult::PARTIAL);
  collection_->Flush();
  EXPECT_EQ(chain_.results.size(), 2u);
}

TEST_F(CollectionTest, SamplesAtTheEndLeaveTheCoverageAsItWas) {
  constexpr absl::string_view kSampleKinds[] = {"resource_usage"};
  Collector::Descriptor samples = Descriptor("samples", absl::Minutes(1));
  samples.kinds = kSampleKinds;
  Collection collection(config_, std::vector<const Collector::Descriptor*>{&samples}, context_, &chain_, &logger_,
                        [] {});
  ASSERT_TRUE(collection.Tasks()[0].run(TaskRun()).ok());
  StoppableCollector::gathered = 1;
  collection.Flush();
  ASSERT_EQ(chain_.results.size(), 2u);
  EXPECT_EQ(chain_.results[1].status(), pb::RunResult::COMPLETE);
}

TEST_F(CollectionTest, ALeftOutRunSaysSo) {
  tasks_[1].throttled();
  ASSERT_EQ(chain_.results.size(), 1u);
  EXPECT_EQ(chain_.results[0].status(), pb::RunResult::THROTTLED);
  EXPECT_EQ(chain_.results[0].collector(), "ports");
  EXPECT_TRUE(chain_.results[0].has_finished_at());
}

TEST_F(CollectionTest, WhatTheChainRefusesIsAnError) {
  chain_.end = absl::UnavailableError("spool full");
  EXPECT_EQ(Run().code(), absl::StatusCode::kUnavailable);
  chain_.begin = absl::InternalError("no");
  EXPECT_EQ(Run().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(after_, 2);
}

}  // namespace
}  // namespace rollcall
