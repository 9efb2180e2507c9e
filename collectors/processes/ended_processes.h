// Processes that came and went between two runs.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_ENDED_PROCESSES_H_
#define ROLLCALL_COLLECTORS_PROCESSES_ENDED_PROCESSES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collectors/collector.h"
#include "collectors/processes/known_process.h"
#include "collectors/processes/package_owners.h"
#include "collectors/processes/process_reader.h"
#include "collectors/processes/sighting_tree.h"
#include "platform/process_events.h"

namespace rollcall {

// Turns what the kernel's process events have shown into records like those of a scan, by the
// same reader. Does nothing where there are no events. Not thread-safe.
class EndedProcesses {
 public:
  // What `context` points to must outlive this.
  explicit EndedProcesses(const CollectorContext& context);

  // Takes over what has ended since the last run and the scan does not know. What events could
  // not show is a degradation: a scan is complete without them. Fails with Cancelled, or if what
  // all processes share cannot be read.
  absl::Status Take(const ProcessEvents::Known& known, RunReport& report, const StopToken& stop);

  // Asks for the packages of what was taken.
  void WantOwners(PackageOwners* owners) const;

  // Emits and forgets what was taken.
  absl::Status Emit(RecordSink& sink, const PackageOwners& owners, const StopToken& stop);

 private:
  struct Ended {
    uint32_t pid = 0;
    KnownProcess known;
    absl::Time at;
    std::optional<uint32_t> wait_status;
  };

  static void ReportLosses(const ProcessEventReport& events, RunReport& report);
  static void SetEnd(const Ended& ended, pb::Process* process);

  ProcessEvents* const events_;
  SightingTree files_;
  ProcessReader reader_;
  std::vector<Ended> ended_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_ENDED_PROCESSES_H_
