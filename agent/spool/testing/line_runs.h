// Runs as text, with a reducer and a receiver for them: what the spool's tests know of the meaning
// of entries, without records, digests of records or compression.
#ifndef ROLLCALL_AGENT_SPOOL_TESTING_LINE_RUNS_H_
#define ROLLCALL_AGENT_SPOOL_TESTING_LINE_RUNS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/spool/entry_reducer.h"

namespace rollcall {

using LineSet = std::map<std::string, std::string>;

// Order-independent digest of a set.
uint64_t DigestOf(const LineSet& set);

// One run of one unit, or a part of one. As text: `MODE GENERATION BASE AFTER UNIT PART LAST`, then a line
// for each change: `+k=v` for a new key, `=k=v` for a changed one, `-k` for one that is gone, `!e` for an
// event, `~s` for a sample.
struct LineRun {
  enum class Mode : char { kFull = 'F', kDelta = 'D', kMerge = 'M' };
  Mode mode = Mode::kDelta;
  uint64_t generation = 0;
  uint64_t base = 0;
  uint64_t after = 0;
  std::string unit;
  uint32_t part = 0;
  bool last = true;
  struct Change {
    std::string value;
    bool created = false;
  };
  std::map<std::string, Change> changes;
  std::set<std::string> gone;
  std::set<std::string> events;
  std::set<std::string> samples;

  std::string Text() const;
  // The run in parts of at most `max_changes` changes and gone keys; events and samples are in the last.
  std::vector<LineRun> Parts(size_t max_changes) const;
  // Takes the next part in.
  void Join(LineRun next);
  static std::optional<LineRun> Parse(absl::string_view text);
  // From one set to another.
  static LineRun Delta(const LineSet& before, const LineSet& after);
  static LineRun Full(const LineSet& set);
};

class LineReducer : public EntryReducer {
 public:
  // Folded runs are cut as LineRun::Parts does.
  explicit LineReducer(size_t max_changes = SIZE_MAX) : max_changes_(max_changes) {}

  bool BeginsRun(const std::string& payload) const override;
  bool EndsRun(const std::string& payload) const override;
  std::optional<std::vector<SpoolItem>> Coalesce(const std::vector<std::string>& payloads) const override;
  std::vector<SpoolItem> Keep(const std::vector<std::string>& payloads, const std::string& last) const override;

 private:
  const size_t max_changes_;
};

// A backend's side of one unit.
struct LineReceiver {
  LineSet set;
  uint64_t generation = 0;
  std::set<std::string> events;
  std::set<std::string> samples;
  // Parts of the run that is not whole yet.
  std::map<uint32_t, LineRun> staged;

  // False if it needs the complete set. What it has had is ignored.
  bool Apply(const LineRun& part);

 private:
  bool ApplyRun(const LineRun& run);
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_TESTING_LINE_RUNS_H_
