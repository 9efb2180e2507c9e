// What the spool may ask of those who know what its entries mean.
#ifndef ROLLCALL_AGENT_SPOOL_ENTRY_REDUCER_H_
#define ROLLCALL_AGENT_SPOOL_ENTRY_REDUCER_H_

#include <optional>
#include <string>
#include <vector>

#include "agent/spool/spool.h"

namespace rollcall {

struct SpoolItem {
  EntryClass entry_class = EntryClass::kState;
  std::string payload;
};

// Pure functions over the payloads of one unit, in the order of their sequences. Called with
// the spool locked: must not call it.
class EntryReducer {
 public:
  virtual ~EntryReducer() = default;

  // Whether the entry is the first, and the last, of its run.
  virtual bool BeginsRun(const std::string& payload) const = 0;
  virtual bool EndsRun(const std::string& payload) const = 0;

  // Entries that lead a receiver who has not seen any of `payloads` to the same end, in their
  // place: fewer than there were. nullopt if there are none, if a run lacks a part before one it has,
  // or if the last run is not whole yet. No samples and nothing kept lies between the payloads.
  virtual std::optional<std::vector<SpoolItem>> Coalesce(const std::vector<std::string>& payloads) const = 0;

  // What of `payloads` cannot be found again, as entries of class kKept. A receiver can take them in
  // the place of `last`, the last entry of the unit, whatever it has of the unit, and whether or not
  // it has seen some of them.
  virtual std::vector<SpoolItem> Keep(const std::vector<std::string>& payloads, const std::string& last) const = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_ENTRY_REDUCER_H_
