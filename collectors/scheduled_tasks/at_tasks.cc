#include "collectors/scheduled_tasks/at_tasks.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "collectors/scheduled_tasks/at_job_parser.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

constexpr absl::string_view kSpools[] = {"/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs"};
constexpr char kRuns = '=';
constexpr uint32_t kOwnerExecutes = 0100;

absl::Status EmitJob(TaskRun& run, const std::string& path, const AtJobName& name) {
  const auto file = run.Read(path);
  if (!file.has_value()) return absl::OkStatus();
  const bool cut = file->truncated || file->content.size() > kMaxAtJobBytes;
  AtJob job = ParseAtJob(absl::string_view(file->content).substr(0, kMaxAtJobBytes), cut);
  run.AddProblems(path, job.problems);
  pb::ScheduledTask task;
  task.set_manager(pb::ScheduledTask::AT);
  run.Describe(*file, &task);
  task.set_queue(std::string(1, name.queue));
  task.set_schedule(absl::FormatTime("%Y-%m-%dT%H:%MZ", name.due, absl::UTCTimeZone()));
  task.set_schedule_normalized(task.schedule());
  task.set_timezone("UTC");
  if (job.uid.has_value()) task.set_user(run.UserName(*job.uid));
  task.set_user_owned(true);
  task.set_mailto(job.mailto);
  task.set_command(job.command);
  task.set_command_truncated(job.command_truncated);
  for (std::string& variable : job.environment_names) task.add_environment_names(std::move(variable));
  task.set_enabled(true);
  *task.mutable_next_run() = ToWire(name.due);
  // at(1) sets the bit when the job is complete.
  if ((file->info.mode & kOwnerExecutes) == 0) Disable("not executable", &task);
  return run.Emit(std::move(task), absl::StrCat(name.number));
}

}  // namespace

absl::Status EmitAtTasks(TaskRun& run) {
  for (absl::string_view spool : kSpools) {
    for (const DirectoryEntry& entry : run.List(spool)) {
      const auto name = ParseAtJobName(entry.name);
      if (!name.has_value() || name->queue == kRuns || run.IsDirectory(spool, entry)) continue;
      ROLLCALL_RETURN_IF_ERROR(EmitJob(run, absl::StrCat(spool, "/", entry.name), *name));
    }
  }
  return absl::OkStatus();
}

}  // namespace rollcall
