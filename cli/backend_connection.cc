#include "cli/backend_connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "platform/status_macros.h"
#include "rollcall/v1/people.grpc.pb.h"
#include "rollcall/v1/purpose.pb.h"

namespace rollcall {
namespace {

constexpr int kMaxMessageBytes = 64 << 20;

absl::StatusOr<std::string> ReadPem(absl::string_view what, const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("read ", what, " ", path, ": ", std::strerror(errno)));
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> CredentialsOf(const CliConfig& config) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = config.ca_data;
  if (config.ca_data.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadPem("CA certificate", config.ca));
  }
  if (config.token.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadPem("certificate", config.cert));
    ROLLCALL_ASSIGN_OR_RETURN(tls.pem_private_key, ReadPem("key", config.key));
    return grpc::SslCredentials(tls);
  }
  return grpc::CompositeChannelCredentials(grpc::SslCredentials(tls), grpc::AccessTokenCredentials(config.token));
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const CliConfig& config) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ChannelCredentials> credentials, CredentialsOf(config));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  if (!config.server_name.empty()) arguments.SetSslTargetNameOverride(config.server_name);
  return grpc::CreateCustomChannel(config.server, credentials, arguments);
}

}  // namespace

absl::StatusOr<pb::WhoAmIResponse> AskWhoAmI(const CliConfig& config) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, OpenChannel(config));
  grpc::ClientContext call;
  call.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(60, GPR_TIMESPAN)));
  pb::WhoAmIResponse response;
  const grpc::Status status = pb::People::NewStub(channel)->WhoAmI(&call, pb::WhoAmIRequest(), &response);
  if (!status.ok()) return FromGrpc(status);
  return response;
}

absl::StatusOr<BackendConnection> ConnectToBackend(const CliConfig& config) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, OpenChannel(config));
  return BackendConnection{rollcall::v1::Query::NewStub(channel), rollcall::v1::Operate::NewStub(channel),
                           rollcall::v1::Lifecycle::NewStub(channel)};
}

pb::Purpose PurposeFor(const CommandContext& context, const google::protobuf::Descriptor* request) {
  std::vector<pb::Purpose> declared;
  const google::protobuf::FileDescriptor* file = request->file();
  for (int s = 0; s < file->service_count(); ++s) {
    for (int m = 0; m < file->service(s)->method_count(); ++m) {
      const google::protobuf::MethodDescriptor* method = file->service(s)->method(m);
      if (method->input_type() != request) continue;
      for (int i = 0; i < method->options().ExtensionSize(pb::purpose); ++i) {
        declared.push_back(method->options().GetExtension(pb::purpose, i));
      }
    }
  }
  const auto has = [&](pb::Purpose purpose) {
    return std::find(declared.begin(), declared.end(), purpose) != declared.end();
  };
  if (context.purpose.has_value() && has(*context.purpose)) return *context.purpose;
  if (!context.purpose.has_value() && !context.ticket.empty() && has(pb::LEGAL_OBLIGATION)) return pb::LEGAL_OBLIGATION;
  return declared.empty() ? pb::PURPOSE_UNSPECIFIED : declared.front();
}

void AddCallMetadata(const CommandContext& context, grpc::ClientContext* call) {
  if (!context.tenant.empty()) call->AddMetadata("rollcall-tenant", context.tenant);
  if (!context.ticket.empty()) call->AddMetadata("rollcall-ticket", context.ticket);
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code == absl::StatusCode::kUnavailable) {
    return absl::UnavailableError(absl::StrCat("reach the backend: ", status.error_message()));
  }
  // The backend's `not as things stand`. Here these two codes are results of commands, with exit codes of their own.
  if (code == absl::StatusCode::kFailedPrecondition || code == absl::StatusCode::kAborted) {
    return absl::UnknownError(status.error_message());
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
