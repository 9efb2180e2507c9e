// What concerns all tenants: dry runs and the clock.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/lifecycle_service/lifecycle_engine.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr int kMaxDaysAhead = 31;
// Between what a person read off the screen and said, and the clock now.
constexpr absl::Duration kMaxConfirmationError = absl::Minutes(10);

absl::StatusOr<absl::CivilDay> DryRunDay(const std::string& text, absl::CivilDay today) {
  if (text.empty()) return today;
  absl::CivilDay day;
  if (!ParseDay(text, &day)) return absl::InvalidArgumentError("make dry run: the day is not YYYY-MM-DD");
  if (day >= today && day <= today + kMaxDaysAhead) return day;
  return absl::InvalidArgumentError(
      absl::StrCat("make dry run: the day is not from today to ", kMaxDaysAhead, " days on"));
}

}  // namespace

absl::Status LifecycleEngine::CheckEveryTenant(const Access& access) const {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string> tenants, parts_.store->Tenants());
  for (const std::string& tenant : tenants) {
    if (access.MayAlsoIn(tenant)) continue;
    // Not which: who has no role in a tenant does not learn of it.
    return absl::PermissionDeniedError(
        "decide for all tenants: the backend has tenants in which the caller may not do this");
  }
  return absl::OkStatus();
}

absl::Status LifecycleEngine::MakeDryRun(const Access& access, const pb::MakeDryRunRequest& request,
                                         pb::MakeDryRunResponse* response) const {
  ROLLCALL_RETURN_IF_ERROR(access.CheckChange());
  const absl::CivilDay today = DayOf(parts_.read_clock().wall, parts_.policy->zone);
  ROLLCALL_ASSIGN_OR_RETURN(const absl::CivilDay day, DryRunDay(request.day(), today));
  ROLLCALL_ASSIGN_OR_RETURN(const DryRunList list, parts_.store->MakeDryRun(day));
  response->set_policy_hash(list.run.policy_hash());
  response->set_day(list.run.day());
  response->set_list_hash(list.run.list_hash());
  for (const std::string& line : list.lines) {
    if (access.MayAlsoIn(line.substr(0, line.find(' ')))) {
      response->add_lines(line);
    } else {
      response->set_others(true);
    }
  }
  return absl::OkStatus();
}

absl::Status LifecycleEngine::AcknowledgeDryRun(const Access& access, const pb::AcknowledgeDryRunRequest& request,
                                                pb::AcknowledgeDryRunResponse*) const {
  ROLLCALL_RETURN_IF_ERROR(access.CheckChange());
  ROLLCALL_RETURN_IF_ERROR(CheckEveryTenant(access));
  pb::DryRun run;
  run.set_policy_hash(request.policy_hash());
  run.set_day(request.day());
  run.set_list_hash(request.list_hash());
  return parts_.store->AcknowledgeDryRun(CallerOf(access, request.request_id()), run);
}

absl::Status LifecycleEngine::ConfirmClock(const Access& access, const pb::ConfirmClockRequest& request,
                                           pb::ConfirmClockResponse* response) const {
  ROLLCALL_RETURN_IF_ERROR(access.CheckChange());
  ROLLCALL_RETURN_IF_ERROR(CheckEveryTenant(access));
  const std::optional<absl::Time> said = FromWire(request.wall());
  if (!request.has_wall() || !said.has_value()) {
    return absl::InvalidArgumentError("confirm clock: the request does not say what time it is");
  }
  const ClockReading reading = parts_.read_clock();
  if (absl::AbsDuration(reading.wall - *said) > kMaxConfirmationError) {
    return absl::FailedPreconditionError(
        absl::StrCat("confirm clock: the backend's says ", absl::FormatTime(reading.wall, absl::UTCTimeZone())));
  }
  ROLLCALL_RETURN_IF_ERROR(parts_.store->ConfirmClock(CallerOf(access, request.request_id()), reading));
  *response->mutable_wall() = ToWire(reading.wall);
  return absl::OkStatus();
}

}  // namespace rollcall
