#include "cli/backend_connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "cli/command.h"

namespace rollcall {
namespace {

constexpr int kMaxMessageBytes = 64 << 20;

absl::StatusOr<std::string> ReadPem(absl::string_view what, const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("read ", what, " ", path, ": ", std::strerror(errno)));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

}  // namespace

absl::StatusOr<BackendConnection> ConnectToBackend(const CliConfig& config) {
  const auto ca = ReadPem("CA certificate", config.ca);
  if (!ca.ok()) return ca.status();
  const auto cert = ReadPem("certificate", config.cert);
  if (!cert.ok()) return cert.status();
  const auto key = ReadPem("key", config.key);
  if (!key.ok()) return key.status();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  if (!config.server_name.empty()) arguments.SetSslTargetNameOverride(config.server_name);
  const auto credentials =
      grpc::SslCredentials({.pem_root_certs = *ca, .pem_private_key = *key, .pem_cert_chain = *cert});
  const auto channel = grpc::CreateCustomChannel(config.server, credentials, arguments);
  return BackendConnection{rollcall::v1::Query::NewStub(channel), rollcall::v1::Operate::NewStub(channel)};
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code == absl::StatusCode::kUnavailable) {
    return absl::UnavailableError(absl::StrCat("reach the backend: ", status.error_message()));
  }
  return absl::Status(code, status.error_message());
}

int ExitCodeFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kInvalidArgument:
      return kExitUsage;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return kExitDenied;
    case absl::StatusCode::kFailedPrecondition:
      return kExitIncomplete;
    case absl::StatusCode::kAborted:
      return kExitNotProven;
    default:
      return kExitFailed;
  }
}

absl::Status IncompleteError(absl::string_view message) { return absl::FailedPreconditionError(message); }

absl::Status NotProvenError(absl::string_view message) { return absl::AbortedError(message); }

}  // namespace rollcall
