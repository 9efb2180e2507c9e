#include "collectors/run_collector.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

#include "collectors/testing/vector_sink.h"

namespace rollcall {
namespace {

using Body = std::function<absl::Status(RecordSink&, RunReport&, const StopToken&)>;

class ScriptedCollector : public Collector {
 public:
  explicit ScriptedCollector(Body body) : body_(std::move(body)) {}
  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    return body_(sink, report, stop);
  }
  absl::Status Flush(RecordSink& sink) override {
    RunReport report;
    return body_(sink, report, StopToken());
  }

 private:
  Body body_;
};

// Ten seconds pass between two looks at it.
class SteppingClock : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'000 + 10 * looks_++) + absl::Milliseconds(250); }
  absl::Duration Monotonic() const override { return absl::ZeroDuration(); }
  bool WaitUntil(absl::Duration, const StopToken&) const override { return true; }

 private:
  mutable int64_t looks_ = 0;
};

constexpr Collector::Descriptor kDescriptor = {
    .name = "scripted",
    .version = "7",
    .kinds = {},
    .interval = absl::Minutes(5),
    .timeout = absl::Seconds(30),
    .paths_read = {},
    .max_records = 3,
    .create = nullptr,
};

absl::Status EmitProcesses(RecordSink& sink, uint32_t count) {
  for (uint32_t pid = 1; pid <= count; ++pid) {
    pb::Record record;
    record.mutable_process()->set_pid(pid);
    if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

pb::RunResult RunBody(Body body, VectorSink& sink, const RunLimits& limits = {}, const StopToken& stop = StopToken()) {
  ScriptedCollector collector(std::move(body));
  const SteppingClock clock;
  return RunCollector(collector, kDescriptor, limits, clock, stop, sink);
}

TEST(RunCollector, FillsWhatEveryResultSays) {
  VectorSink sink;
  const pb::RunResult result =
      RunBody([](RecordSink& out, RunReport&, const StopToken&) { return EmitProcesses(out, 2); }, sink);
  EXPECT_EQ(result.collector(), "scripted");
  EXPECT_EQ(result.collector_version(), "7");
  EXPECT_EQ(result.scope().type(), pb::Scope::HOST);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(result.record_count(), 2U);
  EXPECT_FALSE(result.truncated());
  EXPECT_EQ(result.started_at().seconds(), 1'000);
  EXPECT_EQ(result.started_at().nanos(), 250'000'000);
  EXPECT_EQ(result.finished_at().seconds(), 1'010);
  EXPECT_EQ(result.interval().seconds(), 300);
  EXPECT_GT(result.cpu_time().nanos(), 0);
  EXPECT_EQ(sink.records().size(), 2U);
}

struct StatusCase {
  absl::Status returned;
  uint32_t records;
  bool problem;
  pb::RunResult::Status want;
};

TEST(RunCollector, MapsTheReturnedStatus) {
  const StatusCase cases[] = {
      {absl::OkStatus(), 0, false, pb::RunResult::COMPLETE},
      {absl::OkStatus(), 1, true, pb::RunResult::PARTIAL},
      {absl::OkStatus(), 0, true, pb::RunResult::PARTIAL},
      {absl::UnimplementedError("no dpkg"), 0, false, pb::RunResult::UNSUPPORTED},
      {absl::UnimplementedError("no dpkg"), 1, false, pb::RunResult::PARTIAL},
      {absl::CancelledError("stopped"), 0, false, pb::RunResult::PARTIAL},
      {absl::DeadlineExceededError("too slow"), 1, false, pb::RunResult::PARTIAL},
      {absl::ResourceExhaustedError("full"), 0, false, pb::RunResult::PARTIAL},
      {absl::PermissionDeniedError("no"), 0, false, pb::RunResult::FAILED},
      {absl::NotFoundError("no"), 0, false, pb::RunResult::FAILED},
      {absl::DataLossError("disk"), 1, false, pb::RunResult::PARTIAL},
  };
  for (const StatusCase& c : cases) {
    SCOPED_TRACE(c.returned.ToString());
    VectorSink sink;
    const pb::RunResult result = RunBody(
        [&](RecordSink& out, RunReport& report, const StopToken&) {
          if (c.problem) report.AddProblem("/x", absl::DataLossError("damaged"));
          EXPECT_TRUE(EmitProcesses(out, c.records).ok());
          return c.returned;
        },
        sink);
    EXPECT_EQ(pb::RunResult::Status_Name(result.status()), pb::RunResult::Status_Name(c.want));
    EXPECT_EQ(result.problem_count(), (c.problem ? 1U : 0U) + (c.returned.ok() ? 0U : 1U));
  }
}

TEST(RunCollector, CountsRecordsBeyondTheLimitWithoutPassingThemOn) {
  VectorSink sink;
  const pb::RunResult result =
      RunBody([](RecordSink& out, RunReport&, const StopToken&) { return EmitProcesses(out, 5); }, sink);
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_TRUE(result.truncated());
  EXPECT_EQ(result.observed_count(), 5U);
  EXPECT_EQ(result.record_count(), 3U);
  EXPECT_EQ(sink.records().size(), 3U);
}

TEST(RunCollector, ExactlyTheLimitIsComplete) {
  VectorSink sink;
  const pb::RunResult result =
      RunBody([](RecordSink& out, RunReport&, const StopToken&) { return EmitProcesses(out, 3); }, sink);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_FALSE(result.truncated());
}

TEST(RunCollector, ConfigurationOverridesTheDescriptor) {
  VectorSink sink;
  const RunLimits limits = {.max_records = 5, .interval = absl::Milliseconds(1'500)};
  const pb::RunResult result =
      RunBody([](RecordSink& out, RunReport&, const StopToken&) { return EmitProcesses(out, 5); }, sink, limits);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(result.interval().seconds(), 1);
  EXPECT_EQ(result.interval().nanos(), 500'000'000);
}

TEST(RunCollector, AFullSinkMakesTheRunPartialAndOnlyCountsWhatItTook) {
  VectorSink sink(1);
  const pb::RunResult result =
      RunBody([](RecordSink& out, RunReport&, const StopToken&) { return EmitProcesses(out, 3); }, sink);
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.record_count(), 1U);
  EXPECT_EQ(result.problems(0).code(), "RESOURCE_EXHAUSTED");
}

TEST(RunCollector, PassesTheStopOn) {
  VectorSink sink;
  StopSource source;
  source.RequestStop();
  const pb::RunResult result = RunBody(
      [](RecordSink&, RunReport&, const StopToken& stop) {
        return stop.stop_requested() ? absl::CancelledError("collect: stopped") : absl::OkStatus();
      },
      sink, {}, source.token());
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.problems(0).code(), "CANCELLED");
}

TEST(FlushCollector, ARefusedRecordIsAProblemNotSilence) {
  VectorSink sink(1);
  ScriptedCollector collector([](RecordSink& out, RunReport&, const StopToken&) { return EmitProcesses(out, 2); });
  pb::RunResult result;
  result.set_status(pb::RunResult::COMPLETE);
  result.set_record_count(4);
  FlushCollector(collector, sink, &result);
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.record_count(), 5U);
  EXPECT_EQ(result.problem_count(), 1U);
  ASSERT_EQ(result.problems_size(), 1);
  EXPECT_EQ(result.problems(0).code(), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(result.problems(0).message(), "emit record: sink is full");
}

TEST(FlushCollector, WhatIsTakenIsNoProblem) {
  VectorSink sink;
  ScriptedCollector collector([](RecordSink& out, RunReport&, const StopToken&) { return EmitProcesses(out, 2); });
  pb::RunResult result;
  result.set_status(pb::RunResult::COMPLETE);
  FlushCollector(collector, sink, &result);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(result.record_count(), 2U);
  EXPECT_EQ(result.problem_count(), 0U);
}

}  // namespace
}  // namespace rollcall
