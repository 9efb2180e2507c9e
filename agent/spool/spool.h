// The durable queue between collection and upload.
#ifndef ROLLCALL_AGENT_SPOOL_SPOOL_H_
#define ROLLCALL_AGENT_SPOOL_SPOOL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Name of a unit in the spool: collector and scope text.
struct SpoolUnit {
  std::string collector;
  std::string scope;
  friend auto operator<=>(const SpoolUnit&, const SpoolUnit&) = default;
};

// Stands for every unit, known or not, in MarkNeedsFull and ClearNeedsFull. A spool marks it
// when it cannot tell whose entries were lost; each unit is then cleared one by one.
inline SpoolUnit AllSpoolUnits() { return {"*", ""}; }

struct SpoolEntry {
  uint64_t sequence = 0;
  std::string payload;
};

// What becomes of an entry when there is no room. The values are in the files.
enum class EntryClass : uint8_t {
  // Part of a run that a later complete set replaces: goes with all of its unit, which is marked.
  kState = 0,
  // A whole run that changes no set: goes first, the oldest first, without a mark.
  kSample = 1,
  // As kState, but something in it cannot be found again: that stays, as EntryReducer cuts it out.
  kEvents = 2,
  // Nothing of it can be found again: never goes before it is acknowledged.
  kKept = 3,
};

// Why entries went that the backend has not acknowledged.
enum class SpoolDropReason {
  kSample,      // no room; samples go first
  kCollapsed,   // no room; the unit's complete set is collected again
  kSuperseded,  // a complete set of the unit follows
  kCoalesced,   // folded into fewer entries that say the same
  kUnreadable,  // damaged on disk
  kRefused,     // never kept: there was no room, or the disk failed
};

struct SpoolDrops {
  std::string collector;  // `*` if unknown
  SpoolDropReason reason = SpoolDropReason::kCollapsed;
  uint64_t entries = 0;
};

// `sample`, `collapsed`, ...: for logs and status.
absl::string_view SpoolDropReasonName(SpoolDropReason reason);

// Whether what went was lost, as opposed to said otherwise.
bool IsLoss(SpoolDropReason reason);

struct SpoolStats {
  uint64_t bytes = 0;
  uint64_t entries = 0;
  uint64_t segments = 0;
  // First sequence not acknowledged, and the next to be given out.
  uint64_t first_sequence = 0;
  uint64_t next_sequence = 0;
  // Entries that went unacknowledged and said something that no other entry says.
  uint64_t dropped_entries = 0;
  uint64_t corrupt_blocks = 0;
  // Every entry that went unacknowledged since the start, by collector and reason.
  std::vector<SpoolDrops> drops;
};

// Entries of the collector that were lost, refused ones included.
uint64_t LostEntries(const SpoolStats& stats, absl::string_view collector);

// Keeps entries in order until they are acknowledged. Thread-safe.
//
// What must be dropped (no room, damage on disk) is never forgotten silently: the unit it
// belonged to is marked `needs full`, durably, and the agent sends its complete set.
class Spool {
 public:
  virtual ~Spool() = default;

  // Appends an entry of `unit` and returns its sequence. The entry survives a crash of the
  // process when this returns, and a power loss after Sync(). When there is no room, entries
  // are folded into fewer where that is possible; then samples go, the oldest first; then
  // units as a whole, oldest unit first, which are marked. The call still succeeds;
  // Unavailable if the entry itself cannot be kept or the unit dropped is its own, so that
  // its run cannot arrive whole: the unit is then marked. InvalidArgument for an entry larger
  // than a spool takes.
  virtual absl::StatusOr<uint64_t> Append(const SpoolUnit& unit, absl::string_view payload) = 0;
  // The same for an entry that is not plain state. A spool that never drops needs no classes.
  virtual absl::StatusOr<uint64_t> AppendAs(EntryClass entry_class, const SpoolUnit& unit, absl::string_view payload) {
    (void)entry_class;
    return Append(unit, payload);
  }

  // The complete set of the unit is about to be appended: what is pending of it may go, but for
  // what cannot be found again. The unit is marked before anything goes. Not needed for
  // correctness; a spool may do nothing.
  virtual absl::Status Supersede(const SpoolUnit& unit) {
    (void)unit;
    return absl::OkStatus();
  }

  // Makes everything appended so far survive a power loss.
  virtual absl::Status Sync() = 0;

  // Up to `max_entries` entries with sequence >= `from`, within `max_bytes` (at least one).
  virtual absl::StatusOr<std::vector<SpoolEntry>> Read(uint64_t from, size_t max_entries, size_t max_bytes) = 0;

  // Everything up to and including `sequence` is on the backend and may go. Idempotent.
  virtual absl::Status Acknowledge(uint64_t sequence) = 0;

  // Whether unacknowledged entries of the unit exist.
  virtual bool HasPending(const SpoolUnit& unit) const = 0;

  // Units whose complete set must be sent. MarkNeedsFull is durable when it returns.
  // NeedsFull(AllSpoolUnits()): whether any unit does.
  virtual absl::Status MarkNeedsFull(const SpoolUnit& unit) = 0;
  virtual bool NeedsFull(const SpoolUnit& unit) const = 0;
  // Called once the complete set of the unit has been appended; syncs it first.
  virtual absl::Status ClearNeedsFull(const SpoolUnit& unit) = 0;

  virtual SpoolStats Stats() const = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SPOOL_H_
