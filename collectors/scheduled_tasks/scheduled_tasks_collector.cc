#include "collectors/scheduled_tasks/scheduled_tasks_collector.h"

#include <vector>

#include "collectors/scheduled_tasks/anacron_tasks.h"
#include "collectors/scheduled_tasks/at_tasks.h"
#include "collectors/scheduled_tasks/cron_tasks.h"
#include "collectors/scheduled_tasks/directory_tasks.h"
#include "collectors/scheduled_tasks/host_time_zone.h"
#include "collectors/scheduled_tasks/task_run.h"
#include "collectors/scheduled_tasks/timer_tasks.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

class ScheduledTasksCollector : public Collector {
 public:
  explicit ScheduledTasksCollector(const CollectorContext& context) : context_(context) {}

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    TaskRun run(context_, zones_, sink, report, stop);
    // What users can make themselves comes last, so that it cannot crowd out the system's.
    std::vector<CronTable> users;
    ROLLCALL_RETURN_IF_ERROR(EmitSystemCronTasks(run, &users));
    // Jobs and timers may start anacron, and anacron the scripts of a directory.
    ROLLCALL_RETURN_IF_ERROR(EmitTimerTasks(run, context_.system_manager));
    ROLLCALL_RETURN_IF_ERROR(EmitAnacronTasks(run));
    ROLLCALL_RETURN_IF_ERROR(EmitDirectoryTasks(run));
    ROLLCALL_RETURN_IF_ERROR(EmitUserCronTasks(run, users));
    ROLLCALL_RETURN_IF_ERROR(EmitAtTasks(run));
    if (!run.found_any()) return absl::UnimplementedError("find scheduled tasks: no cron, anacron, at or systemd here");
    return absl::OkStatus();
  }

 private:
  const CollectorContext context_;
  TimeZones zones_;
};

constexpr absl::string_view kKinds[] = {"scheduled_task"};
constexpr absl::string_view kPathsRead[] = {
    "/etc/anacrontab",
    "/etc/cron.d/*",
    "/etc/cron.{hourly,daily,weekly,monthly,yearly}/*",
    "/etc/crontab",
    "/etc/crontabs/*",
    "/etc/default/cron",
    "/etc/localtime",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/periodic/*/*",
    "/etc/systemd/system*",
    "/etc/timezone",
    "/proc/stat",
    "/run/dbus/system_bus_socket",
    "/run/systemd/*",
    "/usr/lib/os-release",
    "/usr/lib/systemd/system",
    "/var/lib/systemd/timers/*",
    "/var/spool/anacron/*",
    "/var/spool/at/*",
    "/var/spool/atjobs/*",
    "/var/spool/cron/*",
    "/var/spool/cron/atjobs/*",
    "/var/spool/cron/crontabs/*",
    "/var/spool/cron/lastrun/*",
    "/var/spool/cron/tabs/*",
};
constexpr absl::string_view kWatchPaths[] = {
    "/etc/anacrontab",        "/etc/cron.d/",          "/etc/cron.daily/",        "/etc/cron.hourly/",
    "/etc/cron.monthly/",     "/etc/cron.weekly/",     "/etc/cron.yearly/",       "/etc/crontab",
    "/etc/crontabs/",         "/etc/periodic/15min/",  "/etc/periodic/daily/",    "/etc/periodic/hourly/",
    "/etc/periodic/monthly/", "/etc/periodic/weekly/", "/etc/systemd/system/",    "/var/spool/at/",
    "/var/spool/atjobs/",     "/var/spool/cron/",      "/var/spool/cron/atjobs/", "/var/spool/cron/crontabs/",
    "/var/spool/cron/tabs/",
};

std::unique_ptr<Collector> Create(const CollectorContext& context) {
  return std::make_unique<ScheduledTasksCollector>(context);
}

}  // namespace

constinit const Collector::Descriptor kScheduledTasksCollector = {
    .name = "scheduled_tasks",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Hours(1),
    .timeout = absl::Seconds(60),
    .paths_read = kPathsRead,
    .max_records = 10'000,
    .create = Create,
    .watch_paths = kWatchPaths,
};

}  // namespace rollcall
