// The command line of what is done and asked about tenants' lives.
#ifndef ROLLCALL_CLI_LIFECYCLE_ARGUMENTS_H_
#define ROLLCALL_CLI_LIFECYCLE_ARGUMENTS_H_

#include <CLI/CLI.hpp>

#include "cli/arguments.h"

namespace rollcall {

// The verbs service, hold and request.
void AddLifecycle(CLI::App* app, Arguments* arguments);
// Below the verbs certificate and retention: what asks the backend.
void AddCertificateVerbs(CLI::App* certificate, Arguments* arguments);
void AddRetentionVerbs(CLI::App* retention, Arguments* arguments);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_LIFECYCLE_ARGUMENTS_H_
