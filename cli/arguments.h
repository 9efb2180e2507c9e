// The command line: verbs, options, help.
#ifndef ROLLCALL_CLI_ARGUMENTS_H_
#define ROLLCALL_CLI_ARGUMENTS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/command.h"
#include "cli/screen.h"

namespace rollcall {

struct Arguments {
  // Connection settings; empty ones come from the configuration file.
  std::string config_file;
  // The file's current context if empty.
  std::string context;
  std::string server;
  std::string server_name;
  std::string ca;
  std::string cert;
  std::string key;

  // What calls are made for and in; empty: as PurposeFor, the context's or only tenant, none.
  std::string purpose;
  std::string tenant;
  std::string ticket;

  OutputFormat format = OutputFormat::kTable;
  bool wide = false;
  bool no_color = false;

  // The chosen command with its own arguments bound.
  std::function<absl::Status(const CommandContext&)> command;
  // Whether it talks to the backend.
  bool needs_backend = true;
};

struct ParseResult {
  Arguments arguments;
  // Set when there is nothing to run: --help, --version, or wrong usage.
  bool finished = false;
  int exit_code = 0;
  // Help or error text; goes to stdout if exit_code is 0, else to stderr.
  std::string text;
};

// Parses `words` (without the program's name). Environment variables ROLLCALL_CONFIG, ROLLCALL_CONTEXT,
// ROLLCALL_SERVER, ROLLCALL_SERVER_NAME, ROLLCALL_CA, ROLLCALL_CERT, ROLLCALL_KEY, ROLLCALL_TENANT,
// ROLLCALL_PURPOSE and ROLLCALL_TICKET stand in for options that are not given.
ParseResult ParseArguments(const std::vector<std::string>& words);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_ARGUMENTS_H_
