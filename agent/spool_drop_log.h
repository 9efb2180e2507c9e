// Tells in the log what the spool gave up.
#ifndef ROLLCALL_AGENT_SPOOL_DROP_LOG_H_
#define ROLLCALL_AGENT_SPOOL_DROP_LOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "agent/spool/spool.h"
#include "platform/log.h"

namespace rollcall {

// Used by one thread at a time. `logger` must outlive this.
class SpoolDropLog {
 public:
  explicit SpoolDropLog(Logger* logger) : logger_(logger) {}

  // One line for each collector and reason that counts more than it did at the last call: a warning
  // for what was lost, for debugging what other batches say again.
  void Note(const SpoolStats& stats);

 private:
  Logger* const logger_;
  std::map<std::pair<std::string, SpoolDropReason>, uint64_t> told_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_DROP_LOG_H_
