// Variables that a crontab or an anacrontab sets for its jobs.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TASK_ENVIRONMENT_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TASK_ENVIRONMENT_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace rollcall {

// `NAME = VALUE` as crontab(5) has it: spaces around `=`, quotes around either side. Views into
// the line.
struct TaskAssignment {
  absl::string_view name;
  absl::string_view value;
  // Cron takes it for an assignment. It does not if quotes do not match or the value is
  // missing altogether (`MAILTO=`; nothing is `MAILTO=""`).
  bool valid = false;
};

// Nothing if the line does not look like an assignment. `line` has no leading space.
std::optional<TaskAssignment> ParseTaskAssignment(absl::string_view line);

// What holds for the jobs below the assignments seen so far. A copy is cheap: it shares the names,
// and so may not be used by another thread.
class TaskEnvironment {
 public:
  // Names kept, and the longest one.
  static constexpr size_t kMaxNames = 64;
  static constexpr size_t kMaxNameBytes = 64;

  // A name set again keeps its place. Values are kept of the few names below only.
  void Set(absl::string_view name, absl::string_view value);

  // Fit for a record, in the order of first assignment.
  absl::Span<const std::string> names() const {
    return names_ == nullptr ? absl::Span<const std::string>() : absl::MakeConstSpan(names_->data(), name_count_);
  }
  const std::string& shell() const { return shell_; }
  // Unset if there is no MAILTO; empty if nobody is sent mail.
  const std::optional<std::string>& mailto() const { return mailto_; }
  const std::string& cron_tz() const { return cron_tz_; }
  const std::string& tz() const { return tz_; }
  const std::string& random_delay() const { return random_delay_; }
  const std::string& start_hours_range() const { return start_hours_range_; }

 private:
  void AddName(std::string name);

  // Only ever appended to, with room for kMaxNames: the first `name_count_` are this one's.
  std::shared_ptr<std::vector<std::string>> names_;
  size_t name_count_ = 0;
  std::string shell_;
  std::optional<std::string> mailto_;
  std::string cron_tz_;
  std::string tz_;
  std::string random_delay_;
  std::string start_hours_range_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TASK_ENVIRONMENT_H_
