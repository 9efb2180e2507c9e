#include "agent/spool/spool_report.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/spool/segment.h"
#include "agent/spool/segment_rewriter.h"
#include "agent/spool/slot_file.h"
#include "agent/spool/spool_recovery.h"

namespace rollcall {
namespace {

// Passes reading on and refuses everything else, whatever is underneath.
class ReadingOnly : public SpoolFiles {
 public:
  explicit ReadingOnly(SpoolFiles* files) : files_(files) {}

  absl::Status Lock() override { return Refused(); }
  absl::StatusOr<std::vector<std::string>> List() override { return files_->List(); }
  absl::StatusOr<std::unique_ptr<SpoolFile>> Create(absl::string_view /*name*/) override { return Refused(); }
  absl::StatusOr<std::unique_ptr<SpoolFile>> Open(absl::string_view name) override {
    absl::StatusOr<std::unique_ptr<SpoolFile>> file = files_->Open(name);
    if (!file.ok()) return file.status();
    return std::make_unique<File>(*std::move(file));
  }
  absl::Status Rename(absl::string_view /*from*/, absl::string_view /*to*/) override { return Refused(); }
  absl::Status Remove(absl::string_view /*name*/) override { return Refused(); }
  absl::Status SyncDirectory() override { return Refused(); }
  absl::StatusOr<SpoolFreeSpace> FreeSpace() override { return files_->FreeSpace(); }

  static absl::Status Refused() { return absl::PermissionDeniedError("the spool is only looked at"); }

 private:
  class File : public SpoolFile {
   public:
    explicit File(std::unique_ptr<SpoolFile> file) : file_(std::move(file)) {}
    absl::Status WriteAt(uint64_t /*offset*/, absl::string_view /*data*/) override { return Refused(); }
    absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t size) override { return file_->ReadAt(offset, size); }
    absl::StatusOr<uint64_t> Size() override { return file_->Size(); }
    absl::Status Truncate(uint64_t /*size*/) override { return Refused(); }
    absl::Status Reserve(uint64_t /*bytes*/) override { return Refused(); }
    absl::Status SyncData() override { return Refused(); }

   private:
    std::unique_ptr<SpoolFile> file_;
  };

  SpoolFiles* files_;
};

// `next` begins the segment after it; 0 if it is the last.
SegmentReport ReportSegment(SpoolFiles* files, uint64_t first, uint64_t next, const SpoolIndex& index,
                            std::map<SpoolUnit, UnitReport>* units) {
  SegmentReport report;
  report.name = SegmentName(first);
  report.first_sequence = report.next_sequence = first;
  const absl::StatusOr<std::string> bytes = ReadSpoolFile(files, report.name);
  if (!bytes.ok()) {
    report.damage.push_back({0, 0, std::string(bytes.status().message())});
    return report;
  }
  const SegmentContents contents = ParseSegment(*bytes, first);
  report.bytes = bytes->size();
  report.next_sequence = contents.next_sequence;
  report.entries = contents.entries.size();
  report.sealed = contents.sealed;
  report.torn_bytes = contents.sealed ? 0 : bytes->size() - std::min<uint64_t>(contents.good_end, bytes->size());
  report.damage = contents.damage;
  // A seal counts what a rewrite left on purpose; without one, sequences have no gaps.
  const uint64_t end = next == 0 ? contents.next_sequence : next;
  const uint64_t written = contents.sealed ? contents.sealed_entries : end - first;
  report.lost_entries = written - std::min(written, report.entries);
  for (const SegmentEntry& entry : contents.entries) {
    if (!index.Contains(entry.sequence)) continue;
    ++report.pending;
    UnitReport& unit = (*units)[entry.unit];
    ++unit.pending;
    unit.bytes += entry.end_offset - entry.offset;
    const EntryClass entry_class = entry.traits.entry_class;
    unit.samples += entry_class == EntryClass::kSample ? 1 : 0;
    unit.unrepeatable += entry_class == EntryClass::kKept || entry_class == EntryClass::kEvents ? 1 : 0;
  }
  return report;
}

}  // namespace

SpoolReport ReadSpoolReport(SpoolFiles* files) {
  ReadingOnly reading(files);
  SlotFile cursor_file = SlotFile::Open(&reading, "cursor", kCursorSlotBytes);
  SlotFile marks_file = SlotFile::Open(&reading, "units", kMarksSlotBytes);
  const RecoveredSpool recovered = RecoverSpool(&reading, &cursor_file, &marks_file);
  SpoolReport report;
  report.cursor = recovered.cursor;
  report.next_sequence = recovered.next_sequence;
  report.pending = recovered.index.size();
  // Damage is found, and marked in memory; that it cannot be stored here is no problem of the spool.
  for (const std::string& problem : recovered.problems) {
    if (problem != ReadingOnly::Refused().message()) report.problems.push_back(problem);
  }
  report.all_need_full = recovered.marks.NeedsFull({"*", "*"});
  std::map<SpoolUnit, UnitReport> units;
  const std::map<uint64_t, SpoolIndex::Segment>& segments = recovered.index.segments();
  for (const auto& [first, segment] : segments) {
    const auto after = segments.upper_bound(first);
    const uint64_t next = after == segments.end() ? 0 : after->first;
    report.segments.push_back(ReportSegment(&reading, first, next, recovered.index, &units));
    report.bytes += report.segments.back().bytes;
    report.lost_entries += report.segments.back().lost_entries;
  }
  const uint64_t read_through =
      report.segments.empty() ? recovered.cursor.acknowledged + 1 : report.segments.back().next_sequence;
  // What was on the disk for certain and is behind the last entry there is.
  if (recovered.cursor.synced >= read_through) report.lost_entries += recovered.cursor.synced + 1 - read_through;
  for (auto& [name, unit] : units) {
    unit.unit = name;
    unit.needs_full = recovered.marks.NeedsFull(name);
    report.units.push_back(std::move(unit));
  }
  return report;
}

SpoolReport ReadSteadySpoolReport(SpoolFiles* files, int attempts, void (*pause)()) {
  SpoolReport report = ReadSpoolReport(files);
  for (int attempt = 1; attempt < attempts && !report.problems.empty(); ++attempt) {
    pause();
    report = ReadSpoolReport(files);
  }
  return report;
}

}  // namespace rollcall
