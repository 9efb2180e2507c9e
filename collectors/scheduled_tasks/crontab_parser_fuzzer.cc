#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/time/time.h"
#include "collectors/scheduled_tasks/cron_next_run.h"
#include "collectors/scheduled_tasks/crontab_parser.h"
#include "rollcall/v1/records/scheduled_task.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using rollcall::CronDialect;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr size_t kMaxJobs = 16;
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  for (const CronDialect dialect : {CronDialect::kDebian, CronDialect::kCronie, CronDialect::kBusybox}) {
    for (const bool has_users : {false, true}) {
      const rollcall::CrontabParse parse = rollcall::ParseCrontab(text, {dialect, has_users}, kMaxJobs);
      if (parse.jobs.size() > kMaxJobs || parse.jobs.size() > parse.observed) std::abort();
      for (const rollcall::CronJob& job : parse.jobs) {
        if (job.environment >= parse.environments.size()) std::abort();
        if (has_users == job.user.empty()) std::abort();
        const auto next = rollcall::NextCronRun(job.schedule, now, absl::UTCTimeZone());
        if (next.has_value() && *next <= now) std::abort();
        rollcall::v1::ScheduledTask task;
        task.set_schedule(job.schedule_text);
        task.set_command(job.command);
        task.set_user(job.user);
        task.set_schedule_normalized(rollcall::FormatCronSchedule(job.schedule));
        for (const std::string& name : parse.environments[job.environment].names()) task.add_environment_names(name);
        rollcall::v1::ScheduledTask decoded;
        if (!decoded.ParseFromString(task.SerializeAsString())) std::abort();
      }
    }
  }
  return 0;
}
