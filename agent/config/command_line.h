// The command line of rollcall-agent.
#ifndef ROLLCALL_AGENT_CONFIG_COMMAND_LINE_H_
#define ROLLCALL_AGENT_CONFIG_COMMAND_LINE_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/config/settings.h"

namespace rollcall {

enum class AgentCommand { kRun, kCheckConfig, kCollect, kStatus, kHealth, kSpool, kCompletion, kPrintSettings };

struct CommandLine {
  AgentCommand command = AgentCommand::kRun;
  // Set when there is nothing to run: --help, --version or wrong usage. The text goes to
  // standard output for 0, to standard error otherwise.
  std::optional<int> exit_code;
  std::string text;

  // --config.
  std::optional<std::string> config_path;
  // Settings given as flags, by setting name.
  std::map<std::string, std::vector<std::string>> settings;

  // collect
  std::vector<std::string> collectors;
  bool list = false;
  std::string format = "jsonl";
  // status
  bool json = false;
  // health
  bool live = false;
  // spool: what to do, `table` or `json`, and for `drain` how long to try.
  enum class SpoolAction { kInspect, kVerify, kDrain };
  SpoolAction spool_action = SpoolAction::kInspect;
  std::string spool_format = "table";
  absl::Duration drain_timeout = absl::Minutes(1);
  // completion
  std::string shell;
};

// Exit code for a command line or configuration that cannot be used.
inline constexpr int kUsageExitCode = 2;

// Parses `words`, without the program's name. Every setting is a flag, before or after the
// command.
CommandLine ParseCommandLine(const std::vector<std::string>& words, const std::vector<Setting>& settings);

// A script that completes commands and flags in `shell`: bash, zsh or fish.
std::string CompletionScript(const std::string& shell, const std::vector<Setting>& settings);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_CONFIG_COMMAND_LINE_H_
