// What the parts of this collector share during one run.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TASK_RUN_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TASK_RUN_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collectors/collector.h"
#include "collectors/scheduled_tasks/anacron_due.h"
#include "collectors/scheduled_tasks/cron_schedule.h"
#include "collectors/scheduled_tasks/host_time_zone.h"
#include "collectors/scheduled_tasks/task_environment.h"
#include "collectors/scheduled_tasks/task_problems.h"
#include "rollcall/v1/records/scheduled_task.pb.h"

namespace rollcall {

// Most of a file that declares tasks, or is one, that is read.
inline constexpr size_t kMaxTaskFileBytes = size_t{1} << 20;

struct TaskFile {
  std::string path;
  std::string content;
  // There is more than `content`.
  bool truncated = false;
  // Empty if it is truncated.
  std::string sha256;
  FileInfo info;
};

// Something that runs all scripts of a directory.
struct DirectoryStarter {
  // `PATH:LINE`.
  std::string label;
  std::string command;
  std::string user;
  std::optional<absl::Time> next_run;
  std::optional<absl::Time> last_run;
};

// What starts anacron, as far as it was seen.
struct AnacronStarts {
  std::vector<AnacronStart> known;
  // Something else does, at times that are not known.
  bool others = false;
};

// Not thread-safe; what it is made with must outlive it.
class TaskRun {
 public:
  // Jobs kept of one file.
  static constexpr size_t kMaxJobsOfFile = 10'000;
  // Jobs kept of the table of one user, who must not crowd out all others.
  static constexpr size_t kMaxJobsOfUser = 1'000;

  TaskRun(const CollectorContext& context, TimeZones& zones, RecordSink& sink, RunReport& report,
          const StopToken& stop);

  const FileTree& files() const { return files_; }
  RunReport& report() { return report_; }
  const StopToken& stop() const { return stop_; }
  absl::Time now() const { return now_; }
  CronDialect dialect() const { return dialect_; }
  // Empty if it is not known.
  const std::string& zone_name() const { return zone_name_; }
  // Of a name, or of the host if that is empty; nothing if it is not known here.
  std::optional<absl::TimeZone> Zone(absl::string_view name);

  // Any of the places looked at is there, so that no task is an answer.
  bool found_any() const { return found_any_; }
  void SetFoundAny() { found_any_ = true; }

  // The file, read once it does not change while it is read. Nothing if there is none, or if it
  // cannot be read: then the report says so.
  std::optional<TaskFile> Read(absl::string_view path);
  // Entries of a directory; none if there is no such directory or it cannot be read, as above,
  // or if it was listed before under another name.
  std::vector<DirectoryEntry> List(absl::string_view path);
  // Whether an entry of `directory` is itself one, or a link to one.
  bool IsDirectory(absl::string_view directory, const DirectoryEntry& entry) const;
  // Something is not seen; adds what helps where permission was refused.
  void AddProblem(absl::string_view path, const absl::Status& status);
  void AddProblems(absl::string_view path, const TaskProblems& problems);
  void AddRemarks(absl::string_view path, const TaskProblems& remarks, absl::string_view remedy);

  // Name of a uid in the host's passwd file; empty if it has none.
  std::string UserName(uint32_t uid) const;
  // Whether the passwd file was read and has no such user.
  bool IsUnknownUser(absl::string_view name) const;

  // Source path, digest and who may write.
  void Describe(const TaskFile& file, rollcall::v1::ScheduledTask* task) const;
  static void SetEnvironment(const TaskEnvironment& environment, rollcall::v1::ScheduledTask* task);

  // Emits a task whose manager and source path are set. `entry` tells it from others of that
  // file; a second one of that name becomes `entry #2`. Cancelled if a stop is requested.
  absl::Status Emit(rollcall::v1::ScheduledTask task, absl::string_view entry);

  std::vector<DirectoryStarter>& starters() { return starters_; }
  AnacronStarts& anacron_starts() { return anacron_starts_; }

 private:
  CronDialect FindDialect() const;
  void ReadUsers();

  const FileTree& files_;
  TimeZones& zones_;
  RecordSink& sink_;
  RunReport& report_;
  const StopToken& stop_;
  const absl::Time now_;
  const CronDialect dialect_;
  const std::string zone_name_;
  bool found_any_ = false;
  bool users_known_ = false;
  std::set<std::string, std::less<>> users_;
  std::map<uint32_t, std::string> user_of_uid_;
  // Device and inode of directories listed.
  std::set<std::pair<uint64_t, uint64_t>> listed_;
  std::map<std::string, uint64_t> entries_;
  std::vector<DirectoryStarter> starters_;
  AnacronStarts anacron_starts_;
};

// Turns the task off; the first reason counts. An empty reason is none.
void Disable(absl::string_view reason, rollcall::v1::ScheduledTask* task);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_TASK_RUN_H_
