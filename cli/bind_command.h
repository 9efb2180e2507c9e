// From a verb of the command line to the function that carries it out.
#ifndef ROLLCALL_CLI_BIND_COMMAND_H_
#define ROLLCALL_CLI_BIND_COMMAND_H_

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.h"

namespace rollcall {

// Binds a verb's options to a struct that lives as long as the command.
template <typename T>
void BindCommand(CLI::App* verb, Arguments* arguments, std::shared_ptr<T> values,
                 absl::Status (*run)(const CommandContext&, const T&), bool needs_backend = true) {
  verb->final_callback([arguments, values, run, needs_backend] {
    arguments->command = [values, run](const CommandContext& context) { return run(context, *values); };
    arguments->needs_backend = needs_backend;
  });
}

}  // namespace rollcall

#endif  // ROLLCALL_CLI_BIND_COMMAND_H_
