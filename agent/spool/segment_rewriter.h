// Replaces a segment by one that holds only some of its entries.
#ifndef ROLLCALL_AGENT_SPOOL_SEGMENT_REWRITER_H_
#define ROLLCALL_AGENT_SPOOL_SEGMENT_REWRITER_H_

#include <functional>
#include <string>
#include <vector>

#include "agent/spool/spool_files.h"
#include "agent/spool/spool_index.h"

namespace rollcall {

// Largest segment file that is read; more is taken for damage.
inline constexpr uint64_t kMaxSegmentBytes = uint64_t{64} << 20;

// Name of a rewrite in progress; left over by a crash, it is garbage.
inline constexpr absl::string_view kRewriteName = "rewrite.tmp";

// Reads a whole file of the spool.
absl::StatusOr<std::string> ReadSpoolFile(SpoolFiles* files, absl::string_view name);

struct RewrittenSegment {
  std::vector<SpoolIndex::Location> places;
  uint64_t file_bytes = 0;
};

// Rewrites segment `first_sequence` with the entries for which `keep` is true and that can
// be read, sealed with `next_sequence`, atomically and durably. On an error the old segment
// is as it was. Serves to win room and to be rid of damage.
absl::StatusOr<RewrittenSegment> RewriteSegment(SpoolFiles* files, uint64_t first_sequence, uint64_t next_sequence,
                                                const std::function<bool(uint64_t sequence)>& keep);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_SEGMENT_REWRITER_H_
