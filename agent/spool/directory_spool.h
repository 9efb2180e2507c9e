// A spool in a directory: a log in segments, with the acknowledgement cursor and the units
// that need a complete set beside it. docs/spool_format.md describes the files.
#ifndef ROLLCALL_AGENT_SPOOL_DIRECTORY_SPOOL_H_
#define ROLLCALL_AGENT_SPOOL_DIRECTORY_SPOOL_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/spool/entry_reducer.h"
#include "agent/spool/slot_file.h"
#include "agent/spool/spool.h"
#include "agent/spool/spool_cursor.h"
#include "agent/spool/spool_files.h"
#include "agent/spool/spool_index.h"
#include "agent/spool/unit_marks.h"

namespace rollcall {

struct RecoveredSpool;

struct DirectorySpoolOptions {
  // Bound of all segments together. A rewrite in progress and the quarantine copy come on
  // top, each at most one segment.
  uint64_t max_bytes = uint64_t{64} << 20;
  // At most kMaxSegmentBytes and at least 256; an entry must fit into one.
  uint64_t segment_bytes = uint64_t{4} << 20;
  // The spool does not grow while the filesystem has less free than the larger of these.
  uint64_t min_free_bytes = uint64_t{256} << 20;
  double min_free_fraction = 0.05;
  // Folds entries into fewer, and cuts out what must stay. Without one every entry counts as plain
  // state or sample. With one, the last segment's worth of `max_bytes` is for what it makes.
  // Must outlive the spool.
  const EntryReducer* reducer = nullptr;
  // Size of each of the two slots of `units`.
  size_t marks_slot_bytes = kMarksSlotBytes;
  // A unit's entries are folded whenever so many more wait unsent, whether or not there is room.
  uint32_t coalesce_after = 32;
};

// See spool.h. Thread-safe; a Sync in progress delays other callers by one fdatasync(2).
class DirectorySpool : public Spool {
 public:
  // Takes the directory and recovers what is in it. Fails only if the directory belongs to
  // another process (FailedPrecondition) or cannot be locked; damage, loss and a full disk
  // are not reasons.
  static absl::StatusOr<std::unique_ptr<DirectorySpool>> Open(std::unique_ptr<SpoolFiles> files,
                                                              const DirectorySpoolOptions& options);
  // The same over OpenSystemSpoolFiles(directory).
  static absl::StatusOr<std::unique_ptr<DirectorySpool>> Open(const std::string& directory,
                                                              const DirectorySpoolOptions& options);

  absl::StatusOr<uint64_t> Append(const SpoolUnit& unit, absl::string_view payload) override {
    return AppendAs(EntryClass::kState, unit, payload);
  }
  absl::StatusOr<uint64_t> AppendAs(EntryClass entry_class, const SpoolUnit& unit, absl::string_view payload) override;
  absl::Status Supersede(const SpoolUnit& unit) override;
  absl::Status Sync() override;
  // Entries that were given out here count as sent: they are not folded any more.
  absl::StatusOr<std::vector<SpoolEntry>> Read(uint64_t from, size_t max_entries, size_t max_bytes) override;
  absl::Status Acknowledge(uint64_t sequence) override;
  bool HasPending(const SpoolUnit& unit) const override;
  absl::Status MarkNeedsFull(const SpoolUnit& unit) override;
  bool NeedsFull(const SpoolUnit& unit) const override;
  absl::Status ClearNeedsFull(const SpoolUnit& unit) override;
  SpoolStats Stats() const override;

  // What recovery found wrong, for the log; empty after an ordinary restart.
  const std::vector<std::string>& recovery_problems() const { return recovery_problems_; }
  // Largest payload Append takes for the unit.
  uint64_t MaxPayloadBytes(const SpoolUnit& unit) const;

 private:
  // The segment being written.
  struct ActiveSegment {
    uint64_t first_sequence = 0;
    std::unique_ptr<SpoolFile> file;
    uint64_t bytes = 0;
    uint32_t entries = 0;
    bool synced = false;
  };

  DirectorySpool(std::unique_ptr<SpoolFiles> files, const DirectorySpoolOptions& options, SlotFile cursor_file,
                 SlotFile marks_file, RecoveredSpool recovered);

  // An entry on its way to the disk.
  struct NewEntry {
    const SpoolUnit& unit;
    absl::string_view payload;
    EntryTraits traits;
    // It makes room for itself: the part of the bound that is held back is for it.
    bool replacement = false;
  };

