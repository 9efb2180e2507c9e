// A connection to the backend's services for operators.
#ifndef ROLLCALL_CLI_BACKEND_CONNECTION_H_
#define ROLLCALL_CLI_BACKEND_CONNECTION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "cli/cli_config.h"
#include "rollcall/v1/lifecycle_service.grpc.pb.h"
#include "rollcall/v1/operate.grpc.pb.h"
#include "rollcall/v1/people.pb.h"
#include "rollcall/v1/query.grpc.pb.h"

namespace rollcall {

struct BackendConnection {
  std::unique_ptr<rollcall::v1::Query::StubInterface> query;
  std::unique_ptr<rollcall::v1::Operate::StubInterface> operate;
  std::unique_ptr<rollcall::v1::Lifecycle::StubInterface> lifecycle;
};

// Connects lazily over TLS, with the certificate of `config` or with its token. Errors: InvalidArgument if a file of it
// cannot be read.
absl::StatusOr<BackendConnection> ConnectToBackend(const CliConfig& config);

// Asks the backend of `config` whom it takes us for. Errors: as ConnectToBackend, and FromGrpc's.
absl::StatusOr<rollcall::v1::WhoAmIResponse> AskWhoAmI(const CliConfig& config);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_BACKEND_CONNECTION_H_
