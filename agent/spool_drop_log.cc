#include "agent/spool_drop_log.h"

#include <utility>

namespace rollcall {

void SpoolDropLog::Note(const SpoolStats& stats) {
  for (const SpoolDrops& drops : stats.drops) {
    const uint64_t before = std::exchange(told_[{drops.collector, drops.reason}], drops.entries);
    if (drops.entries <= before) continue;
    const bool loss = IsLoss(drops.reason);
    logger_->Log(loss ? LogLevel::kWarning : LogLevel::kDebug, loss ? "spool.lost" : "spool.reduced",
                 loss ? "batches were lost unsent" : "batches are not sent, as others say the same",
                 {LogField("collector", drops.collector), LogField("reason", SpoolDropReasonName(drops.reason)),
                  LogField("batches", drops.entries - before), LogField("since_start", drops.entries)});
  }
}

}  // namespace rollcall
