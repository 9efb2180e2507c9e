// The only header the author of a collector needs.
#ifndef ROLLCALL_COLLECTORS_COLLECTOR_H_
#define ROLLCALL_COLLECTORS_COLLECTOR_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collectors/run_report.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "rollcall/v1/record.pb.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {

class KernelSockets;  // platform/kernel_sockets.h
class ProcessEvents;  // platform/process_events.h
class SystemManager;  // platform/systemd/system_manager.h

namespace pb = ::rollcall::v1;

// Takes the records of one run. Implementations are decorators; nothing behind the
// collector has a method per kind.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  // Takes one record. Only `scope` (HOST if unset) and the payload are the collector's to
  // fill. ResourceExhausted means: stop now and end the run; return that status.
  virtual absl::Status Emit(pb::Record&& record) = 0;
};

// What a collector may touch. Everything here outlives the collector.
struct CollectorContext {
  // The host's files.
  const FileTree* files;
  const Clock* clock;
  // Sockets of the running kernel; nullptr when a tree is examined that is not this
  // machine's (`--root` on an image or a fixture).
  const KernelSockets* sockets = nullptr;
  // Processes that come and go between two runs; nullptr where nobody listens for them: in a
  // single run, on a tree that is not this machine's, or if the operator turned it off.
  ProcessEvents* process_events = nullptr;
  // The running systemd, or rather the place where one is asked; nullptr likewise.
  const SystemManager* system_manager = nullptr;
  // Directory-independent facts the composition root knows.
  std::string host_id;
  std::string host_id_source;
  // Empty unless the host is known to run on a copy of another's disk.
  std::string host_clone_of;
  // Whether to say what is known of the host's cloud.
  bool cloud_facts = true;
  std::string agent_version;
  std::string agent_mode = "host";
};

// Finds records of one or more kinds. One instance serves many runs, one at a time, and
// may keep caches between them. No threads, no timers, no logging of content, no libc name
// services, no environment, no knowledge of configuration; never executes anything.
class Collector {
 public:
  // What the scheduler and the documentation need to know. Constant-initialized.
  struct Descriptor {
    // Folder, configuration key and name on the wire.
    absl::string_view name;
    // Raised whenever the same host would give different records.
    absl::string_view version;
    // Kinds it emits, by name.
    absl::Span<const absl::string_view> kinds;
    absl::Duration interval;
    absl::Duration timeout;
    // Host paths it reads; globs and PID are understood by people only.
    absl::Span<const absl::string_view> paths_read;
    // Most records of one run; more are counted, not emitted.
    size_t max_records;
    // Makes one. `context` is copied; what it points to must outlive the collector.
    std::unique_ptr<Collector> (*create)(const CollectorContext& context);
    // Host paths whose change makes a run due at once instead of at the end of the interval. A
    // path that ends in `/` is a directory: its entries count, not those of directories in it.
    // Any other is a file, which need not exist and may be replaced by a rename. No globs.
    absl::Span<const absl::string_view> watch_paths = {};
  };

  virtual ~Collector() = default;

  // Emits every record it finds. What could not be read goes to `report`, and the rest
  // still flows. Returns
  //   OK               the run is COMPLETE if the report has no problems, else PARTIAL;
  //   Unimplemented    this host has no such thing (UNSUPPORTED);
  //   Cancelled / DeadlineExceeded  `stop` was requested (PARTIAL);
  //   ResourceExhausted from the sink, passed on (PARTIAL);
  //   anything else    nothing could be read (FAILED).
  // Checks `stop` at least every 100 ms of work.
  virtual absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) = 0;

  // Emits what runs have gathered and not yet emitted, because the agent ends. Only collectors
  // of kinds that are samples gather anything: this is no look at the host and retires nothing.
  // An error of the sink is passed on. Not called while a run is in progress.
  virtual absl::Status Flush([[maybe_unused]] RecordSink& sink) { return absl::OkStatus(); }
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_COLLECTOR_H_
