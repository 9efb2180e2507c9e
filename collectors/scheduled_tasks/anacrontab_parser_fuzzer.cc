#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/scheduled_tasks/anacrontab_parser.h"
#include "rollcall/v1/records/scheduled_task.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr size_t kMaxJobs = 16;
  const rollcall::AnacrontabParse parse = rollcall::ParseAnacrontab(text, kMaxJobs);
  if (parse.jobs.size() > kMaxJobs || parse.jobs.size() > parse.observed) std::abort();
  for (const rollcall::AnacronJob& job : parse.jobs) {
    if (job.environment >= parse.environments.size() || job.id.empty() || job.command.empty()) std::abort();
    rollcall::v1::ScheduledTask task;
    task.set_entry(job.id);
    task.set_command(job.command);
    task.set_schedule(job.period_text);
    rollcall::v1::ScheduledTask decoded;
    if (!decoded.ParseFromString(task.SerializeAsString())) std::abort();
  }
  return 0;
}
