// `rollcall-agent collect`: collectors run once, without a backend.
#ifndef ROLLCALL_AGENT_COLLECT_COMMAND_H_
#define ROLLCALL_AGENT_COLLECT_COMMAND_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "collectors/collector.h"
#include "platform/clock.h"

namespace rollcall {

struct CollectOptions {
  // Names; empty for all.
  std::vector<std::string> collectors;
  // A table for people instead of JSON lines.
  bool table = false;
  // Columns of the terminal for tables; 0 for any.
  size_t width = 0;
};

// Exit codes of `collect`, part of its stable interface (docs/collect_format.md).
inline constexpr int kCollectComplete = 0;
inline constexpr int kCollectUsage = 2;
inline constexpr int kCollectIncomplete = 3;

// Runs the named collectors of `all` in their order there, and writes records and run results,
// redacted, to `out`; what is wrong with the names goes to `err`. Returns the exit code.
// `stop` ends the run in progress; it and those that did not start are then incomplete.
int RunCollectCommand(const CollectOptions& options, absl::Span<const Collector::Descriptor* const> all,
                      const CollectorContext& context, const StopToken& stop, std::ostream& out, std::ostream& err);

// One line per collector: name, interval, kinds.
void ListCollectors(absl::Span<const Collector::Descriptor* const> all, std::ostream& out);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_COLLECT_COMMAND_H_
