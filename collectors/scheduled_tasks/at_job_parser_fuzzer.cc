#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/scheduled_tasks/at_job_parser.h"
#include "collectors/scheduled_tasks/crontab_parser.h"
#include "rollcall/v1/records/scheduled_task.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  (void)rollcall::ParseAtJobName(text);
  for (const bool truncated : {false, true}) {
    const rollcall::AtJob job = rollcall::ParseAtJob(text, truncated);
    if (job.command.size() > rollcall::kMaxCommandBytes) std::abort();
    rollcall::v1::ScheduledTask task;
    task.set_command(job.command);
    task.set_mailto(job.mailto);
    for (const std::string& name : job.environment_names) task.add_environment_names(name);
    rollcall::v1::ScheduledTask decoded;
    if (!decoded.ParseFromString(task.SerializeAsString())) std::abort();
  }
  return 0;
}
