#include "absl/strings/str_cat.h"
#include "cli/lifecycle_command.h"
#include "cli/operation.h"
#include "cli/selector_text.h"
#include "cli/time_text.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

using Lifecycle = pb::Lifecycle::StubInterface;

std::string Counted(uint64_t count, absl::string_view what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

std::string DaysText(bool known, int64_t days) {
  if (!known) return "held";
  if (days < 0) return absl::StrCat(-days, -days == 1 ? " day late" : " days late");
  return absl::StrCat(days);
}

// What a request for deletion comes to, in sentences.
std::string DatesText(const pb::DeletionDates& dates) {
  std::string text = Counted(dates.whole_buckets(), "bucket");
  if (dates.part_buckets() > 0) absl::StrAppend(&text, " and parts of ", dates.part_buckets());
  absl::StrAppend(&text, dates.whole_buckets() == 1 && dates.part_buckets() == 0 ? " is" : " are", " to be deleted");
  if (dates.has_deadline()) {
    absl::StrAppend(&text, " by ", TimeText(dates.deadline()));
  } else {
    absl::StrAppend(&text, ", after the holds on ", dates.held_buckets());
  }
  if (dates.has_not_before()) absl::StrAppend(&text, ", not before ", TimeText(dates.not_before()));
  if (dates.has_cancellable_until()) {
    absl::StrAppend(&text, ". It can be taken back until ", TimeText(dates.cancellable_until()));
  }
  return text + ".";
}

std::vector<std::vector<std::string>> DeletionFields(const pb::ListRequestsResponse::Deletion& deletion) {
  const pb::DeletionDates& dates = deletion.dates();
  std::vector<std::vector<std::string>> rows = {
      {"request", deletion.id()},
      {"reason", deletion.reason()},
      {"requested", TimeText(deletion.requested_at())},
      {"days left", DaysText(deletion.has_days_left(), deletion.days_left())},
      {"buckets left", absl::StrCat(deletion.remaining_buckets())},
      {"read for legal purposes only from", TimeText(dates.restricted_at())},
      {"can be taken back until", TimeText(dates.cancellable_until())},
      {"not to be deleted before", TimeText(dates.not_before())},
      {"the operator's target", TimeText(dates.target())},
      {"to be deleted by", TimeText(dates.deadline())},
      {"whole buckets", absl::StrCat(dates.whole_buckets())},
      {"parts of buckets", absl::StrCat(dates.part_buckets())},
      {"held", absl::StrCat(dates.held_buckets())},
  };
  for (const std::string& step : dates.explanation()) rows.push_back({"because", step});
  return rows;
}

std::vector<std::vector<std::string>> RequestRows(const pb::ListRequestsResponse& open) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& deletion : open.deletions()) {
    rows.push_back({deletion.id(), "deletion", DaysText(deletion.has_days_left(), deletion.days_left()),
                    TimeText(deletion.dates().deadline()), absl::StrCat(deletion.remaining_buckets()),
                    deletion.reason()});
  }
  for (const auto& copy : open.exports()) {
    rows.push_back({copy.id(), "export", DaysText(true, copy.days_left()), TimeText(copy.request().target()), "",
                    copy.request().reason()});
  }
  return rows;
}

}  // namespace

absl::Status RunRequestDelete(const CommandContext& context, const RequestArguments& arguments) {
  pb::RequestDeletionRequest request;
  ROLLCALL_ASSIGN_OR_RETURN(*request.mutable_selector(), ReadSelector(arguments.selector));
  if (SelectsEverything(request.selector()) != arguments.everything) {
    return absl::InvalidArgumentError(
        "request deletion: say what is to be deleted, or that it is --everything, and not both");
  }
  request.set_reason(arguments.reason);
  const std::string what = SelectorText(request.selector());
  ROLLCALL_ASSIGN_OR_RETURN(const bool go_on, MayGoOn(context, arguments.operation,
                                                      absl::StrCat("Have this deleted for the customer: ", what, "?")));
  if (!go_on) return absl::OkStatus();
  return CarryOut(&Lifecycle::RequestDeletion, context, std::move(request), arguments.operation, "",
                  [](const pb::OperationAnswer& answer) { return DatesText(answer.deletion()); });
}

absl::Status RunRequestExport(const CommandContext& context, const RequestArguments& arguments) {
  pb::RequestExportRequest request;
  ROLLCALL_ASSIGN_OR_RETURN(*request.mutable_selector(), ReadSelector(arguments.selector));
  request.set_reason(arguments.reason);
  return CarryOut(&Lifecycle::RequestExport, context, std::move(request), arguments.operation, "",
                  [](const pb::OperationAnswer& answer) {
                    return absl::StrCat("A copy of ", SelectorText(answer.export_request().selector()),
                                        " is to be made by ", TimeText(answer.export_request().target()), ".");
                  });
}

absl::Status RunRequestStatus(const CommandContext& context, const RequestIdArguments& arguments) {
  pb::ListRequestsRequest request;
  request.set_id(arguments.request);
  pb::ListRequestsResponse open;
  ROLLCALL_RETURN_IF_ERROR(Ask(&Lifecycle::ListRequests, context, request, &open));
  Screen* screen = context.screen;
  if (screen->format() == OutputFormat::kJson) {
    ROLLCALL_RETURN_IF_ERROR(screen->JsonLines(open.deletions()));
    return screen->JsonLines(open.exports());
  }
  if (!arguments.request.empty() && !open.deletions().empty()) {
    screen->Rows({"FIELD", "VALUE"}, DeletionFields(open.deletions(0)));
    return absl::OkStatus();
  }
  const std::vector<std::vector<std::string>> rows = RequestRows(open);
  if (rows.empty() && screen->format() == OutputFormat::kTable) {
    screen->Line("No request is open.");
    return absl::OkStatus();
  }
  screen->Rows({"REQUEST", "WHAT", "DAYS_LEFT", "BY", "BUCKETS_LEFT", "REASON"}, rows);
  return absl::OkStatus();
}

absl::Status RunRequestCancel(const CommandContext& context, const RequestIdArguments& arguments) {
  pb::CancelDeletionRequest request;
  request.set_deletion_id(arguments.request);
  return CarryOut(&Lifecycle::CancelDeletion, context, std::move(request), arguments.operation, "",
                  [&](const pb::OperationAnswer& answer) {
                    const uint64_t lost = answer.taken_back().lost();
                    return absl::StrCat(
                        "Request ", arguments.request, " is taken back",
                        lost == 0 ? "." : absl::StrCat("; ", Counted(lost, "bucket"), " were being deleted already."));
                  });
}

}  // namespace rollcall
