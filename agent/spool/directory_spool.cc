#include "agent/spool/directory_spool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/spool/log_format.h"
#include "agent/spool/log_reader.h"
#include "agent/spool/log_writer.h"
#include "agent/spool/segment.h"
#include "agent/spool/segment_rewriter.h"
#include "agent/spool/spool_recovery.h"
#include "agent/spool/system_spool_files.h"

namespace rollcall {
namespace {

constexpr uint64_t kMinSegmentBytes = 256;

}  // namespace

DirectorySpool::DirectorySpool(std::unique_ptr<SpoolFiles> files, const DirectorySpoolOptions& options,
                               SlotFile cursor_file, SlotFile marks_file, RecoveredSpool recovered)
    : files_(std::move(files)),
      options_(options),
      recovery_problems_(std::move(recovered.problems)),
      cursor_file_(std::move(cursor_file)),
      marks_file_(std::move(marks_file)),
      index_(std::move(recovered.index)),
      marks_(std::move(recovered.marks)),
      cursor_(recovered.cursor),
      next_sequence_(recovered.next_sequence),
      corrupt_blocks_(recovered.corrupt_blocks),
      sent_through_(recovered.next_sequence - 1) {
  // Whose they were is not known.
  if (corrupt_blocks_ > 0) CountDrop(AllSpoolUnits().collector, SpoolDropReason::kUnreadable, corrupt_blocks_);
  if (recovered.open_segment.has_value()) {
    const RecoveredSpool::Open& open = *recovered.open_segment;
    absl::StatusOr<std::unique_ptr<SpoolFile>> file = files_->Open(SegmentName(open.first_sequence));
    if (file.ok()) {
      active_ = ActiveSegment{open.first_sequence, *std::move(file), open.bytes, open.entries, false};
      index_.segments()[open.first_sequence].file_bytes = options_.segment_bytes;
    }
  }
  // What recovery could not store is stored with the next mark.
  marks_dirty_ = !recovery_problems_.empty();
  if (!recovery_problems_.empty()) CollapseUnitsWithEvents(index_.UnitsWith(1));
  RemoveDeadSegments().IgnoreError();
}

absl::StatusOr<std::unique_ptr<DirectorySpool>> DirectorySpool::Open(std::unique_ptr<SpoolFiles> files,
                                                                     const DirectorySpoolOptions& options) {
  if (options.segment_bytes < kMinSegmentBytes || options.segment_bytes > kMaxSegmentBytes ||
      options.max_bytes < (options.reducer == nullptr ? 2 : 3) * options.segment_bytes) {
    return absl::InvalidArgumentError("open spool: bound must be two segments at least, three to fold entries");
  }
  if (const absl::Status locked = files->Lock(); !locked.ok()) return locked;
  SlotFile cursor_file = SlotFile::Open(files.get(), "cursor", kCursorSlotBytes);
  SlotFile marks_file = SlotFile::Open(files.get(), "units", options.marks_slot_bytes);
  RecoveredSpool recovered = RecoverSpool(files.get(), &cursor_file, &marks_file);
  return std::unique_ptr<DirectorySpool>(new DirectorySpool(std::move(files), options, std::move(cursor_file),
                                                            std::move(marks_file), std::move(recovered)));
}

absl::StatusOr<std::unique_ptr<DirectorySpool>> DirectorySpool::Open(const std::string& directory,
                                                                     const DirectorySpoolOptions& options) {
  absl::StatusOr<std::unique_ptr<SpoolFiles>> files = OpenSystemSpoolFiles(directory);
  if (!files.ok()) return files.status();
  return Open(*std::move(files), options);
}

uint64_t DirectorySpool::MaxPayloadBytes(const SpoolUnit& unit) const {
  // Each block costs a header and perhaps padding.
  const uint64_t blocks = options_.segment_bytes / kLogBlockBytes + 1;
  const uint64_t overhead = kSegmentHeaderBytes + kMaxEntryOverhead + unit.collector.size() + unit.scope.size() +
                            blocks * 2 * kLogHeaderBytes + kSealBytes;
  return options_.segment_bytes > overhead ? options_.segment_bytes - overhead : 0;
}

absl::StatusOr<uint64_t> DirectorySpool::AppendAs(EntryClass entry_class, const SpoolUnit& unit,
                                                  absl::string_view payload) {
  if (unit.collector.size() > UINT16_MAX || unit.scope.size() > UINT16_MAX || unit == AllSpoolUnits()) {
    return absl::InvalidArgumentError("append to spool: bad name of unit");
  }
  if (payload.size() > MaxPayloadBytes(unit)) {
    return absl::InvalidArgumentError(
        absl::StrCat("append to spool: entry of ", payload.size(), " bytes is too large"));
  }
  const std::lock_guard lock(mutex_);
  bool new_segment_tried = false;
  Tried tried;
  footprint_ = index_.file_bytes();
  for (;;) {
    absl::Status status = TryAppend({unit, payload, {entry_class, {}}});
    if (status.ok()) break;
    const bool retry =
        absl::IsResourceExhausted(status) ? MakeRoom(unit, &tried) : !std::exchange(new_segment_tried, true);
    if (retry) continue;
    CountDrop(unit.collector, SpoolDropReason::kRefused, 1);
    marks_dirty_ |= marks_.MarkNeedsFull(unit);
    if (marks_dirty_) StoreMarks().IgnoreError();  // the caller learns of the loss from the status anyway
    return absl::UnavailableError(absl::StrCat("append to spool: ", status.message()));
  }
  const uint64_t sequence = next_sequence_ - 1;
  if (options_.reducer == nullptr || index_.EntriesOf(unit) < options_.coalesce_after) return sequence;
  if (++appended_since_[unit] < options_.coalesce_after || !options_.reducer->EndsRun(std::string(payload))) {
    return sequence;
  }
  appended_since_[unit] = 0;
  CoalesceUnit(unit);
  return sequence;
}

absl::Status DirectorySpool::TryAppend(const NewEntry& entry) {
  const std::string encoded = EncodeSpoolEntry(next_sequence_, entry.unit, entry.payload, entry.traits);
  if (active_.has_value() &&
      active_->bytes + FramedLogRecordBytes(active_->bytes, encoded.size()) + kSealBytes > options_.segment_bytes) {
    SealActive();
  }
  if (!active_.has_value()) {
    if (absl::Status status = EnsureRoomForSegment(entry.replacement); !status.ok()) return status;
    if (absl::Status status = StartSegment(); !status.ok()) return status;
  }
  frame_.clear();
  FrameLogRecord(active_->bytes, encoded, &frame_);
  if (absl::Status status = active_->file->WriteAt(active_->bytes, frame_); !status.ok()) {
    ++next_sequence_;  // it may be on disk all the same
    SealActive();      // over whatever was written of it
    return status;
  }
  index_.Add(entry.unit, SpoolIndex::MakeLocation(next_sequence_, active_->first_sequence, active_->bytes,
                                                  frame_.size(), entry.traits));
  index_.segments()[active_->first_sequence].next_sequence = next_sequence_ + 1;
  active_->bytes += frame_.size();
  ++active_->entries;
  active_->synced = false;
  ++next_sequence_;
  return absl::OkStatus();
}

absl::Status DirectorySpool::EnsureRoomForSegment(bool replacement) {
  for (;;) {
    uint64_t limit = options_.max_bytes;
    if (options_.reducer != nullptr && !replacement) limit -= options_.segment_bytes;
    if (const absl::StatusOr<SpoolFreeSpace> space = files_->FreeSpace(); space.ok()) {
      const auto fraction = static_cast<uint64_t>(static_cast<double>(space->total_bytes) * options_.min_free_fraction);
      const uint64_t reserve = std::max(options_.min_free_bytes, fraction);
      // Too little left for others: what the spool has it may use again, but no more. A
      // replacement gives back what it takes.
      const bool scarce = space->free_bytes < reserve + options_.segment_bytes;
      if (scarce && !replacement) limit = std::min(limit, footprint_);
    }
    if (index_.file_bytes() + options_.segment_bytes <= limit) return absl::OkStatus();
    if (!CompactOneSegment()) return absl::ResourceExhaustedError("no room for another segment");
  }
}

absl::Status DirectorySpool::StartSegment() {
  const std::string name = SegmentName(next_sequence_);
  absl::StatusOr<std::unique_ptr<SpoolFile>> file = files_->Create(name);
  if (absl::IsAlreadyExists(file.status())) {
    // Left by an earlier failure: a segment that had entries would have raised the sequence.
    if (absl::Status removed = files_->Remove(name); !removed.ok()) return removed;
    file = files_->Create(name);
  }
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->Reserve(options_.segment_bytes);
  if (status.ok()) status = (*file)->WriteAt(0, EncodeSegmentHeader(next_sequence_));
  if (!status.ok()) {
    files_->Remove(name).IgnoreError();
    return status;
  }
  directory_dirty_ = true;
  active_ = ActiveSegment{next_sequence_, *std::move(file), kSegmentHeaderBytes, 0, false};
  index_.segments()[next_sequence_] = {next_sequence_, options_.segment_bytes, 0, 0, false};
  return absl::OkStatus();
}

void DirectorySpool::SealActive() {
  frame_.clear();
  FrameLogRecord(active_->bytes, EncodeSegmentSeal(next_sequence_, active_->entries), &frame_);
  const uint64_t bytes = active_->bytes + frame_.size();
  // Truncation removes a failed write and gives reserved space back.
  absl::Status status = active_->file->Truncate(active_->bytes);
  if (status.ok()) status = active_->file->WriteAt(active_->bytes, frame_);
  if (status.ok()) status = active_->file->Truncate(bytes);
  if (status.ok()) status = active_->file->SyncData();
  if (!status.ok()) {
    PoisonActive();
    return;
  }
  index_.segments()[active_->first_sequence].file_bytes = bytes;
  active_.reset();
}

void DirectorySpool::PoisonActive() {
  // After a failed fdatasync(2) nobody knows what the disk has, and asking again does not tell.
  for (const SpoolUnit& unit : index_.UnitsIn(active_->first_sequence)) {
    marks_dirty_ |= marks_.MarkNeedsFull(unit);
  }
  if (marks_dirty_) StoreMarks().IgnoreError();  // stays dirty, and unsealed the segment is a mark itself
  SpoolIndex::Segment& segment = index_.segments()[active_->first_sequence];
  segment.poisoned = true;
  active_.reset();
}

bool DirectorySpool::CompactOneSegment() {
  if (replacement_unsynced_ && !SyncEntries().ok()) return false;
  uint64_t best = 0;
  uint64_t best_dead = 0;
  for (const auto& [first, segment] : index_.segments()) {
    if (active_.has_value() && active_->first_sequence == first) continue;
    const uint64_t needed = segment.live_bytes + kSegmentHeaderBytes + kSealBytes;
    const uint64_t dead = segment.file_bytes > needed ? segment.file_bytes - needed : 0;
    if (dead >= segment.file_bytes / 4 && dead > best_dead) {
      best = first;
      best_dead = dead;
    }
  }
  return best_dead > 0 && RewriteOne(best).ok();
}

absl::Status DirectorySpool::RewriteOne(uint64_t first) {
  std::map<uint64_t, SpoolIndex::Segment>& segments = index_.segments();
  // The seal names where the next one does begin: after a failed write that is not after the last entry.
  const auto after = segments.upper_bound(first);
  const uint64_t next = after == segments.end() ? next_sequence_ : after->first;
  const absl::StatusOr<RewrittenSegment> rewritten =
      RewriteSegment(files_.get(), first, next, [this](uint64_t sequence) { return index_.Contains(sequence); });
  if (!rewritten.ok()) return rewritten.status();
  directory_dirty_ = true;
  if (read_segment_ == first) read_file_.reset();
  for (const uint64_t missing : index_.Relocate(first, rewritten->places)) LoseEntry(missing);
  SpoolIndex::Segment& segment = segments[first];
  segment.file_bytes = rewritten->file_bytes;
  segment.poisoned = false;
  return absl::OkStatus();
}

absl::Status DirectorySpool::RemoveDeadSegments() {
  if (replacement_unsynced_) {
    if (absl::Status status = SyncEntries(); !status.ok()) return status;
  }
  const uint64_t first_live = index_.first_sequence().value_or(next_sequence_);
  std::map<uint64_t, SpoolIndex::Segment>& segments = index_.segments();
  const bool advanced = first_live - 1 > cursor_.acknowledged;
  if (segments.empty() || segments.begin()->second.live_entries > 0) {
    if (!advanced) return absl::OkStatus();
    cursor_.acknowledged = first_live - 1;
    return cursor_file_.Store(EncodeSpoolCursor(cursor_), false);
  }
  cursor_.acknowledged = std::max(cursor_.acknowledged, first_live - 1);
  if (absl::Status status = cursor_file_.Store(EncodeSpoolCursor(cursor_), true); !status.ok()) return status;
  while (!segments.empty() && segments.begin()->second.live_entries == 0) {
    const uint64_t first = segments.begin()->first;
    if (active_.has_value() && active_->first_sequence == first) active_.reset();
    if (read_segment_ == first) read_file_.reset();
    const absl::Status removed = files_->Remove(SegmentName(first));
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
    segments.erase(first);
  }
  return absl::OkStatus();
}

absl::Status DirectorySpool::Sync() {
  const std::lock_guard lock(mutex_);
  return SyncLocked();
}

absl::Status DirectorySpool::SyncLocked() {
  if (marks_dirty_) {
    if (absl::Status status = StoreMarks(); !status.ok()) return status;
  }
  return SyncEntries();
}

absl::Status DirectorySpool::SyncEntries() {
  if (active_.has_value() && !active_->synced) {
    if (const absl::Status status = active_->file->SyncData(); !status.ok()) {
      PoisonActive();
      return absl::DataLossError(absl::StrCat("sync spool: ", status.message()));
    }
    active_->synced = true;
  }
  // What the disk may not have of earlier ones is still to be read, and is written anew.
  for (const auto& [first, segment] : index_.segments()) {
    if (!segment.poisoned || segment.live_entries == 0) continue;
    if (absl::Status status = RewriteOne(first); !status.ok()) return status;
  }
  if (directory_dirty_) {
    if (absl::Status status = files_->SyncDirectory(); !status.ok()) return status;
    directory_dirty_ = false;
  }
  replacement_unsynced_ = false;
  if (cursor_.synced == next_sequence_ - 1) return absl::OkStatus();
  cursor_.synced = next_sequence_ - 1;
  return cursor_file_.Store(EncodeSpoolCursor(cursor_), false);
}

absl::Status DirectorySpool::StoreMarks() {
  marks_.Prune(index_.segments().empty() ? next_sequence_ : index_.segments().begin()->first);
  std::string encoded = marks_.Encode();
  const bool collapse = encoded.size() > marks_file_.capacity();
  if (collapse) {
    // What cannot be cut out now goes with its unit: the marks must fit.
    if (!std::exchange(collapsing_marks_, true)) {
      CollapseUnitsWithEvents(index_.UnitsWith(1));
      collapsing_marks_ = false;
    }
    marks_.Collapse(next_sequence_);
    encoded = marks_.Encode();
  }
  absl::Status status = marks_file_.Store(encoded, true);
  marks_dirty_ = !status.ok();
  if (!collapse || !status.ok()) return status;
  for (const SpoolUnit& unit : index_.UnitsWith(1)) {
    CountDrop(unit.collector, SpoolDropReason::kCollapsed, index_.DropState(unit, {0, next_sequence_}));
  }
  return status;
}

absl::StatusOr<std::string> DirectorySpool::ReadEntry(const SpoolIndex::Location& location) {
  SpoolFile* file = nullptr;
  if (active_.has_value() && active_->first_sequence == location.segment) {
    file = active_->file.get();
  } else {
    if (read_file_ == nullptr || read_segment_ != location.segment) {
      absl::StatusOr<std::unique_ptr<SpoolFile>> opened = files_->Open(SegmentName(location.segment));
      if (!opened.ok()) return opened.status();
      read_file_ = *std::move(opened);
      read_segment_ = location.segment;
    }
    file = read_file_.get();
  }
  const absl::StatusOr<std::string> bytes = file->ReadAt(location.offset, location.bytes);
  if (!bytes.ok()) return bytes.status();
  LogReader reader(*bytes, location.offset);
  LogRecord record;
  if (reader.Next(&record)) {
    std::optional<SegmentEntry> entry = ParseSpoolEntry(record);
    if (entry.has_value() && entry->sequence == location.sequence) return std::move(entry->payload);
  }
  return absl::DataLossError(absl::StrCat("read spool entry ", location.sequence, ": damaged"));
}

std::optional<SpoolUnit> DirectorySpool::LoseEntry(uint64_t sequence) {
  ++corrupt_blocks_;
  std::optional<SpoolUnit> unit = index_.DropEntry(sequence);
  if (!unit.has_value()) return std::nullopt;
  CountDrop(unit->collector, SpoolDropReason::kUnreadable, 1);
  marks_dirty_ |= marks_.MarkNeedsFull(*unit);
  return unit;
}

absl::StatusOr<std::vector<SpoolEntry>> DirectorySpool::Read(uint64_t from, size_t max_entries, size_t max_bytes) {
  const std::lock_guard lock(mutex_);
  std::vector<SpoolEntry> entries;
  // Each turn takes at least one entry or loses at least one.
  while (entries.empty()) {
    const std::vector<SpoolIndex::Location> found = index_.Find(from, max_entries, max_bytes);
    if (found.empty()) break;
    std::vector<SpoolUnit> damaged;
    for (const SpoolIndex::Location& location : found) {
      absl::StatusOr<std::string> payload = ReadEntry(location);
      if (payload.ok()) {
        entries.push_back({location.sequence, *std::move(payload)});
      } else if (const std::optional<SpoolUnit> unit = LoseEntry(location.sequence); unit.has_value()) {
        damaged.push_back(*unit);
      }
    }
    if (!damaged.empty()) CollapseUnitsWithEvents(damaged);
    // What was read may have gone with it.
    std::erase_if(entries, [this](const SpoolEntry& entry) { return !index_.Contains(entry.sequence); });
    if (!marks_dirty_) continue;
    if (absl::Status status = StoreMarks(); !status.ok()) return status;
  }
  if (!entries.empty()) sent_through_ = std::max(sent_through_, entries.back().sequence);
  return entries;
}

absl::Status DirectorySpool::Acknowledge(uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  sequence = std::min(sequence, next_sequence_ - 1);
  if (sequence <= cursor_.acknowledged) return absl::OkStatus();
  index_.Acknowledge(sequence);
  return RemoveDeadSegments();
}

bool DirectorySpool::HasPending(const SpoolUnit& unit) const {
  const std::lock_guard lock(mutex_);
  return index_.HasPending(unit);
}

absl::Status DirectorySpool::MarkNeedsFull(const SpoolUnit& unit) {
  if (unit.collector.size() > UINT16_MAX || unit.scope.size() > UINT16_MAX) {
    return absl::InvalidArgumentError("mark unit: name is too long");
  }
  const std::lock_guard lock(mutex_);
  marks_dirty_ |= marks_.MarkNeedsFull(unit);
  return marks_dirty_ ? StoreMarks() : absl::OkStatus();
}

bool DirectorySpool::NeedsFull(const SpoolUnit& unit) const {
  const std::lock_guard lock(mutex_);
  return marks_.NeedsFull(unit);
}

absl::Status DirectorySpool::ClearNeedsFull(const SpoolUnit& unit) {
  const std::lock_guard lock(mutex_);
  if (!marks_.NeedsFull(unit)) return absl::OkStatus();
  // Otherwise a power loss could take the complete set and the mark with it.
  if (absl::Status status = SyncLocked(); !status.ok()) return status;
  marks_.ClearNeedsFull(unit);
  return StoreMarks();
}

SpoolStats DirectorySpool::Stats() const {
  const std::lock_guard lock(mutex_);
  SpoolStats stats;
  stats.bytes = index_.file_bytes();
  stats.entries = index_.size();
  stats.segments = index_.segments().size();
  stats.first_sequence = index_.first_sequence().value_or(next_sequence_);
  stats.next_sequence = next_sequence_;
  stats.corrupt_blocks = corrupt_blocks_;
  for (const auto& [what, entries] : drops_) {
    stats.drops.push_back({what.first, what.second, entries});
    if (IsLoss(what.second)) stats.dropped_entries += entries;
  }
  return stats;
}

}  // namespace rollcall
