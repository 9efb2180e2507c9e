#include "collectors/scheduled_tasks/timer_tasks.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "collectors/scheduled_tasks/calendar_next_elapse.h"
#include "collectors/scheduled_tasks/time_span.h"
#include "collectors/text.h"
#include "platform/procfs.h"
#include "platform/status_macros.h"
#include "platform/systemd/unit_name.h"
#include "platform/systemd/unit_set.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

constexpr absl::string_view kTypes[] = {"timer"};
constexpr absl::string_view kCalendar = "OnCalendar";
constexpr absl::string_view kSpansFromBoot[] = {"OnBootSec", "OnStartupSec"};
constexpr absl::string_view kSpansFromEvents[] = {"OnActiveSec", "OnUnitActiveSec", "OnUnitInactiveSec"};
constexpr absl::string_view kSuffix = ".timer";
constexpr absl::string_view kAnacron = "anacron.service";
constexpr char kStamps[] = "/var/lib/systemd/timers/stamp-";
// Of one timer.
constexpr size_t kMaxTriggers = 100;
// The bus's socket, which gives the state of timers.
constexpr char kBus[] = "/run/dbus/system_bus_socket";
constexpr absl::Duration kPatience = absl::Seconds(2);
// A longer one is as good as infinite.
constexpr absl::Duration kLongestSpan = absl::Hours(24 * 366 * 100);

// Keeps the earlier of two times.
void TakeEarlier(std::optional<absl::Time> next, std::optional<absl::Time>* first) {
  if (next.has_value() && (!first->has_value() || *next < **first)) *first = next;
}

// Whether systemd is the init of the running system, see sd_booted(3).
bool IsBooted(const FileTree& files) {
  const auto info = files.Lstat("/run/systemd/system");
  return info.ok() && info->type == FileInfo::Type::kDirectory;
}

// Whether that system is a container, which systemd notes.
bool IsContainer(const FileTree& files) { return !absl::IsNotFound(files.Lstat("/run/systemd/container").status()); }

