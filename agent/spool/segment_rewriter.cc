#include "agent/spool/segment_rewriter.h"

#include <algorithm>
#include <utility>

#include "agent/spool/log_writer.h"
#include "agent/spool/segment.h"

namespace rollcall {
namespace {

absl::Status WriteDurably(SpoolFiles* files, absl::string_view bytes, absl::string_view name) {
  const absl::Status removed = files->Remove(kRewriteName);
  if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  absl::StatusOr<std::unique_ptr<SpoolFile>> file = files->Create(kRewriteName);
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->WriteAt(0, bytes);
  if (status.ok()) status = (*file)->SyncData();
  if (status.ok()) status = files->Rename(kRewriteName, name);
  if (!status.ok()) {
    files->Remove(kRewriteName).IgnoreError();
    return status;
  }
  // The new file is in place whatever this says; after a power loss either one may be there,
  // and both are right.
  files->SyncDirectory().IgnoreError();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadSpoolFile(SpoolFiles* files, absl::string_view name) {
  absl::StatusOr<std::unique_ptr<SpoolFile>> file = files->Open(name);
  if (!file.ok()) return file.status();
  absl::StatusOr<uint64_t> size = (*file)->Size();
  if (!size.ok()) return size.status();
  return (*file)->ReadAt(0, std::min(*size, kMaxSegmentBytes));
}

absl::StatusOr<RewrittenSegment> RewriteSegment(SpoolFiles* files, uint64_t first_sequence, uint64_t next_sequence,
                                                const std::function<bool(uint64_t sequence)>& keep) {
  const std::string name = SegmentName(first_sequence);
  const absl::StatusOr<std::string> old = ReadSpoolFile(files, name);
  if (!old.ok()) return old.status();
  std::string bytes = EncodeSegmentHeader(first_sequence);
  RewrittenSegment rewritten;
  for (const SegmentEntry& entry : ParseSegment(*old, first_sequence).entries) {
    if (entry.sequence >= next_sequence || !keep(entry.sequence)) continue;
    const uint64_t offset = bytes.size();
    FrameLogRecord(offset, EncodeSpoolEntry(entry.sequence, entry.unit, entry.payload, entry.traits), &bytes);
    rewritten.places.push_back(
        SpoolIndex::MakeLocation(entry.sequence, first_sequence, offset, bytes.size() - offset, entry.traits));
  }
  FrameLogRecord(bytes.size(), EncodeSegmentSeal(next_sequence, static_cast<uint32_t>(rewritten.places.size())),
                 &bytes);
  rewritten.file_bytes = bytes.size();
  if (const absl::Status status = WriteDurably(files, bytes, name); !status.ok()) return status;
  return rewritten;
}

}  // namespace rollcall
