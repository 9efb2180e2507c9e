// What concerns all tenants: lists of what would be deleted, and the clock.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/lifecycle_command.h"
#include "cli/operation.h"
#include "cli/time_text.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using Lifecycle = pb::Lifecycle::StubInterface;

absl::StatusOr<pb::MakeDryRunResponse> Make(const CommandContext& context, const std::string& day) {
  pb::MakeDryRunRequest request;
  request.set_day(day);
  pb::MakeDryRunResponse list;
  const absl::Status status = Ask(&Lifecycle::MakeDryRun, context, request, &list);
  if (!status.ok()) return status;
  return list;
}

std::string SumText(const pb::MakeDryRunResponse& list) {
  return absl::StrCat(list.lines_size(), list.lines_size() == 1 ? " bucket" : " buckets",
                      list.others() ? ", and other tenants'," : "", " would be deleted by the end of ", list.day());
}

void Print(Screen* screen, const pb::MakeDryRunResponse& list) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : list.lines()) rows.push_back(absl::StrSplit(line, ' '));
  if (!rows.empty() || screen->format() == OutputFormat::kCsv) {
    screen->Rows({"TENANT", "SERVICE", "CATEGORY", "COLLECTED"}, rows);
  }
  if (screen->format() != OutputFormat::kTable) return;
  screen->Line(absl::StrCat(SumText(list), "."));
  screen->Line(absl::StrCat("List ", list.list_hash()));
}

absl::Status CheckList(const DryRunArguments& arguments, const pb::MakeDryRunResponse& list) {
  if (arguments.list.empty() && arguments.operation.yes) {
    return absl::InvalidArgumentError("acknowledge dry run: with --yes say which list was looked at, with --list");
  }
  if (arguments.list.empty() || arguments.list == list.list_hash()) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat("acknowledge dry run: the list is another one by now, ", list.list_hash(),
                                         "; look at it with rollcall retention dry-run"));
}

}  // namespace

absl::Status RunRetentionDryRun(const CommandContext& context, const DryRunArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(const pb::MakeDryRunResponse list, Make(context, arguments.day));
  if (context.screen->format() == OutputFormat::kJson) return context.screen->Json(list);
  Print(context.screen, list);
  return absl::OkStatus();
}

absl::Status RunRetentionAcknowledge(const CommandContext& context, const DryRunArguments& arguments) {
  ROLLCALL_ASSIGN_OR_RETURN(const pb::MakeDryRunResponse list, Make(context, arguments.day));
  ROLLCALL_RETURN_IF_ERROR(CheckList(arguments, list));
  if (arguments.list.empty() && context.screen->format() == OutputFormat::kTable) Print(context.screen, list);
  ROLLCALL_ASSIGN_OR_RETURN(
      const bool go_on,
      MayGoOn(context, arguments.operation,
              absl::StrCat(SumText(list), ". Deletions may begin, of all tenants, under these rules?")));
  if (!go_on) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(const std::string id, RequestIdFor(context, arguments.operation));
  pb::AcknowledgeDryRunRequest request;
  request.set_request_id(id);
  request.set_policy_hash(list.policy_hash());
  request.set_day(list.day());
  request.set_list_hash(list.list_hash());
  pb::AcknowledgeDryRunResponse response;
  const absl::Status status = Ask(&Lifecycle::AcknowledgeDryRun, context, request, &response);
  if (!status.ok()) {
    return OperationStatus(status, id, absl::StrCat(" --day ", list.day(), " --list ", list.list_hash()));
  }
  return PrintReceipt(context.screen, id, pb::OperationAnswer(),
                      absl::StrCat("The list of ", list.day(), " is acknowledged."));
}

absl::Status RunRetentionConfirmClock(const CommandContext& context, const OperationArguments& arguments) {
  pb::GetRetentionStatusResponse status;
  ROLLCALL_RETURN_IF_ERROR(Ask(&Lifecycle::GetRetentionStatus, context, pb::GetRetentionStatusRequest(), &status));
  ROLLCALL_ASSIGN_OR_RETURN(
      const bool go_on, MayGoOn(context, arguments,
                                absl::StrCat("The backend's clock says ", TimeText(status.clock().wall()),
                                             "; this machine's says ", ExactTime(context.now), ". Is that right?")));
  if (!go_on) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(const std::string id, context.new_request_id());
  pb::ConfirmClockRequest request;
  request.set_request_id(id);
  // Of this machine, which is not the one in question.
  *request.mutable_wall() = ToWire(context.now);
  pb::ConfirmClockResponse response;
  const absl::Status confirmed = Ask(&Lifecycle::ConfirmClock, context, request, &response);
  if (!confirmed.ok()) return OperationStatus(confirmed, id, "");
  return PrintReceipt(context.screen, id, pb::OperationAnswer(),
                      absl::StrCat("The clock is confirmed at ", TimeText(response.wall()), "."));
}

}  // namespace rollcall
