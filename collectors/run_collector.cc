#include "collectors/run_collector.h"

#include <time.h>

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

absl::Duration ThreadCpuTime() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return absl::DurationFromTimespec(now);
}

// Passes on up to `limit` records and counts all.
class LimitingSink : public RecordSink {
 public:
  LimitingSink(RecordSink& next, size_t limit) : next_(next), limit_(limit) {}

  absl::Status Emit(pb::Record&& record) override {
    if (++observed_ > limit_) return absl::OkStatus();
    absl::Status status = next_.Emit(std::move(record));
    if (status.ok()) ++passed_;
    return status;
  }

  uint64_t passed() const { return passed_; }
  uint64_t observed() const { return observed_; }
  bool over_limit() const { return observed_ > limit_; }

 private:
  RecordSink& next_;
  const size_t limit_;
  uint64_t passed_ = 0;
  uint64_t observed_ = 0;
};

bool EndedEarly(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status);
}

pb::RunResult::Status StatusOf(const absl::Status& status, const RunReport& report, uint64_t records) {
  if (status.ok()) return report.complete() ? pb::RunResult::COMPLETE : pb::RunResult::PARTIAL;
  // A host cannot both lack a thing and have records of it.
  if (absl::IsUnimplemented(status) && records == 0) return pb::RunResult::UNSUPPORTED;
  return EndedEarly(status) || records > 0 ? pb::RunResult::PARTIAL : pb::RunResult::FAILED;
}

}  // namespace

pb::RunResult BeginRun(const Collector::Descriptor& descriptor, const RunLimits& limits, const Clock& clock) {
  pb::RunResult result;
  result.set_collector(std::string(descriptor.name));
  result.set_collector_version(std::string(descriptor.version));
  result.mutable_scope()->set_type(pb::Scope::HOST);
  *result.mutable_started_at() = ToWire(clock.Now());
  *result.mutable_interval() = ToWire(limits.interval.value_or(descriptor.interval));
  return result;
}

void FinishRun(Collector& collector, const Collector::Descriptor& descriptor, const RunLimits& limits,
               const Clock& clock, const StopToken& stop, RecordSink& sink, pb::RunResult* result) {
  LimitingSink limited(sink, limits.max_records.value_or(descriptor.max_records));
  RunReport report;
  const absl::Duration cpu_before = ThreadCpuTime();
  const absl::Status status = collector.Collect(limited, report, stop);
  const absl::Duration cpu_time = ThreadCpuTime() - cpu_before;

  if (limited.over_limit()) report.SetTruncated(limited.observed());
  if (!status.ok()) report.AddProblem("", status);
  result->set_status(StatusOf(status, report, limited.observed()));
  result->set_record_count(limited.passed());
  report.FillResult(result);
  *result->mutable_cpu_time() = ToWire(cpu_time);
  *result->mutable_finished_at() = ToWire(clock.Now());
}

void FlushCollector(Collector& collector, RecordSink& sink, pb::RunResult* result) {
  LimitingSink counted(sink, std::numeric_limits<size_t>::max());
  const absl::Status flushed = collector.Flush(counted);
  result->set_record_count(result->record_count() + counted.passed());
  if (flushed.ok()) return;
  if (result->status() == pb::RunResult::COMPLETE) result->set_status(pb::RunResult::PARTIAL);
  RunReport report;
  report.AddProblem("", flushed);
  pb::RunResult told;
  report.FillResult(&told);
  if (static_cast<size_t>(result->problems_size()) < RunReport::kMaxProblems) {
    result->mutable_problems()->MergeFrom(told.problems());
  }
  result->set_problem_count(result->problem_count() + told.problem_count());
}

pb::RunResult RunCollector(Collector& collector, const Collector::Descriptor& descriptor, const RunLimits& limits,
                           const Clock& clock, const StopToken& stop, RecordSink& sink) {
  pb::RunResult result = BeginRun(descriptor, limits, clock);
  FinishRun(collector, descriptor, limits, clock, stop, sink, &result);
  return result;
}

}  // namespace rollcall
