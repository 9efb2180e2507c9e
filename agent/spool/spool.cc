#include "agent/spool/spool.h"

namespace rollcall {

absl::string_view SpoolDropReasonName(SpoolDropReason reason) {
  switch (reason) {
    case SpoolDropReason::kSample:
      return "sample";
    case SpoolDropReason::kCollapsed:
      return "collapsed";
    case SpoolDropReason::kSuperseded:
      return "superseded";
    case SpoolDropReason::kCoalesced:
      return "coalesced";
    case SpoolDropReason::kUnreadable:
      return "unreadable";
    case SpoolDropReason::kRefused:
      return "refused";
  }
  return "unknown";
}

bool IsLoss(SpoolDropReason reason) {
  return reason != SpoolDropReason::kSuperseded && reason != SpoolDropReason::kCoalesced;
}

uint64_t LostEntries(const SpoolStats& stats, absl::string_view collector) {
  uint64_t lost = 0;
  for (const SpoolDrops& drops : stats.drops) {
    if (drops.collector == collector && IsLoss(drops.reason)) lost += drops.entries;
  }
  return lost;
}

}  // namespace rollcall
