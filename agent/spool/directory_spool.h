// A spool in a directory: a log in segments, with the acknowledgement cursor and the units
// that need a complete set beside it. docs/spool_format.md describes the files.
#ifndef ROLLCALL_AGENT_SPOOL_DIRECTORY_SPOOL_H_
#define ROLLCALL_AGENT_SPOOL_DIRECTORY_SPOOL_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

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

  absl::StatusOr<uint64_t> Append(const SpoolUnit& unit, absl::string_view payload) override;
  absl::Status Sync() override;
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

  // All below are called with mutex_ held.
  absl::Status TryAppend(const SpoolUnit& unit, absl::string_view payload);
  absl::Status EnsureRoomForSegment();
  absl::Status StartSegment();
  // Ends the active segment so that it is known to be whole; poisons it if that fails.
  void SealActive();
  // The disk may not have what was written to the active segment.
  void PoisonActive();
  bool CompactOneSegment();
  absl::Status DropUnit(const SpoolUnit& unit);
  // Removes leading segments without live entries, once the cursor says so durably.
  absl::Status RemoveDeadSegments();
  absl::Status SyncLocked();
  absl::Status StoreMarks();
  absl::StatusOr<std::string> ReadEntry(const SpoolIndex::Location& location);
  // An entry could not be read back.
  void LoseEntry(uint64_t sequence);

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
  uint64_t dropped_entries_ = 0;
  uint64_t corrupt_blocks_ = 0;
  std::string frame_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_DIRECTORY_SPOOL_H_
