#include "collectors/scheduled_tasks/anacron_tasks.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
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

// The day in a stamp file, `YYYYMMDD`, as midnight of the host.
std::optional<absl::Time> LastRun(TaskRun& run, const std::string& id) {
  if (absl::StartsWith(id, ".")) return std::nullopt;
  bool truncated = false;
  const auto text = run.files().ReadPrefix(absl::StrCat(kStamps, id), kMaxStampBytes, &truncated);
  if (!text.ok()) return std::nullopt;
  const absl::string_view digits = absl::StripAsciiWhitespace(*text);
  int year = 0;
  int month = 0;
  int day = 0;
  const bool is_date = digits.size() == 8 && absl::SimpleAtoi(digits.substr(0, 4), &year) &&
                       absl::SimpleAtoi(digits.substr(4, 2), &month) && absl::SimpleAtoi(digits.substr(6), &day);
  const absl::CivilDay date(year, month, day);
  if (!is_date || date.month() != month || date.day() != day) return std::nullopt;
  const auto zone = run.Zone("");
  return absl::FromCivil(date, zone.value_or(absl::UTCTimeZone()));
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
  const auto last_run = LastRun(run, job.id);
  if (last_run.has_value()) *task.mutable_last_run() = ToWire(*last_run);
  run.starters().push_back({.label = absl::StrCat(task.source_path(), ":", job.line),
                            .command = job.command,
                            .user = "root",
                            .next_run = std::nullopt,
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
