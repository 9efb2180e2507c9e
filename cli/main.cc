// rollcall: the operator's view of the fleet.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/arguments.h"
#include "cli/backend_connection.h"
#include "cli/cli_config.h"
#include "platform/clock.h"
#include "platform/host_identity.h"
#include "platform/table.h"

namespace rollcall {
namespace {

// The configuration file, with what the command line and the environment say on top.
absl::StatusOr<CliConfig> LoadConfig(const Arguments& arguments) {
  CliConfig config;
  if (!arguments.config_file.empty()) {
    std::ifstream file(arguments.config_file);
    if (!file)
      return absl::InvalidArgumentError(absl::StrCat("read ", arguments.config_file, ": no such file or not readable"));
    const std::string yaml((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    auto parsed = ParseCliConfig(yaml, arguments.config_file);
    if (!parsed.ok()) return parsed.status();
    config = *std::move(parsed);
  }
  const auto overlay = [](const std::string& value, std::string* target) {
    if (!value.empty()) *target = value;
  };
  overlay(arguments.server, &config.server);
  overlay(arguments.server_name, &config.server_name);
  overlay(arguments.ca, &config.ca);
  overlay(arguments.cert, &config.cert);
  overlay(arguments.key, &config.key);
  if (absl::Status status = CheckComplete(config); !status.ok()) return status;
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
  BackendConnection backend;
  if (arguments.needs_backend) {
    const auto config = LoadConfig(arguments);
    if (!config.ok()) return config.status();
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
