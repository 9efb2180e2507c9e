#include "collectors/scheduled_tasks/timer_tasks.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "collectors/scheduled_tasks/calendar_next_elapse.h"
#include "collectors/scheduled_tasks/time_span.h"
#include "collectors/text.h"
#include "platform/status_macros.h"
#include "platform/systemd/unit_name.h"
#include "platform/systemd/unit_set.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

constexpr absl::string_view kTypes[] = {"timer"};
constexpr absl::string_view kCalendar = "OnCalendar";
constexpr absl::string_view kSpans[] = {"OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec",
                                        "OnUnitInactiveSec"};
constexpr absl::string_view kSuffix = ".timer";
constexpr char kStamps[] = "/var/lib/systemd/timers/stamp-";
// Of one timer.
constexpr size_t kMaxTriggers = 100;

// The first time any of the expressions is due. `*known` is false if a zone was not.
std::optional<absl::Time> NextOf(TaskRun& run, const std::vector<CalendarExpression>& calendars, bool* known) {
  std::optional<absl::Time> first;
  *known = true;
  for (const CalendarExpression& calendar : calendars) {
    const auto zone = run.Zone(calendar.timezone);
    if (!zone.has_value()) {
      *known = false;
      continue;
    }
    const auto next = NextElapse(calendar, run.now(), *zone);
    if (next.has_value() && (!first.has_value() || *next < *first)) first = next;
  }
  return first;
}

// Why systemd does not start the timer by itself; empty if it does.
std::string WhyNotStarted(const Unit& unit) {
  if (unit.state == UnitFileState::kMasked || unit.state == UnitFileState::kMaskedRuntime) return "masked";
  if (IsUnitTemplate(unit.name)) return "template";
  if (!unit.wanted_by.empty() || !unit.required_by.empty()) return "";
  switch (unit.state) {
    case UnitFileState::kEnabled:
    case UnitFileState::kEnabledRuntime:
    case UnitFileState::kTransient:
      return "";
    case UnitFileState::kDisabled:
      return "disabled";
    default:
      return absl::StrCat(UnitFileStateName(unit.state), ", and nothing starts it");
  }
}

class TimerTasks {
 public:
  explicit TimerTasks(TaskRun& run) : run_(run) {}

