#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/time/time.h"
#include "collectors/scheduled_tasks/anacron_due.h"
#include "collectors/scheduled_tasks/anacrontab_parser.h"
#include "rollcall/v1/records/scheduled_task.pb.h"

namespace {

// A job that was done on a day or never, with hours or without: it runs after now or not at all.
void CheckNextRun(const rollcall::AnacronJob& job, const rollcall::TaskEnvironment& environment) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  rollcall::AnacronTiming timing;
  timing.days = job.period_days;
  if (job.period == "@monthly") timing.period = rollcall::AnacronTiming::Period::kMonth;
  if (job.period == "@yearly") timing.period = rollcall::AnacronTiming::Period::kYear;
  timing.delay = absl::Minutes(job.delay_minutes);
  timing.random_delay = absl::Minutes(job.delay_minutes);
  timing.last = rollcall::ParseAnacronStamp(job.id);
  timing.hours = rollcall::ParseAnacronHours(environment.start_hours_range());
  const std::vector<rollcall::AnacronStart> starts = {[](absl::Time after) { return after + absl::Minutes(61); }};
  const auto next = rollcall::NextAnacronRun(timing, now, absl::UTCTimeZone(), starts);
  if (next.has_value() && *next <= now) std::abort();
  (void)rollcall::AnacronCommandOf(job.command);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr size_t kMaxJobs = 16;
  const rollcall::AnacrontabParse parse = rollcall::ParseAnacrontab(text, kMaxJobs);
  if (parse.jobs.size() > kMaxJobs || parse.jobs.size() > parse.observed) std::abort();
  for (const rollcall::AnacronJob& job : parse.jobs) {
    if (job.environment >= parse.environments.size() || job.id.empty() || job.command.empty()) std::abort();
    CheckNextRun(job, parse.environments[job.environment]);
    rollcall::v1::ScheduledTask task;
    task.set_entry(job.id);
    task.set_command(job.command);
    task.set_schedule(job.period_text);
    rollcall::v1::ScheduledTask decoded;
    if (!decoded.ParseFromString(task.SerializeAsString())) std::abort();
  }
  return 0;
}
