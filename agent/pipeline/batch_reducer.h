// Folds spooled batches of a unit into fewer, and cuts out what cannot be found again.
// docs/decisions/0007-the-spool-folds-runs-by-their-digests.md says why it is right.
#ifndef ROLLCALL_AGENT_PIPELINE_BATCH_REDUCER_H_
#define ROLLCALL_AGENT_PIPELINE_BATCH_REDUCER_H_

#include <optional>
#include <string>
#include <vector>

#include "agent/spool/entry_reducer.h"

namespace rollcall {

// Stateless and pure; see entry_reducer.h.
//
// Consecutive DELTA runs, each based on the set the one before leads to, become one from the first
// base to the last set: the latest version of each record, and what is gone. What was created and is
// gone again says nothing, but for records that cannot be found again: those become a MERGE run
// before it, and the DELTA's base has them. MERGE runs are joined. A FULL run stays as it is, and so
// does what does not fit together: a gap between digests, samples, a run that is not COMPLETE after
// one that retired.
class BatchReducer : public EntryReducer {
 public:
  // Most that is unpacked at once.
  static constexpr size_t kMaxUnpackedBytes = size_t{16} << 20;

  bool BeginsRun(const std::string& payload) const override;
  bool EndsRun(const std::string& payload) const override;
  std::optional<std::vector<SpoolItem>> Coalesce(const std::vector<std::string>& payloads) const override;
  std::vector<SpoolItem> Keep(const std::vector<std::string>& payloads, const std::string& last) const override;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_BATCH_REDUCER_H_