  absl::Status Emit() {
    const auto units = UnitSet::Load(run_.files(), kTypes, run_.stop());
    if (!units.ok()) return units.status();
    if (units->has_folders()) run_.SetFoundAny();
    for (const UnitProblem& problem : units->problems()) {
      if (problem.detail_only) {
        run_.report().AddDegradation(problem.path, problem.status, "correct the unit file");
      } else {
        run_.AddProblem(problem.path, problem.status);
      }
    }
    for (const auto& [name, unit] : units->units()) {
      // The unit it stands for has the record.
      if (!unit.alias_of.empty()) continue;
      ROLLCALL_RETURN_IF_ERROR(EmitTimer(unit));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status EmitTimer(const Unit& unit) {
    pb::ScheduledTask task;
    task.set_manager(pb::ScheduledTask::SYSTEMD_TIMER);
    task.set_source_path(ToRecordText(unit.path));
    DescribeFile(unit, &task);
    for (const std::string& drop_in : unit.drop_ins) task.add_drop_ins(ToRecordText(drop_in));
    task.set_description(ToRecordText(unit.Value("Unit", "Description")));
    task.set_target_unit(TargetOf(unit));
    task.set_persistent(UnitBoolean(unit.Value("Timer", "Persistent"), false));
    task.set_enabled(true);
    SetRandomDelay(unit, &task);
    SetTriggers(unit, &task);
    SetLastRun(unit, &task);
    Disable(WhyNotStarted(unit), &task);
    return run_.Emit(std::move(task), ToRecordText(unit.name));
  }

  // A masked unit has a link to /dev/null for a file, which says all there is.
  void DescribeFile(const Unit& unit, pb::ScheduledTask* task) {
    if (unit.path.empty()) return;
    const auto info = run_.files().Stat(unit.path);
    if (!info.ok() || info->type != FileInfo::Type::kRegular) return;
    const auto file = run_.Read(unit.path);
    if (file.has_value()) run_.Describe(*file, task);
  }

  static std::string TargetOf(const Unit& unit) {
    const absl::string_view named = unit.Value("Timer", "Unit");
    if (!named.empty()) return ToRecordText(named);
    return absl::StrCat(ToRecordText(absl::StripSuffix(unit.name, kSuffix)), ".service");
  }

  static void SetRandomDelay(const Unit& unit, pb::ScheduledTask* task) {
    const auto delay = ParseTimeSpan(unit.Value("Timer", "RandomizedDelaySec"));
    if (!delay.has_value() || *delay <= absl::ZeroDuration() || *delay == absl::InfiniteDuration()) return;
    *task->mutable_random_delay() = ToWire(*delay);
  }

  void SetTriggers(const Unit& unit, pb::ScheduledTask* task) {
    const TimerTriggers triggers = ReadTimerTriggers(unit.assignments);
    for (const std::string& setting : triggers.unreadable) {
      run_.report().AddDegradation(unit.path, absl::InvalidArgumentError(absl::StrCat("bad value of ", setting)),
                                   "correct it: systemd does not understand it either");
    }
    task->set_schedule(ToRecordText(absl::StrJoin(triggers.written, "; ")));
    task->set_schedule_normalized(ToRecordText(absl::StrJoin(triggers.normalized, "; ")));
    if (triggers.calendars.empty()) return;
    const std::string& first_zone = triggers.calendars.front().timezone;
    task->set_timezone(ToRecordText(first_zone.empty() ? run_.zone_name() : first_zone));
    if (triggers.has_others) return;
    bool known = false;
    const auto next = NextOf(run_, triggers.calendars, &known);
    if (known && next.has_value()) *task->mutable_next_run() = ToWire(*next);
  }

  // A persistent timer touches a file when it elapses.
  void SetLastRun(const Unit& unit, pb::ScheduledTask* task) const {
    if (!task->persistent()) return;
    const auto stamp = run_.files().Stat(absl::StrCat(kStamps, unit.name));
    if (stamp.ok()) *task->mutable_last_run() = ToWire(absl::FromUnixNanos(stamp->mtime_unix_nano));
  }

  TaskRun& run_;
};

}  // namespace

TimerTriggers ReadTimerTriggers(absl::Span<const UnitAssignment> assignments) {
  TimerTriggers triggers;
  for (const UnitAssignment& assignment : assignments) {
    if (assignment.section != "Timer") continue;
    const bool is_calendar = assignment.key == kCalendar;
    if (!is_calendar && std::find(std::begin(kSpans), std::end(kSpans), assignment.key) == std::end(kSpans)) continue;
    if (assignment.value.empty()) {
      triggers = TimerTriggers();
      continue;
    }
    if (triggers.written.size() >= kMaxTriggers) {
      triggers.has_others = true;
      continue;
    }
    if (!is_calendar) {
      const std::string written = absl::StrCat(assignment.key, "=", assignment.value);
      if (ParseTimeSpan(assignment.value).has_value()) {
        triggers.has_others = true;
      } else {
        triggers.unreadable.push_back(assignment.key);
      }
      triggers.written.push_back(written);
      triggers.normalized.push_back(written);
      continue;
    }
    triggers.written.push_back(assignment.value);
    auto calendar = ParseCalendarExpression(assignment.value);
    if (!calendar.ok()) {
      triggers.unreadable.push_back(assignment.key);
      continue;
    }
    triggers.normalized.push_back(FormatCalendarExpression(*calendar));
    triggers.calendars.push_back(*std::move(calendar));
  }
  return triggers;
}

absl::Status EmitTimerTasks(TaskRun& run) { return TimerTasks(run).Emit(); }

}  // namespace rollcall
