// A connection to the backend's query service.
#ifndef ROLLCALL_CLI_BACKEND_CONNECTION_H_
#define ROLLCALL_CLI_BACKEND_CONNECTION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "cli/cli_config.h"
#include "rollcall/v1/query.grpc.pb.h"

namespace rollcall {

// Connects lazily over mTLS. Errors: InvalidArgument if a file of `config` cannot be read.
absl::StatusOr<std::unique_ptr<rollcall::v1::Query::StubInterface>> ConnectToBackend(const CliConfig& config);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_BACKEND_CONNECTION_H_
