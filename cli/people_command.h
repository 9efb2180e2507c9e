// Commands about who is asking: login, logout, whoami and contexts.
#ifndef ROLLCALL_CLI_PEOPLE_COMMAND_H_
#define ROLLCALL_CLI_PEOPLE_COMMAND_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/cli_config.h"
#include "cli/command.h"
#include "rollcall/v1/people.pb.h"

namespace rollcall {

// What these commands work with beside what every command has; outlives them.
struct PeopleTools {
  // Where contexts are kept.
  std::string config_path;
  // Of --context; empty: the current one.
  std::string context;
  // Of the other options of the connection.
  CliConfig given;
  // Asks the backend of these settings whom it takes us for. Errors as those of other calls (FromGrpc).
  std::function<absl::StatusOr<pb::WhoAmIResponse>(const CliConfig& settings)> who_am_i;
};

struct LoginArguments {
  // Login file, `-` for standard input; empty if all is said by options.
  std::string file;
  // File with the token alone, `-` for standard input.
  std::string token_file;
  // Of the context; PERSON@HOST if empty.
  std::string name;
};
struct ContextArguments {
  // The current one if empty.
  std::string name;
};
struct ContextListArguments {
  // Names only, one a line: for completion.
  bool names = false;
};
struct ContextRenameArguments {
  std::string from;
  std::string to;
};

// Asks the backend whether the settings are good, and only then keeps them as a context, the current one from then on.
absl::Status RunLogin(const CommandContext& context, const LoginArguments& arguments);
// Forgets a context, and with it the token.
absl::Status RunLogout(const CommandContext& context, const ContextArguments& arguments);
absl::Status RunWhoAmI(const CommandContext& context);

absl::Status RunContextList(const CommandContext& context, const ContextListArguments& arguments);
absl::Status RunContextUse(const CommandContext& context, const ContextArguments& arguments);
// Everything of a context but its token.
absl::Status RunContextShow(const CommandContext& context, const ContextArguments& arguments);
absl::Status RunContextRename(const CommandContext& context, const ContextRenameArguments& arguments);
absl::Status RunContextDelete(const CommandContext& context, const ContextArguments& arguments);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_PEOPLE_COMMAND_H_
