// What the tests of the stages share: records, runs, and a backend that keeps the rules.
#ifndef ROLLCALL_AGENT_PIPELINE_PIPELINE_TEST_UTIL_H_
#define ROLLCALL_AGENT_PIPELINE_PIPELINE_TEST_UTIL_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/pipeline/run_sink.h"
#include "agent/pipeline/run_writer.h"
#include "agent/spool/fake_spool.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

pb::Record PackageRecord(absl::string_view name, absl::string_view version);
pb::Record ProcessRecord(uint32_t pid, const std::vector<std::string>& argv);

// A run of `collector` on the host, as the scheduler announces and ends it.
pb::RunResult RunOf(absl::string_view collector, pb::RunResult::Status status = pb::RunResult::COMPLETE);

// Drives one run through a sink and returns what EndRun said.
absl::Status RunThrough(RunSink* sink, const pb::RunResult& run, std::vector<pb::Record> records);

// The body of a batch, decompressed and parsed; fails the test if it does not fit `body_size`.
std::string BodyBytes(const pb::Batch& batch);
pb::BatchBody BodyOf(const pb::Batch& batch);
std::vector<pb::Batch> BatchesIn(const FakeSpool& spool);

// Takes the place of the next stage and remembers everything.
class RecordingSink : public RunSink {
 public:
  absl::Status BeginRun(const pb::RunResult& run) override;
  absl::Status Emit(pb::Record&& record) override;
  absl::Status EndRun(const pb::RunResult& result) override;

  std::vector<pb::RunResult> begun;
  std::vector<pb::Record> records;
  std::vector<pb::RunResult> ended;
};

class RecordingWriter : public RunWriter {
 public:
  absl::StatusOr<RunNumber> Write(RunOutput&& output) override;

  std::vector<RunOutput> outputs;
  absl::Status answer;
};

// Applies batches as backend/store/store.h says.
class ModelBackend {
 public:
  struct Unit {
    uint64_t epoch = 0;
    uint64_t generation = 0;
    std::map<AssetKey, Fingerprint> records;
    std::map<AssetKey, pb::Record> contents;
    SetDigest digest;
    std::vector<pb::Batch> staged;
  };

  // The cause of the resync it asks for, or nullopt.
  std::optional<pb::Resync::Cause> Apply(const pb::Batch& batch);
  const Unit* Find(const SpoolUnit& unit) const;
  std::map<SpoolUnit, SetDigest> Digests() const;

 private:
  std::optional<pb::Resync::Cause> ApplyRun(const pb::Batch& last, Unit* unit);

  std::map<SpoolUnit, Unit> units_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_PIPELINE_TEST_UTIL_H_
