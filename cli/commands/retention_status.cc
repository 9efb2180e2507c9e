#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "cli/lifecycle_command.h"
#include "cli/time_text.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

using Status = pb::GetRetentionStatusResponse;

uint64_t DueWithin(const Status& status, int days) {
  uint64_t buckets = 0;
  for (int i = 0; i < std::min(days, status.forecast_size()); ++i) buckets += status.forecast(i).buckets();
  return buckets;
}

bool IsLate(const Status::OpenRequest& request) { return request.has_days_left() && request.days_left() < 0; }

// The least days an open request has left, and how many are open.
std::string RequestsText(const Status& status) {
  if (status.open_requests().empty()) return "none open";
  std::string text = absl::StrCat(status.open_requests_size(), " open");
  const Status::OpenRequest* next = nullptr;
  for (const Status::OpenRequest& request : status.open_requests()) {
    if (request.has_days_left() && (next == nullptr || request.days_left() < next->days_left())) next = &request;
  }
  if (next == nullptr) return absl::StrCat(text, ", held");
  if (IsLate(*next)) return absl::StrCat(text, ", the latest ", -next->days_left(), " days late");
  return absl::StrCat(text, ", the next due in ", next->days_left(), " days");
}

std::string DryRunText(const Status& status) {
  const Status::DryRunShown& run = status.latest_dry_run();
  if (!status.has_latest_dry_run()) return "none: nothing is deleted until one is acknowledged";
  if (!run.acknowledged_by().empty()) {
    return absl::StrCat("of ", run.day(), ", acknowledged by ", run.acknowledged_by(), " on ",
                        TimeText(run.acknowledged_at()));
  }
  if (!status.has_acknowledged_dry_run()) {
    return absl::StrCat("of ", run.day(), ", not acknowledged: nothing is deleted until one is");
  }
  return absl::StrCat("of ", run.day(), ", not acknowledged; the one of ", status.acknowledged_dry_run().day(), " is");
}

std::string ClockText(const Status::ClockState& clock) {
  const std::string wall = TimeText(clock.wall());
  if (clock.trusted()) return absl::StrCat(wall, ", trusted");
  return absl::StrCat(wall, ", NOT TRUSTED: ", clock.reason());
}

std::string EnforcementText(const Status& status, absl::Time now) {
  const std::string enforced = status.enforced() ? "yes" : "NO: enforce_retention is not set, what is due stays";
  if (!status.has_counted_at()) return absl::StrCat(enforced, "; NOT COUNTED since the backend started");
  return absl::StrCat(enforced, "; counted ", AgoText(status.counted_at(), now));
}

// Numbers of buckets that nobody has counted are no answer, not even 0.
std::string CountText(const Status& status, uint64_t count) {
  return status.has_counted_at() ? absl::StrCat(count) : "?";
}

std::vector<std::vector<std::string>> Rows(const Status& status, absl::Time now) {
  std::string due = CountText(status, status.due_buckets());
  if (status.has_oldest_due_at()) absl::StrAppend(&due, ", the oldest ", AgoText(status.oldest_due_at(), now));
  const auto past = status.holds_past_review();
  return {
      {"enforced", EnforcementText(status, now)},
      {"overdue", CountText(status, status.overdue_buckets())},
      {"due", due},
      {"due today", CountText(status, DueWithin(status, 1))},
      {"due in 7 days", CountText(status, DueWithin(status, 7))},
      {"due in 30 days", CountText(status, DueWithin(status, 30))},
      {"held", absl::StrCat(CountText(status, status.held_buckets()), " under ", status.holds_in_force(), " holds",
                            past == 0 ? "" : absl::StrCat(", ", past, " past their review"))},
      {"for legal purposes only", CountText(status, status.restricted_buckets())},
      {"in all", CountText(status, status.buckets())},
      {"requests", RequestsText(status)},
      {"dry run", DryRunText(status)},
      {"clock", ClockText(status.clock())},
      {"agreement", absl::StrCat(status.policy().id(), " version ", status.policy().version(), ", ",
                                 absl::BytesToHexString(status.policy().hash()).substr(0, 12))},
  };
}

std::vector<std::vector<std::string>> ForecastRows(const Status& status) {
  std::vector<std::vector<std::string>> rows;
  for (const Status::DayForecast& day : status.forecast()) {
    if (day.buckets() > 0) rows.push_back({day.day(), absl::StrCat(day.buckets())});
  }
  return rows;
}

bool AllIsWell(const Status& status) {
  return status.enforced() && status.has_counted_at() && status.overdue_buckets() == 0 &&
         status.holds_past_review() == 0 && status.clock().trusted() &&
         std::none_of(status.open_requests().begin(), status.open_requests().end(), IsLate);
}

}  // namespace

absl::Status RunRetentionStatus(const CommandContext& context, const RetentionStatusArguments& arguments) {
  Status status;
  ROLLCALL_RETURN_IF_ERROR(
      Ask(&pb::Lifecycle::StubInterface::GetRetentionStatus, context, pb::GetRetentionStatusRequest(), &status));
  Screen* screen = context.screen;
  if (screen->format() == OutputFormat::kJson) {
    ROLLCALL_RETURN_IF_ERROR(screen->Json(status));
  } else {
    screen->Rows({"BUCKETS", "NOW"}, Rows(status, context.now));
    const std::vector<std::vector<std::string>> forecast = ForecastRows(status);
    if (screen->format() == OutputFormat::kTable && !forecast.empty()) {
      screen->Line("");
      screen->Rows({"DAY", "FALL_DUE"}, forecast);
    }
  }
  if (!arguments.check || AllIsWell(status)) return absl::OkStatus();
  return IncompleteError(
      "check retention: something is late, past its review, not trusted, not counted or not enforced");
}

}  // namespace rollcall
