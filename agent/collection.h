// Collectors as scheduled tasks that feed the pipeline.
#ifndef ROLLCALL_AGENT_COLLECTION_H_
#define ROLLCALL_AGENT_COLLECTION_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "agent/config/agent_config.h"
#include "agent/pipeline/run_sink.h"
#include "agent/scheduler/scheduler.h"
#include "agent/watch/change_watcher.h"
#include "collectors/collector.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {

// What is known of one collector's runs.
struct CollectionStats {
  std::string name;
  absl::Duration interval;
  absl::Duration timeout;
  // Monotonic start of the run in progress.
  std::optional<absl::Duration> running_since;
  uint64_t runs = 0;
  std::optional<pb::RunResult> last_result;
};

// Makes the enabled collectors and runs them into one chain of sinks, one at a time. Stats may
// be read from any thread.
class Collection {
 public:
  // `after_run` is called at the end of every run, on the scheduler's thread. Pointers, and
  // what `context` points to, must outlive this.
  Collection(const AgentConfig& config, absl::Span<const Collector::Descriptor* const> descriptors,
             const CollectorContext& context, RunSink* chain, Logger* logger, std::function<void()> after_run);

  // The enabled collectors that have paths to watch.
  std::vector<WatchedCollector> Watched() const;

  // One task per enabled collector, in the order of the table. This must outlive them.
  std::vector<ScheduledTask> Tasks();

  // From now on, runs that end because they were stopped leave no result: the agent ends, and a
  // run cut short by that says nothing about the host.
  void BeginShutdown() { shutting_down_ = true; }

  // Passes on what collectors have gathered for a later run that will not come (Collector::Flush).
  // Call when no task runs any more.
  void Flush();

  std::vector<CollectionStats> Stats() const;

 private:
  struct Entry {
    const Collector::Descriptor* descriptor;
    absl::Duration interval;
    absl::Duration timeout;
    std::unique_ptr<Collector> collector;
    CollectionStats stats;
  };

  absl::Status Run(Entry* entry, const TaskRun& run);
  void Throttled(Entry* entry);
  void FlushEntry(Entry* entry);
  absl::Status Deliver(Entry* entry, const pb::RunResult& result);
  void LogResult(const pb::RunResult& result, bool repeated);

  const Clock* const clock_;
  RunSink* const chain_;
  Logger* const logger_;
  const std::function<void()> after_run_;
  std::atomic<bool> shutting_down_{false};
  mutable std::mutex mutex_;  // guards the entries' stats
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_COLLECTION_H_
