// One stage of the way from a collector to the spool.
#ifndef ROLLCALL_AGENT_PIPELINE_RUN_SINK_H_
#define ROLLCALL_AGENT_PIPELINE_RUN_SINK_H_

#include "absl/status/status.h"
#include "collectors/collector.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {

// A RecordSink that knows when runs begin and end. The stages
//   redact -> stamp -> change filter -> batch -> spool
// each hold the next one and pass on what they were given, changed or not. Used by one
// thread at a time: the scheduler runs one collector at a time.
class RunSink : public RecordSink {
 public:
  // A run of `collector` begins. `run.collector`, `collector_version`, `scope`,
  // `started_at` and `interval` are set.
  virtual absl::Status BeginRun(const pb::RunResult& run) = 0;
  // The run ended; `result` is complete but for what later stages know better.
  virtual absl::Status EndRun(const pb::RunResult& result) = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_RUN_SINK_H_
