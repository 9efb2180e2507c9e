// rollcall: the operator's view of the fleet.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "cli/arguments.h"
#include "cli/backend_connection.h"
#include "cli/cli_config.h"
#include "cli/config_home.h"
#include "cli/people_command.h"
#include "platform/clock.h"
#include "platform/host_identity.h"
#include "platform/status_macros.h"
#include "platform/table.h"

namespace rollcall {
namespace {

// What the command line and the environment say.
CliConfig GivenSettings(const Arguments& arguments) {
  CliConfig given;
  given.server = arguments.server;
  given.server_name = arguments.server_name;
  given.ca = arguments.ca;
  given.cert = arguments.cert;
  given.key = arguments.key;
  given.tenant = arguments.tenant;
  return given;
}

PeopleTools MakePeopleTools(const Arguments& arguments) {
  PeopleTools tools;
  tools.config_path = arguments.config_file;
  if (tools.config_path.empty()) tools.config_path = DefaultConfigPath(getenv("XDG_CONFIG_HOME"), getenv("HOME"));
  tools.context = arguments.context;
  tools.given = GivenSettings(arguments);
  tools.who_am_i = &AskWhoAmI;
  return tools;
}

absl::StatusOr<CliConfig> LoadSettings(const Arguments& arguments, const PeopleTools& tools) {
  // Without a home all has to be given.
  CliConfigFile file;
  if (!tools.config_path.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(file,
                              LoadConfigFile(tools.config_path, /*may_be_missing=*/arguments.config_file.empty()));
  }
  ROLLCALL_ASSIGN_OR_RETURN(CliConfig config, ChooseSettings(file, tools.context, tools.given));
  ROLLCALL_RETURN_IF_ERROR(CheckComplete(config));
  return config;
}

// Asks on the terminal, so that neither a pipe nor a script can be taken for a person.
absl::StatusOr<bool> AskPerson(absl::string_view question) {
  if (isatty(STDIN_FILENO) != 1) return absl::FailedPreconditionError("nobody to ask");
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

absl::Status RunCommand(const Arguments& arguments, Screen* screen) {
  CommandContext context;
  context.screen = screen;
  context.now = SystemClock().Now();
  context.confirm = &AskPerson;
  context.new_request_id = &GenerateUuid;
  context.tenant = arguments.tenant;
  context.ticket = arguments.ticket;
  if (!arguments.purpose.empty()) {
    pb::Purpose purpose = pb::PURPOSE_UNSPECIFIED;
    pb::Purpose_Parse(absl::AsciiStrToUpper(absl::StrReplaceAll(arguments.purpose, {{"-", "_"}})), &purpose);
    context.purpose = purpose;
  }
  const PeopleTools tools = MakePeopleTools(arguments);
  context.people = &tools;
  BackendConnection backend;
  if (arguments.needs_backend) {
    const auto config = LoadSettings(arguments, tools);
    if (!config.ok()) return config.status();
    context.tenant = config->tenant;
    auto connected = ConnectToBackend(*config);
    if (!connected.ok()) return connected.status();
    backend = *std::move(connected);
    context.backend = backend.query.get();
    context.operate = backend.operate.get();
    context.lifecycle = backend.lifecycle.get();
  }
  return arguments.command(context);
}

int Main(const std::vector<std::string>& words) {
  const ParseResult parsed = ParseArguments(words);
  if (parsed.finished) {
    (parsed.exit_code == 0 ? std::cout : std::cerr) << parsed.text;
    return parsed.exit_code;
  }
  const Arguments& arguments = parsed.arguments;
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  Screen screen(&std::cout, arguments.format, arguments.wide, TerminalWidth(STDOUT_FILENO),
                terminal && !arguments.no_color);
  const absl::Status status = RunCommand(arguments, &screen);
  std::cout.flush();
  if (!status.ok()) std::cerr << "rollcall: " << Printable(status.message()) << '\n';
  return ExitCodeFor(status);
}

}  // namespace
}  // namespace rollcall

int main(int argc, char** argv) { return rollcall::Main(std::vector<std::string>(argv + 1, argv + argc)); }
