#include "agent/spool/spool_recovery.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/spool/log_format.h"
#include "agent/spool/segment.h"
#include "agent/spool/segment_rewriter.h"

namespace rollcall {
namespace {

// One recovery; runs its steps in the order they are declared.
class Recovery {
 public:
  Recovery(SpoolFiles* files, SlotFile* cursor_file, SlotFile* marks_file)
      : files_(files), cursor_file_(cursor_file), marks_file_(marks_file) {}

  RecoveredSpool Run() {
    LoadBookkeeping();
    ListSegments();
    expected_ = spool_.cursor.acknowledged + 1;
    for (size_t i = 0; i < segments_.size(); ++i) ReadSegment(segments_[i], i + 1 == segments_.size());
    CheckEnd();
    const bool stored = StoreBookkeeping();
    // Damage is the only memory of a loss until the marks are stored.
    if (stored) Repair();
    return std::move(spool_);
  }

 private:
  void Lost(std::string problem) {
    spool_.problems.push_back(std::move(problem));
    lost_ = true;
  }

  void LoadBookkeeping() {
    using Origin = SlotFile::Origin;
    const bool fresh = cursor_file_->origin() == Origin::kCreated && marks_file_->origin() == Origin::kCreated;
    if (fresh) return;
    const std::optional<SpoolCursor> cursor = DecodeSpoolCursor(cursor_file_->loaded());
    if (cursor_file_->origin() == Origin::kLoaded && cursor.has_value()) {
      spool_.cursor = *cursor;
    } else {
      Lost("read the acknowledgement cursor: no good copy");
    }
    absl::StatusOr<UnitMarks> marks = UnitMarks::Decode(marks_file_->loaded());
    if (marks_file_->origin() == Origin::kLoaded && marks.ok()) {
      spool_.marks = *std::move(marks);
    } else {
      Lost("read the unit marks: no good copy");
    }
  }

  void ListSegments() {
    const absl::StatusOr<std::vector<std::string>> names = files_->List();
    if (!names.ok()) {
      Lost(std::string(names.status().message()));
      return;
    }
    for (const std::string& name : *names) {
      if (const std::optional<uint64_t> first = ParseSegmentName(name); first.has_value()) segments_.push_back(*first);
    }
    std::sort(segments_.begin(), segments_.end());
    const bool without_cursor = cursor_file_->origin() != SlotFile::Origin::kLoaded;
    if (without_cursor && !segments_.empty()) {
      if (!lost_) Lost("read the acknowledgement cursor: there is none");
      spool_.cursor.acknowledged = std::max<uint64_t>(segments_.front(), 1) - 1;
    }
    files_->Remove(kRewriteName).IgnoreError();
  }

  void ReadSegment(uint64_t first, bool last) {
    SpoolIndex::Segment& segment = spool_.index.segments()[first];
    segment.next_sequence = first;
    CheckChain(first);
    const absl::StatusOr<std::string> bytes = ReadSpoolFile(files_, SegmentName(first));
    if (!bytes.ok()) {
      segment.poisoned = true;
      ++spool_.corrupt_blocks;
      Lost(std::string(bytes.status().message()));
      chain_.reset();
      return;
    }
    segment.file_bytes = bytes->size();
    SegmentContents contents = ParseSegment(*bytes, first);
    AddEntries(first, contents);
    segment.next_sequence = std::max(first, contents.next_sequence);
    if (!last && !contents.sealed) contents.damage.push_back({bytes->size(), 0, "segment has no seal"});
    if (!contents.damage.empty()) {
      ReportDamage(first, contents, *bytes);
      segment.poisoned = true;
    } else if (last && !contents.sealed) {
      tail_ = RecoveredSpool::Open{first, contents.good_end, static_cast<uint32_t>(contents.entries.size())};
      tail_is_torn_ = contents.torn_tail || contents.good_end != bytes->size();
    }
    chain_ = segment.next_sequence;
    expected_ = std::max(expected_, segment.next_sequence);
  }

  // Segments follow each other without a gap; the first may reach back before the cursor.
  void CheckChain(uint64_t first) {
    const uint64_t acknowledged = spool_.cursor.acknowledged;
    const bool is_first = first == segments_.front();
    if (is_first ? first <= acknowledged + 1 : !chain_.has_value() || first == *chain_) return;
    Lost(absl::StrCat("read ", SegmentName(first), ": the segment before it is missing"));
    if (is_first) {
      spool_.cursor.acknowledged = first - 1;  // there is nothing before it any more
      expected_ = first;
    } else {
      // Rewritten, its seal says where the next one begins.
      std::prev(spool_.index.segments().find(first))->second.poisoned = true;
    }
  }

  void AddEntries(uint64_t first, const SegmentContents& contents) {
    for (const SegmentEntry& entry : contents.entries) {
      if (entry.sequence < next_entry_) continue;  // already had from the segment before
      next_entry_ = entry.sequence + 1;
      if (entry.sequence <= spool_.cursor.acknowledged) continue;
      // Whatever happened to the unit, samples and what cannot be found again have stayed.
      const bool state = SpoolIndex::HoldsState(entry.traits.entry_class);
      if (state && entry.sequence < spool_.marks.DroppedBelow(entry.unit)) continue;
      spool_.index.DropState(entry.unit, entry.traits.replaces);
      spool_.index.Add(entry.unit, SpoolIndex::MakeLocation(entry.sequence, first, entry.offset,
                                                            entry.end_offset - entry.offset, entry.traits));
    }
  }