  // All below are called with mutex_ held.
  absl::Status TryAppend(const NewEntry& entry);
  absl::Status EnsureRoomForSegment(bool replacement);
  absl::Status StartSegment();
  // Ends the active segment so that it is known to be whole; poisons it if that fails.
  void SealActive();
  // The disk may not have what was written to the active segment.
  void PoisonActive();
  bool CompactOneSegment();
  // Writes a segment that is not active anew, with what is still needed of it. After an error it is as it was.
  absl::Status RewriteOne(uint64_t first);

  // Making room, in directory_spool_room.cc. The first gives up the next thing in order, for an
  // entry of `unit`; false if there is nothing left, or the unit itself had to go. `tried` is of
  // one Append.
  struct Tried {
    bool coalesced = false;
    std::set<SpoolUnit> stuck;
  };
  bool MakeRoom(const SpoolUnit& unit, Tried* tried);
  bool CoalesceAll();
  // Folds what waits unsent of the unit. False, and nothing changed, if that wins nothing.
  bool CoalesceUnit(const SpoolUnit& unit);
  bool DropOldestSamples();
  // Drops all state of the unit, but what cannot be found again, and marks it.
  absl::Status CollapseUnit(const SpoolUnit& unit, SpoolDropReason reason);
  // The same for a unit that has what cannot be found again: entries with nothing but that take the
  // place of its state. False if there is none.
  absl::StatusOr<bool> CollapseIntoEvents(const SpoolUnit& unit, SpoolDropReason reason);
  // Something of the units is missing, so that a receiver would refuse what follows it. What cannot
  // be found again must not be refused with it.
  void CollapseUnitsWithEvents(const std::vector<SpoolUnit>& units);
  // Appends `items`; the last one replaces what is from `replaces_from` up to the first one, which
  // the caller then takes out of the index. After an error nothing is replaced.
  absl::Status AppendReplacement(const SpoolUnit& unit, const std::vector<SpoolItem>& items, uint64_t replaces_from);
  // The newest entries of the unit that may be folded: whole runs of which nothing was sent, with
  // nothing between them that stays.
  struct Foldable {
    std::vector<SpoolIndex::Location> locations;
    std::vector<std::string> payloads;
  };
  Foldable FindFoldable(const SpoolUnit& unit);
  void CountDrop(const std::string& collector, SpoolDropReason reason, uint64_t entries);

  // Removes leading segments without live entries, once the cursor says so durably.
  absl::Status RemoveDeadSegments();
  // Marks, then entries.
  absl::Status SyncLocked();
  // Also of segments that could not be synced before: they are written anew.
  absl::Status SyncEntries();
  absl::Status StoreMarks();
  absl::StatusOr<std::string> ReadEntry(const SpoolIndex::Location& location);
  // An entry could not be read back. Returns whose it was.
  std::optional<SpoolUnit> LoseEntry(uint64_t sequence);

  const std::unique_ptr<SpoolFiles> files_;
  const DirectorySpoolOptions options_;
  std::vector<std::string> recovery_problems_;

  mutable std::mutex mutex_;
  SlotFile cursor_file_;
  SlotFile marks_file_;
  SpoolIndex index_;
  UnitMarks marks_;
  // The marks on disk are older than marks_.
  bool marks_dirty_ = false;
  SpoolCursor cursor_;
  uint64_t next_sequence_;
  std::optional<ActiveSegment> active_;
  // Names of files may not be on disk yet; also those an earlier process made.
  bool directory_dirty_ = true;
  // The segment last read, kept open.
  uint64_t read_segment_ = 0;
  std::unique_ptr<SpoolFile> read_file_;
  std::map<std::pair<std::string, SpoolDropReason>, uint64_t> drops_;
  uint64_t corrupt_blocks_ = 0;
  // Entries up to this one may have been sent.
  uint64_t sent_through_ = 0;
  // Per unit, entries appended since they were last folded.
  std::map<SpoolUnit, uint32_t> appended_since_;
  // Until the next sync, nothing that was replaced may go.
  bool replacement_unsynced_ = false;
  // Bytes of the segments when the append in progress began.
  uint64_t footprint_ = 0;
  // Against recursion: marks that do not fit are being made to.
  bool collapsing_marks_ = false;
  std::string frame_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_DIRECTORY_SPOOL_H_
