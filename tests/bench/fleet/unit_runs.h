// Runs of simulated collectors as batches, ready for the wire.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_UNIT_RUNS_H_
#define ROLLCALL_TESTS_BENCH_FLEET_UNIT_RUNS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/set_digest.h"
#include "rollcall/v1/ingest.pb.h"
#include "tests/bench/fleet/host_model.h"

namespace rollcall {

// A run that a host wants to tell the backend: numbers only, the batches are made when they are sent.
struct PlannedRun {
  size_t unit = 0;
  uint64_t epoch = 0;
  uint64_t generation = 0;
  pb::BatchMode mode = pb::FULL;
  // FULL: the unit's state. DELTA: the changes from `changes_before` to it; none if they are equal.
  uint64_t changes_before = 0;
  uint64_t changes = 0;
  // DELTA: the digest before; FULL and DELTA: the digest after.
  SetDigest before;
  SetDigest after;
};

// Compressed body of one part.
struct PartBody {
  std::string compressed;
  uint32_t size = 0;
  uint32_t records = 0;
};

// Makes the batches. Those of a unit as it was installed are made once and kept, once for all hosts of
// an image where these have the same; changes are made when they are sent. Thread-safe.
class UnitRuns {
 public:
  // For hosts 0 to `hosts` - 1. `model` must outlive this. `collected_at` stamps what is kept.
  UnitRuns(const HostModel* model, size_t hosts, absl::Time collected_at);

  // Makes and keeps what a host's first inventory needs.
  absl::Status Prepare(uint64_t host);

  // Digest of the unit's set in a given state.
  absl::StatusOr<SetDigest> DigestOf(uint64_t host, size_t unit, uint64_t changes);
  // The digest with changes number `from` to `to` - 1 applied.
  absl::StatusOr<SetDigest> DigestAfter(uint64_t host, size_t unit, uint64_t from, uint64_t to, SetDigest digest) const;

  // Parts of a FULL run, as many records as an agent puts into one.
  uint32_t PartsOf(const PlannedRun& run) const;
  // Records a part brings.
  uint32_t RecordsOf(const PlannedRun& run, uint32_t part) const;
  // The part as a message, without `sequence`.
  absl::StatusOr<pb::Batch> MakeBatch(uint64_t host, const PlannedRun& run, uint32_t part, absl::Time now);

 private:
  // A unit as installed: its digest and the bodies of a FULL run.
  struct Installed {
    std::once_flag once;
    absl::Status status;
    SetDigest digest;
    std::vector<PartBody> parts;
  };

  absl::StatusOr<const Installed*> InstalledUnit(uint64_t host, size_t unit);
  absl::StatusOr<PartBody> FullBody(uint64_t host, size_t unit, uint32_t part, uint64_t changes, absl::Time now,
                                    SetDigest* digest) const;
  absl::StatusOr<PartBody> DeltaBody(uint64_t host, const PlannedRun& run, absl::Time now) const;

  const HostModel* const model_;
  const absl::Time collected_at_;
  // By unit, then by image or host; made when first needed.
  std::vector<std::unique_ptr<Installed[]>> installed_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_UNIT_RUNS_H_