  void ReportDamage(uint64_t first, const SegmentContents& contents, absl::string_view bytes) {
    spool_.corrupt_blocks += contents.damage.size();
    const LogDamage& worst = contents.damage.front();
    Lost(absl::StrCat("read ", SegmentName(first), " at byte ", worst.offset, ": ", worst.reason));
    // For people to look at. Only the last one is kept, so it cannot fill the disk.
    files_->Remove(kQuarantineName).IgnoreError();
    absl::StatusOr<std::unique_ptr<SpoolFile>> copy = files_->Create(kQuarantineName);
    if (copy.ok() && !(*copy)->WriteAt(0, bytes).ok()) files_->Remove(kQuarantineName).IgnoreError();
  }

  void CheckEnd() {
    spool_.next_sequence = expected_;
    if (spool_.cursor.synced < expected_) return;
    Lost(absl::StrCat("entries up to sequence ", spool_.cursor.synced, " were on disk, and only those before ",
                      expected_, " are"));
    spool_.next_sequence = spool_.cursor.synced + 1;
    if (segments_.empty()) {
      spool_.cursor.acknowledged = spool_.cursor.synced;
    } else if (!tail_.has_value()) {
      spool_.index.segments().rbegin()->second.poisoned = true;  // its seal names a sequence that is gone
    }
  }

  bool StoreBookkeeping() {
    if (lost_) spool_.marks.MarkNeedsFull(AllSpoolUnits());
    const bool missing =
        marks_file_->origin() != SlotFile::Origin::kLoaded || cursor_file_->origin() != SlotFile::Origin::kLoaded;
    if (!lost_ && !missing) return true;
    absl::Status status = marks_file_->Store(spool_.marks.Encode(), true);
    if (status.ok()) status = cursor_file_->Store(EncodeSpoolCursor(spool_.cursor), true);
    if (!status.ok()) spool_.problems.emplace_back(status.message());
    return status.ok();
  }

  void Repair() {
    for (auto& [first, segment] : spool_.index.segments()) {
      if (segment.poisoned) Rewrite(first, &segment);
    }
    if (!tail_.has_value()) return;
    SpoolIndex::Segment& segment = spool_.index.segments()[tail_->first_sequence];
    if (segment.next_sequence != spool_.next_sequence) {
      // Even if nothing is left in it: its seal says where the next one begins, which the one before does not.
      Rewrite(tail_->first_sequence, &segment);
      return;
    }
    if (tail_->bytes < kSegmentHeaderBytes) {
      // Not even the header was written, so nothing is in it.
      if (files_->Remove(SegmentName(tail_->first_sequence)).ok()) {
        spool_.index.segments().erase(tail_->first_sequence);
      }
      return;
    }
    if (tail_is_torn_ && !TruncateTail()) {
      segment.poisoned = true;
      return;
    }
    segment.file_bytes = tail_->bytes;
    spool_.open_segment = tail_;
  }

  bool TruncateTail() {
    absl::StatusOr<std::unique_ptr<SpoolFile>> file = files_->Open(SegmentName(tail_->first_sequence));
    return file.ok() && (*file)->Truncate(tail_->bytes).ok();
  }

  void Rewrite(uint64_t first, SpoolIndex::Segment* segment) {
    const auto after = spool_.index.segments().upper_bound(first);
    const uint64_t next = after == spool_.index.segments().end() ? spool_.next_sequence : after->first;
    const absl::StatusOr<RewrittenSegment> rewritten =
        RewriteSegment(files_, first, next, [this](uint64_t sequence) { return spool_.index.Contains(sequence); });
    if (!rewritten.ok()) {
      spool_.problems.emplace_back(rewritten.status().message());
      return;
    }
    for (const uint64_t missing : spool_.index.Relocate(first, rewritten->places)) spool_.index.DropEntry(missing);
    *segment = {next, rewritten->file_bytes, segment->live_entries, segment->live_bytes, false};
  }

  SpoolFiles* files_;
  SlotFile* cursor_file_;
  SlotFile* marks_file_;
  RecoveredSpool spool_;
  std::vector<uint64_t> segments_;
  // Where the last segment read says that the next one begins; unset if it could not be read.
  std::optional<uint64_t> chain_;
  // The first sequence that is not accounted for, and the first entry not seen yet.
  uint64_t expected_ = 1;
  uint64_t next_entry_ = 0;
  bool lost_ = false;
  std::optional<RecoveredSpool::Open> tail_;
  bool tail_is_torn_ = false;
};

}  // namespace

RecoveredSpool RecoverSpool(SpoolFiles* files, SlotFile* cursor_file, SlotFile* marks_file) {
  return Recovery(files, cursor_file, marks_file).Run();
}

}  // namespace rollcall
