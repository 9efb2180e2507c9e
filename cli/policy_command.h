// The verb `policy`: agreements and calendars from files. Asks no backend.
#ifndef ROLLCALL_CLI_POLICY_COMMAND_H_
#define ROLLCALL_CLI_POLICY_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "cli/command.h"

namespace rollcall {

struct PolicyLintArguments {
  std::string file;
  // Empty: where the agreement's own are.
  std::string calendars;
};
struct PolicySimulateArguments {
  std::string file;
  std::string facts;
  // `YYYY-MM-DD`.
  std::string at;
  bool explain = false;
  std::string calendars;
};
struct PolicyDiffArguments {
  std::string before;
  std::string after;
  std::string calendars;
};

// FailedPrecondition after the report if the agreement cannot be kept.
absl::Status RunPolicyLint(const CommandContext& context, const PolicyLintArguments& arguments);
absl::Status RunPolicySimulate(const CommandContext& context, const PolicySimulateArguments& arguments);
absl::Status RunPolicyDiff(const CommandContext& context, const PolicyDiffArguments& arguments);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_POLICY_COMMAND_H_
