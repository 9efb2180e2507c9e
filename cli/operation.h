// How a command changes something: it asks, names the request, and says how to repeat it.
#ifndef ROLLCALL_CLI_OPERATION_H_
#define ROLLCALL_CLI_OPERATION_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/lifecycle_command.h"
#include "rollcall/v1/lifecycle_service.pb.h"

namespace rollcall {

// Whether to go on: --yes was given or the person agrees, else nothing is said but that nothing was changed.
// InvalidArgument if there is nobody to ask.
absl::StatusOr<bool> MayGoOn(const CommandContext& context, const OperationArguments& arguments,
                             absl::string_view question);

// The id that was given, or a new one.
absl::StatusOr<std::string> RequestIdFor(const CommandContext& context, const OperationArguments& arguments);

// The status, which after an error that leaves open whether the request was carried out says how to repeat it, with
// `again` (such as ` --at TIME`) after the id.
absl::Status OperationStatus(const absl::Status& status, absl::string_view request_id, absl::string_view again);

// As RFC 3339, which ParseTimeText reads back to the same time.
std::string ExactTime(absl::Time time);
// Reads --at: now if empty, in whole seconds so that it can be repeated.
absl::StatusOr<absl::Time> ReadAt(const std::string& text, absl::Time now);

// What the backend answered, with its id: `said` for people, or JSON.
absl::Status PrintReceipt(Screen* screen, const std::string& request_id, const pb::OperationAnswer& answer,
                          absl::string_view said);

// Carries a request out. `said(answer)` is a sentence about what was done.
template <typename Request, typename Said>
absl::Status CarryOut(grpc::Status (pb::Lifecycle::StubInterface::*method)(grpc::ClientContext*, const Request&,
                                                                           pb::OperationAnswer*),
                      const CommandContext& context, Request request, const OperationArguments& arguments,
                      absl::string_view again, Said said) {
  const absl::StatusOr<std::string> id = RequestIdFor(context, arguments);
  if (!id.ok()) return id.status();
  request.set_request_id(*id);
  pb::OperationAnswer answer;
  const absl::Status status = Ask(method, context, std::move(request), &answer);
  if (!status.ok()) return OperationStatus(status, *id, again);
  return PrintReceipt(context.screen, *id, answer, said(answer));
}

}  // namespace rollcall

#endif  // ROLLCALL_CLI_OPERATION_H_
