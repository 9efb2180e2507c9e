// Which processes to look at, and which to tell of: decisions without clock or threads.
#ifndef ROLLCALL_AGENT_WATCH_PROCESS_TRACKER_H_
#define ROLLCALL_AGENT_WATCH_PROCESS_TRACKER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "platform/netlink_proc_connector.h"
#include "platform/process_events.h"

namespace rollcall {

struct ProcessTrackerLimits {
  // A process is looked at this long after it started, or executed a program. Most that end
  // sooner are never looked at.
  absl::Duration settle = absl::Milliseconds(50);
  // Of one that ended sooner than this nothing is told.
  absl::Duration min_life = absl::Milliseconds(200);
  // Looks in one second, at about 60 us of CPU time each.
  uint32_t looks_per_second = 200;
  // Sightings remembered, at about 3 KiB each, and processes known, at about 200 bytes.
  size_t max_sightings = 1'024;
  size_t max_waiting = 16'384;
  // A process that has lived this long makes a run worth while, at most this often.
  absl::Duration long_life = absl::Seconds(10);
  absl::Duration run_every = absl::Seconds(30);
};

// Keeps what was seen of processes from their start until a scan has seen them or they were told
// of. Times are Clock::Monotonic() where they are called `now`. Not thread-safe.
class ProcessTracker {
 public:
  explicit ProcessTracker(const ProcessTrackerLimits& limits = {}) : limits_(limits) {}

  // `wall` is the time of day now, which stands for that of the event.
  void Add(const ProcessEvent& event, absl::Duration now, absl::Time wall);
  // The kernel dropped events: some of those that are known may have ended.
  void EventsLost(absl::Duration now);

  // The processes to look at now. Each must be answered by Seen or Gone.
  std::vector<uint32_t> DueLooks(absl::Duration now);
  void Seen(ProcessSighting sighting, absl::Duration now, absl::Time wall);
  void Gone(uint32_t pid, absl::Time wall);

  // Whether a run should be asked for: a process has come to stay, or memory is short.
  bool WantsRun(absl::Duration now);

  // When there is something to do again; infinite if an event must come first.
  absl::Duration NextWake() const;

  // As ProcessEvents::Take; the losses are the caller's to add.
  ProcessEventReport Take(const ProcessEvents::Known& known);

  // Processes seen to start since the start.
  uint64_t starts() const { return starts_; }

 private:
  struct Process {
    // By the kernel's clock, of its start, or of the first that was heard of it.
    absl::Duration started_at;
    // When to look at it; infinite if there is no need.
    absl::Duration look_at = absl::InfiniteDuration();
    // It is being looked at.
    bool looking = false;
    // There was no room to remember it.
    bool skipped = false;
    // The kernel dropped events since; its end may have been among them.
    bool doubtful = false;
    std::optional<ProcessSighting> sighting;
  };
  using Processes = absl::flat_hash_map<uint32_t, Process>;
  using Plan = std::deque<std::pair<absl::Duration, uint32_t>>;

  Process* Begin(const ProcessEvent& event);
  void PlanLook(uint32_t pid, Process* process, absl::Duration at);
  bool HasTimeToLook(absl::Duration now);
  size_t Remembered() const { return live_sightings_ + report_.ended.size(); }
  void Erase(Processes::iterator process);
  // Moves what was seen of a process to the report.
  void Tell(Process* process, absl::Time wall, std::optional<uint32_t> wait_status);

  const ProcessTrackerLimits limits_;
  Processes processes_;
  // By time, nearly. An entry that is not its process's time any more is passed over.
  Plan looks_;
  // When a process that was seen will have lived long.
  Plan long_lives_;
  // Of processes_.
  size_t live_sightings_ = 0;
  // The second that looks are counted in.
  absl::Duration second_ = -absl::InfiniteDuration();
  uint32_t looks_in_second_ = 0;
  bool run_wanted_ = false;
  absl::Duration last_run_wanted_ = -absl::InfiniteDuration();
  uint64_t starts_ = 0;
  ProcessEventReport report_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_WATCH_PROCESS_TRACKER_H_
