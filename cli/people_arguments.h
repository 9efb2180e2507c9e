// The command line of login, logout, whoami and contexts.
#ifndef ROLLCALL_CLI_PEOPLE_ARGUMENTS_H_
#define ROLLCALL_CLI_PEOPLE_ARGUMENTS_H_

#include <CLI/CLI.hpp>

#include "cli/arguments.h"

namespace rollcall {

void AddPeople(CLI::App* app, Arguments* arguments);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_PEOPLE_ARGUMENTS_H_
