// What a command of the CLI is given, and how it ends.
#ifndef ROLLCALL_CLI_COMMAND_H_
#define ROLLCALL_CLI_COMMAND_H_

#include <grpc/support/time.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/screen.h"
#include "rollcall/v1/lifecycle_service.grpc.pb.h"
#include "rollcall/v1/operate.grpc.pb.h"
#include "rollcall/v1/query.grpc.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Exit codes, documented in rollcall(1).
enum ExitCode {
  kExitOk = 0,
  kExitFailed = 1,      // the backend could not be reached or failed
  kExitUsage = 2,       // wrong arguments or configuration
  kExitNotFound = 3,    // no such asset, host or kind
  kExitDenied = 4,      // the backend refused the caller
  kExitIncomplete = 5,  // `status --check`: coverage is not complete
  kExitNotProven = 6    // `certificate verify`: the certificate is not proven
};

// The exit code for a command that ended with `status`.
int ExitCodeFor(const absl::Status& status);

struct PeopleTools;

// Everything a command may use; outlives it. Commands run on one thread.
struct CommandContext {
  Screen* screen;
  // Nullptr for commands that ask the backend nothing.
  pb::Query::StubInterface* backend = nullptr;
  pb::Operate::StubInterface* operate = nullptr;
  pb::Lifecycle::StubInterface* lifecycle = nullptr;
  // Of commands about who is asking: cli/people_command.h.
  const PeopleTools* people = nullptr;
  // Sent with every call: which of the caller's tenants, and why the law demands it. Empty ones are not sent.
  std::string tenant;
  std::string ticket;
  // For calls that may be made for it; see PurposeFor.
  std::optional<pb::Purpose> purpose;
  absl::Time now;
  // A random id for a request that changes something.
  std::function<absl::StatusOr<std::string>()> new_request_id;
  // Asks the person a question; true for yes. FailedPrecondition if there is nobody to ask.
  std::function<absl::StatusOr<bool>(absl::string_view question)> confirm;
};

// What to make a call for that takes `request`: the context's purpose if the method is for it; LEGAL_OBLIGATION if a
// ticket was given and the method is for that; else the first purpose the method declares.
pb::Purpose PurposeFor(const CommandContext& context, const google::protobuf::Descriptor* request);

// Sends one request with the purpose set and a deadline, and turns gRPC's status into ours.
template <typename Service, typename Request, typename Response>
absl::Status Ask(grpc::Status (Service::*method)(grpc::ClientContext*, const Request&, Response*),
                 const CommandContext& context, Request request, Response* response);

struct HostsArguments {};
struct SummaryArguments {
  std::string host;
};
struct LsArguments {
  std::string kind;
  std::string host;
  std::vector<std::string> where;
  std::string at;
  std::vector<std::string> columns;
  size_t limit = 0;  // 0: all
};
struct AssetArguments {
  std::string asset;
};
struct DiffArguments {
  std::string host;
  std::string from;
  std::string to;
  std::vector<std::string> kinds;
};
struct RetractArguments {
  std::string collector;
  std::string version;
  std::string host;
  // Only say what would be retracted.
  bool dry_run = false;
  // Do not ask.
  bool yes = false;
};
struct SchemaArguments {
  std::string kind;
};
struct StatusArguments {
  std::string host;
  // Exit with kExitIncomplete unless everything is complete.
  bool check = false;
  // With check: complete runs before this do not count.
  std::string since;
  // With check: these must have reported.
  std::vector<std::string> collectors;
};
struct CertificateArguments {
  std::string file;
  // Of verify: a checkpoint kept by somebody else, and the log's public key, which may be empty.
  std::string checkpoint;
  std::string key;
};
struct CompletionArguments {
  std::string shell;
};

// One function per verb, each in commands/<verb>.cc. Errors are for the caller to print.
absl::Status RunHosts(const CommandContext& context, const HostsArguments& arguments);
absl::Status RunSummary(const CommandContext& context, const SummaryArguments& arguments);
absl::Status RunLs(const CommandContext& context, const LsArguments& arguments);
absl::Status RunShow(const CommandContext& context, const AssetArguments& arguments);
absl::Status RunHistory(const CommandContext& context, const AssetArguments& arguments);
absl::Status RunDiff(const CommandContext& context, const DiffArguments& arguments);
absl::Status RunRetentionExplain(const CommandContext& context, const AssetArguments& arguments);
absl::Status RunRetentionSample(const CommandContext& context);
absl::Status RunRetract(const CommandContext& context, const RetractArguments& arguments);
absl::Status RunSchema(const CommandContext& context, const SchemaArguments& arguments);
absl::Status RunStatus(const CommandContext& context, const StatusArguments& arguments);
absl::Status RunCertificateShow(const CommandContext& context, const CertificateArguments& arguments);
absl::Status RunCertificateVerify(const CommandContext& context, const CertificateArguments& arguments);
absl::Status RunCompletion(const CommandContext& context, const CompletionArguments& arguments);

// Status that ends `status --check` with kExitIncomplete.
absl::Status IncompleteError(absl::string_view message);

// Status that ends `certificate verify` with kExitNotProven.
absl::Status NotProvenError(absl::string_view message);

absl::Status FromGrpc(const grpc::Status& status);

inline pb::Query::StubInterface* StubOf(const CommandContext& context, const pb::Query::StubInterface*) {
  return context.backend;
}
inline pb::Operate::StubInterface* StubOf(const CommandContext& context, const pb::Operate::StubInterface*) {
  return context.operate;
}
inline pb::Lifecycle::StubInterface* StubOf(const CommandContext& context, const pb::Lifecycle::StubInterface*) {
  return context.lifecycle;
}

// Puts tenant and ticket into a call's metadata.
void AddCallMetadata(const CommandContext& context, grpc::ClientContext* call);

template <typename Service, typename Request, typename Response>
absl::Status Ask(grpc::Status (Service::*method)(grpc::ClientContext*, const Request&, Response*),
                 const CommandContext& context, Request request, Response* response) {
  grpc::ClientContext call;
  // From now, not from context.now: a person may have been asked in between, and tests choose their own time.
  call.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(60, GPR_TIMESPAN)));
  AddCallMetadata(context, &call);
  request.set_purpose(PurposeFor(context, Request::descriptor()));
  return FromGrpc((StubOf(context, static_cast<Service*>(nullptr))->*method)(&call, request, response));
}

}  // namespace rollcall

#endif  // ROLLCALL_CLI_COMMAND_H_
