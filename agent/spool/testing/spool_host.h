// A host whose changes go through a spool to a backend: the model that the spool is held against.
#ifndef ROLLCALL_AGENT_SPOOL_TESTING_SPOOL_HOST_H_
#define ROLLCALL_AGENT_SPOOL_TESTING_SPOOL_HOST_H_

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "agent/spool/directory_spool.h"
#include "agent/spool/testing/line_runs.h"
#include "agent/spool/testing/memory_spool_files.h"

namespace rollcall {

// Behaves as the agent does: deltas while it knows what the backend will hold, complete sets when the
// spool asks for one, when an append failed and after a restart. Remembers in plain maps what it gave
// the spool, and knows nothing of segments, cursors or marks. One thread.
class SpoolHost {
 public:
  static constexpr int kUnits = 4;

  // Runs with more than `max_changes` changes come in parts.
  SpoolHost(uint32_t seed, const DirectorySpoolOptions& options, size_t max_changes = SIZE_MAX);

  // Takes the disk, which fails as `plan` says. What the agent knew is gone.
  void Start(std::shared_ptr<FaultPlan> plan = nullptr);
  // The process ends: nothing on the disk is lost.
  void Kill();
  // The power fails: what was not synced is lost, but the first `unsynced_bytes` of each file.
  void LosePower(size_t unsynced_bytes);

  // Something changes on the host and a run finds it; with events, also what cannot be found again.
  void ChangeAndAppend(bool with_events);
  void AppendSample();
  // The backend gets up to `count` entries; with `acknowledge` unset its answer is lost.
  void Deliver(size_t count, bool acknowledge);
  void Sync();
  // The backend asks for a complete set.
  void RequestFull();

  // What must hold of a spool on this disk, opened as a restart would: a unit that is not marked leads
  // the backend to a set the host had, not older than what the spool must have; what cannot be found
  // again is there or was delivered. Returns what does not hold; empty if all is well.
  std::string WhatIsWrong(DirectorySpool& spool) const;
  // The same of a copy of the disk.
  std::string WhatIsWrongAfterRestart() const;
  // After damage, what cannot be found again may be lost, and the spool knows that something was.
  void ForgiveLostEvents(DirectorySpool& spool);
  // Delivers everything, with a last run of every unit; returns what differs then.
  std::string WhatDiffersInTheEnd();

  DirectorySpool& spool() { return *spool_; }
  MemoryDisk& disk() { return disk_; }
  const DirectorySpoolOptions& options() const { return options_; }
  uint32_t Below(uint32_t bound) { return random_() % bound; }
  uint64_t resyncs() const { return resyncs_; }
  uint64_t accepted() const { return accepted_; }

 private:
  struct Unit {
    SpoolUnit name;
    LineSet set;
    // What the backend will hold, if that is known.
    std::optional<LineSet> baseline;
    uint64_t generation = 0;
    // Digests of the sets that were given to the spool, and how many of them it must not lose.
    std::vector<uint64_t> history{0};
    size_t accepted = 0;
    size_t synced = 0;
    // What cannot be found again and was not delivered yet.
    std::set<std::string> events;
    std::set<std::string> synced_events;
    LineReceiver receiver;
  };

  void Change(Unit* unit);
  void Append(Unit* unit, std::set<std::string> events);
  // All parts, or none counts.
  bool AppendParts(const SpoolUnit& unit, const LineRun& run);

  DirectorySpoolOptions options_;
  const size_t max_changes_;
  LineReducer reducer_;
  std::mt19937 random_;
  MemoryDisk disk_;
  std::unique_ptr<DirectorySpool> spool_;
  std::vector<Unit> units_;
  uint64_t next_number_ = 1;
  uint64_t resyncs_ = 0;
  uint64_t accepted_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_TESTING_SPOOL_HOST_H_
