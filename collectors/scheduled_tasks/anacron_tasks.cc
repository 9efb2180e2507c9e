#include "collectors/scheduled_tasks/anacron_tasks.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "collectors/scheduled_tasks/anacron_due.h"
#include "collectors/scheduled_tasks/anacrontab_parser.h"
#include "collectors/text.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

constexpr char kTable[] = "/etc/anacrontab";
constexpr char kStamps[] = "/var/spool/anacron/";
constexpr size_t kMaxStampBytes = 64;
constexpr int64_t kSecondsPerMinute = 60;

// The day in its stamp file. Not OK if it cannot be read; nothing if there is none or it is no day.
absl::StatusOr<std::optional<absl::CivilDay>> LastDay(TaskRun& run, const std::string& id) {
  if (absl::StartsWith(id, ".")) return absl::InvalidArgumentError("a name of another file");
  bool truncated = false;
  const auto text = run.files().ReadPrefix(absl::StrCat(kStamps, id), kMaxStampBytes, &truncated);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  if (!text.ok()) return text.status();
  return ParseAnacronStamp(*text);
}

// When the job begins next. Nothing unless all that starts anacron is known.
std::optional<absl::Time> NextRun(TaskRun& run, const AnacronJob& job, const TaskEnvironment& environment,
                                  std::optional<absl::CivilDay> last, absl::Duration random_delay) {
  const auto zone = run.Zone("");
  const AnacronStarts& starts = run.anacron_starts();
  if (!zone.has_value() || starts.others || !run.report().complete()) return std::nullopt;
  AnacronTiming timing;
  timing.days = job.period_days;
  if (job.period == "@monthly") timing.period = AnacronTiming::Period::kMonth;
  if (job.period == "@yearly") timing.period = AnacronTiming::Period::kYear;
  timing.last = last;
  timing.delay = absl::Minutes(job.delay_minutes);
  if (run.dialect() != CronDialect::kDebian) {
    // Debian's takes no notice of any of them.
    const auto names = environment.names();
    if (std::find(names.begin(), names.end(), "PREFERRED_HOUR") != names.end()) return std::nullopt;
    timing.random_delay = random_delay;
    timing.hours = ParseAnacronHours(environment.start_hours_range());
  }
  return NextAnacronRun(timing, run.now(), *zone, starts.known);
}

absl::Status EmitJob(TaskRun& run, const TaskFile& file, const AnacronJob& job, const TaskEnvironment& environment) {
  pb::ScheduledTask task;
  task.set_manager(pb::ScheduledTask::ANACRON);
  run.Describe(file, &task);
  TaskRun::SetEnvironment(environment, &task);
  task.set_schedule(job.period_text);
  task.set_schedule_normalized(job.period);
  task.mutable_delay()->set_seconds(job.delay_minutes * kSecondsPerMinute);
  task.set_user("root");
  task.set_command(job.command);
  task.set_command_truncated(job.command_truncated);
  task.set_line(static_cast<uint32_t>(job.line));
  task.set_enabled(true);
  task.set_timezone(run.zone_name());
  task.set_hours_range(environment.start_hours_range());
  uint32_t random_minutes = 0;
  if (absl::SimpleAtoi(environment.random_delay(), &random_minutes) && random_minutes > 0) {
    task.mutable_random_delay()->set_seconds(random_minutes * kSecondsPerMinute);
  }
  const auto last = LastDay(run, job.id);
  std::optional<absl::Time> last_run;
  std::optional<absl::Time> next_run;
  if (last.ok()) {
    if (last->has_value()) last_run = absl::FromCivil(**last, run.Zone("").value_or(absl::UTCTimeZone()));
    next_run = NextRun(run, job, environment, *last, absl::Minutes(random_minutes));
  }
  if (last_run.has_value()) *task.mutable_last_run() = ToWire(*last_run);
  if (next_run.has_value()) *task.mutable_next_run() = ToWire(*next_run);
  run.starters().push_back({.label = absl::StrCat(task.source_path(), ":", job.line),
                            .command = job.command,
                            .user = "root",
                            .next_run = next_run,
                            .last_run = last_run});
  return run.Emit(std::move(task), job.id);
}

}  // namespace

absl::Status EmitAnacronTasks(TaskRun& run) {
  const auto file = run.Read(kTable);
  if (!file.has_value()) return absl::OkStatus();
  if (file->truncated) {
    run.report().AddProblem(kTable, absl::ResourceExhaustedError(absl::StrCat(
                                        "read file: more than ", kMaxTaskFileBytes, " bytes; the rest is not read")));
  }
  const AnacrontabParse parse = ParseAnacrontab(file->content, TaskRun::kMaxJobsOfFile);
  run.AddProblems(kTable, parse.problems);
  if (parse.observed > parse.jobs.size()) run.report().SetTruncated(parse.observed);
  for (const AnacronJob& job : parse.jobs) {
    ROLLCALL_RETURN_IF_ERROR(EmitJob(run, *file, job, parse.environments[job.environment]));
  }
  return absl::OkStatus();
}

}  // namespace rollcall
