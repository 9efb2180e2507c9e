// `rollcall-agent spool`: looks into the spool, checks it, sends what is in it.
#ifndef ROLLCALL_AGENT_SPOOL_COMMAND_H_
#define ROLLCALL_AGENT_SPOOL_COMMAND_H_

#include <ostream>
#include <string>

#include "absl/time/time.h"
#include "agent/config/agent_config.h"
#include "agent/spool/spool_report.h"

namespace rollcall {

struct SpoolCommandOptions {
  // One JSON object instead of text and tables.
  bool json = false;
  // Columns of the tables; 0 for any.
  size_t width = 0;
};

// What is in the spool of `state_dir`, by segment and by unit. 0, or kUsageExitCode if it cannot be read;
// the cause then goes to `err`. Works on a spool in use and on a damaged one, and changes neither.
int InspectSpool(const std::string& state_dir, const SpoolCommandOptions& options, std::ostream& out,
                 std::ostream& err);

// Whether it is whole: 0; 1 if not, with what is damaged and what is lost by segment; kUsageExitCode if it
// cannot be read. Changes nothing.
int VerifySpool(const std::string& state_dir, const SpoolCommandOptions& options, std::ostream& out, std::ostream& err);

// The texts of both, without reading files. Pure.
std::string SpoolInspection(const SpoolReport& report, const SpoolCommandOptions& options);
std::string SpoolVerification(const SpoolReport& report, const SpoolCommandOptions& options);

// Sends everything in the spool to the backend, as the agent would, and ends when it is empty: 0. 1 if
// something is left after `timeout`, and says how much and why; also if an agent uses the spool.
int DrainSpool(const AgentConfig& config, absl::Duration timeout, const SpoolCommandOptions& options, std::ostream& out,
               std::ostream& err);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_COMMAND_H_
