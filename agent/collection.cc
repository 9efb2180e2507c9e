#include "agent/collection.h"

#include <algorithm>
#include <utility>

#include "collectors/run_collector.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

// Collectors this rare read much at a time; the others' first runs need not wait for them.
constexpr absl::Duration kHeavyInterval = absl::Hours(1);

class GatheringSink : public RecordSink {
 public:
  absl::Status Emit(pb::Record&& record) override {
    records.push_back(std::move(record));
    return absl::OkStatus();
  }
  std::vector<pb::Record> records;
};

bool HasSamplesOnly(const Collector::Descriptor& descriptor) {
  return std::all_of(descriptor.kinds.begin(), descriptor.kinds.end(), [](absl::string_view name) {
    const Kind* kind = FindKind(name);
    return kind != nullptr && kind->options->sample();
  });
}

RunLimits LimitsOf(absl::Duration interval) {
  RunLimits limits;
  limits.interval = interval;
  return limits;
}

}  // namespace

Collection::Collection(const AgentConfig& config, absl::Span<const Collector::Descriptor* const> descriptors,
                       const CollectorContext& context, RunSink* chain, Logger* logger, std::function<void()> after_run)
    : clock_(context.clock), chain_(chain), logger_(logger), after_run_(std::move(after_run)) {
  for (const Collector::Descriptor* descriptor : descriptors) {
    const auto found = config.collectors.find(std::string(descriptor->name));
    const CollectorConfig settings = found != config.collectors.end()
                                         ? found->second
                                         : CollectorConfig{true, descriptor->interval, descriptor->timeout};
    if (!settings.enabled) continue;
    auto entry = std::make_unique<Entry>();
    entry->descriptor = descriptor;
    entry->interval = settings.interval;
    entry->timeout = settings.timeout;
    entry->collector = descriptor->create(context);
    entry->stats.name = std::string(descriptor->name);
    entry->stats.interval = settings.interval;
    entry->stats.timeout = settings.timeout;
    entries_.push_back(std::move(entry));
  }
}

std::vector<WatchedCollector> Collection::Watched() const {
  std::vector<WatchedCollector> watched;
  for (const auto& entry : entries_) {
    const absl::Span<const absl::string_view> paths = entry->descriptor->watch_paths;
    if (!paths.empty()) watched.push_back({entry->stats.name, {paths.begin(), paths.end()}});
  }
  return watched;
}

std::vector<ScheduledTask> Collection::Tasks() {
  std::vector<ScheduledTask> tasks;
  for (const auto& owned : entries_) {
    Entry* entry = owned.get();
    ScheduledTask task;
    task.name = entry->stats.name;
    task.interval = entry->interval;
    task.timeout = entry->timeout;
    task.heavy = entry->interval >= kHeavyInterval;
    task.run = [this, entry](const TaskRun& run) { return Run(entry, run); };
    task.throttled = [this, entry] { Throttled(entry); };
    tasks.push_back(std::move(task));
  }
  return tasks;
}

absl::Status Collection::Run(Entry* entry, const TaskRun& run) {
  {
    const std::lock_guard lock(mutex_);
    entry->stats.running_since = clock_->Monotonic();
  }
  const RunLimits limits = LimitsOf(entry->interval);
  pb::RunResult result = BeginRun(*entry->descriptor, limits, *clock_);
  absl::Status status = chain_->BeginRun(result);
  if (status.ok()) {
    FinishRun(*entry->collector, *entry->descriptor, limits, *clock_, run.stop, *chain_, &result);
    if (shutting_down_ && run.stop.stop_requested()) {
      status = absl::CancelledError("run collector: the agent ends");
    } else {
      status = Deliver(entry, result);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    entry->stats.running_since.reset();
    ++entry->stats.runs;
  }
  after_run_();
  return status;
}

void Collection::Throttled(Entry* entry) {
  pb::RunResult result = BeginRun(*entry->descriptor, LimitsOf(entry->interval), *clock_);
  *result.mutable_finished_at() = result.started_at();
  result.set_status(pb::RunResult::THROTTLED);
  if (chain_->BeginRun(result).ok()) Deliver(entry, result).IgnoreError();  // logged there
  after_run_();
}

void Collection::Flush() {
  for (const auto& entry : entries_) FlushEntry(entry.get());
}

void Collection::FlushEntry(Entry* entry) {
  GatheringSink gathered;
  entry->collector->Flush(gathered).IgnoreError();  // this sink refuses nothing
  if (gathered.records.empty()) return;
  const pb::RunResult begun = BeginRun(*entry->descriptor, LimitsOf(entry->interval), *clock_);
  // As the last run went, so does this: it looked at nothing.
  pb::RunResult result = entry->stats.last_result.value_or(begun);
  const bool retires_nothing = result.status() == pb::RunResult::COMPLETE && HasSamplesOnly(*entry->descriptor);
  if (!retires_nothing) result.set_status(pb::RunResult::PARTIAL);
  result.clear_cpu_time();
  *result.mutable_started_at() = begun.started_at();
  *result.mutable_finished_at() = begun.started_at();
  result.set_record_count(gathered.records.size());
  absl::Status status = chain_->BeginRun(result);
  for (pb::Record& record : gathered.records) status.Update(chain_->Emit(std::move(record)));
  if (status.ok()) {
    Deliver(entry, result).IgnoreError();  // logged there
  } else {
    logger_->Error("run.not_kept", "cannot keep samples gathered since the last record",
                   {{"collector", entry->stats.name}, {"cause", status}});
  }
}

absl::Status Collection::Deliver(Entry* entry, const pb::RunResult& result) {
  const absl::Status status = chain_->EndRun(result);
  bool repeated = false;
  {
    const std::lock_guard lock(mutex_);
    repeated = entry->stats.last_result.has_value() && entry->stats.last_result->status() == result.status();
    entry->stats.last_result = result;
  }
  LogResult(result, repeated);
  if (!status.ok()) {
    logger_->Error("run.not_kept", "cannot keep what a run found; its next run sends everything",
                   {{"collector", result.collector()}, {"cause", status}});
  }
  return status;
}

void Collection::LogResult(const pb::RunResult& result, bool repeated) {
  const bool well = result.status() == pb::RunResult::COMPLETE || result.status() == pb::RunResult::UNSUPPORTED;
  const LogLevel level = repeated ? LogLevel::kDebug : well ? LogLevel::kInfo : LogLevel::kWarning;
  const absl::Duration took = absl::Seconds(result.finished_at().seconds() - result.started_at().seconds()) +
                              absl::Nanoseconds(result.finished_at().nanos() - result.started_at().nanos());
  logger_->Log(
      level, "run.ended", "a collector's run ended",
      {LogField("collector", result.collector()), LogField("status", pb::RunResult::Status_Name(result.status())),
       LogField("records", result.record_count()), LogField("problems", result.problem_count()),
       LogField("first_problem", result.problems_size() > 0 ? result.problems(0).message() : ""),
       LogField("took_seconds", took)});
}

std::vector<CollectionStats> Collection::Stats() const {
  const std::lock_guard lock(mutex_);
  std::vector<CollectionStats> stats;
  stats.reserve(entries_.size());
  for (const auto& entry : entries_) stats.push_back(entry->stats);
  return stats;
}

}  // namespace rollcall