bool IsOneOf(absl::string_view key, absl::Span<const absl::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
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
  TimerTasks(TaskRun& run, const SystemManager* manager) : run_(run), manager_(manager) {}

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
    AskTimers(*units);
    for (const auto& [name, unit] : units->units()) {
      // The unit it stands for has the record.
      if (!unit.alias_of.empty()) continue;
      ROLLCALL_RETURN_IF_ERROR(EmitTimer(unit));
    }
    if (!not_told_.ok() && needed_) {
      run_.report().AddDegradation(kBus, not_told_,
                                   "let the agent reach the system bus (in a container, mount the host's /run/dbus); "
                                   "until then timers that count from when a unit ran have no next_run");
    }
    return absl::OkStatus();
  }

 private:
  // What systemd says of the timers it runs; `told_` stays unset if it does not.
  void AskTimers(const UnitSet& units) {
    if (manager_ == nullptr || units.units().empty() || !IsBooted(run_.files())) return;
    auto timers = manager_->ListTimers(kPatience);
    not_told_ = timers.status();
    if (!timers.ok()) return;
    told_.emplace();
    for (TimerRunState& timer : *timers) {
      std::string name = timer.name;
      told_->emplace(std::move(name), std::move(timer));
    }
  }

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
    const TimerTriggers triggers = ReadTimerTriggers(unit.assignments);
    SetTriggers(unit, triggers, &task);
    SetLastRun(unit, &task);
    Disable(WhyNotStarted(unit), &task);
    if (told_.has_value()) {
      SetTold(unit, &task);
    } else if (task.enabled()) {
      const auto next = NextFromFiles(triggers);
      if (next.has_value()) *task.mutable_next_run() = ToWire(*next);
    }
    if (task.enabled() && task.target_unit() == kAnacron) NoteAnacronStart(unit, triggers);
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

  void SetTriggers(const Unit& unit, const TimerTriggers& triggers, pb::ScheduledTask* task) {
    for (const std::string& setting : triggers.unreadable) {
      run_.report().AddDegradation(unit.path, absl::InvalidArgumentError(absl::StrCat("bad value of ", setting)),
                                   "correct it: systemd does not understand it either");
    }
    task->set_schedule(ToRecordText(absl::StrJoin(triggers.written, "; ")));
    task->set_schedule_normalized(ToRecordText(absl::StrJoin(triggers.normalized, "; ")));
    if (triggers.calendars.empty()) return;
    const std::string& first_zone = triggers.calendars.front().timezone;
    task->set_timezone(ToRecordText(first_zone.empty() ? run_.zone_name() : first_zone));
  }

  // What systemd says holds, for a timer that it does not run too: that one is due at no time. A
  // time that has passed is the one whose run goes on.
  void SetTold(const Unit& unit, pb::ScheduledTask* task) const {
    const auto timer = told_->find(unit.name);
    if (timer == told_->end()) return;
    const std::optional<absl::Time> next = timer->second.next_elapse;
    const std::optional<absl::Time> last = timer->second.last_trigger;
    if (next.has_value() && *next > run_.now() && task->enabled()) *task->mutable_next_run() = ToWire(*next);
    if (last.has_value() && *last <= run_.now()) *task->mutable_last_run() = ToWire(*last);
  }

  // The first time any trigger is due; nothing if one of them counts from what is not known here.
  std::optional<absl::Time> NextFromFiles(const TimerTriggers& triggers) {
    if (triggers.has_others) {
      needed_ = true;
      return std::nullopt;
    }
    std::optional<absl::Time> first;
    for (const CalendarExpression& calendar : triggers.calendars) {
      const auto zone = run_.Zone(calendar.timezone);
      if (!zone.has_value()) return std::nullopt;
      TakeEarlier(NextElapse(calendar, run_.now(), *zone), &first);
    }
    if (triggers.from_boot.empty()) return first;
    const std::optional<absl::Time> boot = BootTime();
    if (!boot.has_value()) return std::nullopt;
    for (const absl::Duration span : triggers.from_boot) {
      // One that has passed does not come again before the next boot.
      if (*boot + span > run_.now() && span <= kLongestSpan) TakeEarlier(*boot + span, &first);
    }
    return first;
  }

  // The timer starts anacron.
  void NoteAnacronStart(const Unit& unit, const TimerTriggers& triggers) {
    if (told_.has_value() && told_->find(unit.name) == told_->end()) return;
    AnacronStarts& starts = run_.anacron_starts();
    starts.others |= triggers.has_others || !triggers.from_boot.empty();
    for (const CalendarExpression& calendar : triggers.calendars) {
      const auto zone = run_.Zone(calendar.timezone);
      starts.others |= !zone.has_value();
      if (!zone.has_value()) continue;
      starts.known.push_back([calendar, zone = *zone](absl::Time after) { return NextElapse(calendar, after, zone); });
    }
  }

  // Nothing for a container, too: its systemd counts from its own start.
  std::optional<absl::Time> BootTime() const {
    if (IsContainer(run_.files())) return std::nullopt;
    const auto boot = Procfs(&run_.files()).ReadBootTime();
    if (!boot.ok() || *boot > run_.now()) return std::nullopt;
    return *boot;
  }

  // A persistent timer touches a file when it elapses.
  void SetLastRun(const Unit& unit, pb::ScheduledTask* task) const {
    if (!task->persistent()) return;
    const auto stamp = run_.files().Stat(absl::StrCat(kStamps, unit.name));
    if (stamp.ok()) *task->mutable_last_run() = ToWire(absl::FromUnixNanos(stamp->mtime_unix_nano));
  }

  TaskRun& run_;
  const SystemManager* const manager_;
  std::optional<std::map<std::string, TimerRunState, std::less<>>> told_;
  absl::Status not_told_;
  // There is a timer of which only systemd knows when it is due.
  bool needed_ = false;
};

}  // namespace

TimerTriggers ReadTimerTriggers(absl::Span<const UnitAssignment> assignments) {
  TimerTriggers triggers;
  for (const UnitAssignment& assignment : assignments) {
    if (assignment.section != "Timer") continue;
    const bool is_calendar = assignment.key == kCalendar;
    const bool is_from_boot = IsOneOf(assignment.key, kSpansFromBoot);
    if (!is_calendar && !is_from_boot && !IsOneOf(assignment.key, kSpansFromEvents)) continue;
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
      const std::optional<absl::Duration> span = ParseTimeSpan(assignment.value);
      if (!span.has_value()) {
        triggers.unreadable.push_back(assignment.key);
      } else if (*span != absl::InfiniteDuration()) {
        if (is_from_boot) triggers.from_boot.push_back(*span);
        triggers.has_others |= !is_from_boot;
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

absl::Status EmitTimerTasks(TaskRun& run, const SystemManager* manager) { return TimerTasks(run, manager).Emit(); }

}  // namespace rollcall
