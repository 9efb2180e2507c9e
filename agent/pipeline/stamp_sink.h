// Fills the parts of the envelope that are the same for every record of a run.
#ifndef ROLLCALL_AGENT_PIPELINE_STAMP_SINK_H_
#define ROLLCALL_AGENT_PIPELINE_STAMP_SINK_H_

#include "agent/pipeline/run_sink.h"
#include "google/protobuf/timestamp.pb.h"

namespace rollcall {

// Sets `collected_at` to the run's start, one instant for all its records, and `scope` to
// HOST where the collector set none. Removes derived fields, which must not travel.
class StampSink : public RunSink {
 public:
  // `next` must outlive this.
  explicit StampSink(RunSink* next) : next_(next) {}

  absl::Status BeginRun(const pb::RunResult& run) override;
  absl::Status Emit(pb::Record&& record) override;
  absl::Status EndRun(const pb::RunResult& result) override;

 private:
  RunSink* next_;
  google::protobuf::Timestamp collected_at_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_STAMP_SINK_H_
