#include "cli/operation.h"

#include "absl/strings/str_cat.h"
#include "cli/time_text.h"
#include "platform/status_macros.h"

namespace rollcall {

absl::StatusOr<bool> MayGoOn(const CommandContext& context, const OperationArguments& arguments,
                             absl::string_view question) {
  if (arguments.yes) return true;
  const absl::StatusOr<bool> agreed = context.confirm(question);
  if (!agreed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("ask \"", question, "\": ", agreed.status().message(), "; give --yes to go on"));
  }
  if (!*agreed && context.screen->format() == OutputFormat::kTable) context.screen->Line("Nothing was changed.");
  return agreed;
}

absl::StatusOr<std::string> RequestIdFor(const CommandContext& context, const OperationArguments& arguments) {
  if (!arguments.request_id.empty()) return arguments.request_id;
  return context.new_request_id();
}

absl::Status OperationStatus(const absl::Status& status, absl::string_view request_id, absl::string_view again) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return absl::Status(
          status.code(),
          absl::StrCat(status.message(), "; whether it was done is not known: repeat it with --request-id ", request_id,
                       again));
    default:
      return status;
  }
}

std::string ExactTime(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()); }

absl::StatusOr<absl::Time> ReadAt(const std::string& text, absl::Time now) {
  ROLLCALL_ASSIGN_OR_RETURN(const absl::Time time, ParseTimeText(text.empty() ? "now" : text, now));
  return absl::FromUnixSeconds(absl::ToUnixSeconds(time));
}

absl::Status PrintReceipt(Screen* screen, const std::string& request_id, const pb::OperationAnswer& answer,
                          absl::string_view said) {
  if (screen->format() == OutputFormat::kJson) {
    pb::OperationReceipt receipt;
    receipt.set_request_id(request_id);
    *receipt.mutable_answer() = answer;
    return screen->Json(receipt);
  }
  if (screen->format() == OutputFormat::kCsv) {
    screen->Rows({"REQUEST", "AT", "EPOCH"}, {{request_id, TimeText(answer.at()), absl::StrCat(answer.epoch())}});
    return absl::OkStatus();
  }
  screen->Line(said);
  screen->Line(absl::StrCat("Request ", request_id, ", in the ledger."));
  return absl::OkStatus();
}

}  // namespace rollcall
