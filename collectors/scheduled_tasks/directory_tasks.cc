#include "collectors/scheduled_tasks/directory_tasks.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/scheduled_tasks/run_parts.h"
#include "collectors/text.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

struct Folder {
  absl::string_view path;
  absl::string_view period;
  absl::string_view normalized;
  // File that SUSE's run-crons leaves behind.
  absl::string_view stamp;
};

constexpr Folder kFolders[] = {
    {"/etc/cron.hourly", "hourly", "@hourly", "/var/spool/cron/lastrun/cron.hourly"},
    {"/etc/cron.daily", "daily", "@daily", "/var/spool/cron/lastrun/cron.daily"},
    {"/etc/cron.weekly", "weekly", "@weekly", "/var/spool/cron/lastrun/cron.weekly"},
    {"/etc/cron.monthly", "monthly", "@monthly", "/var/spool/cron/lastrun/cron.monthly"},
    {"/etc/cron.yearly", "yearly", "@yearly", ""},
    {"/etc/periodic/15min", "15min", "*/15 * * * *", ""},
    {"/etc/periodic/hourly", "hourly", "@hourly", ""},
    {"/etc/periodic/daily", "daily", "@daily", ""},
    {"/etc/periodic/weekly", "weekly", "@weekly", ""},
    {"/etc/periodic/monthly", "monthly", "@monthly", ""},
};

constexpr uint32_t kAnyoneExecutes = 0111;
constexpr char kAnacron[] = "/usr/sbin/anacron";

// Whether `command` names `path` and nothing longer.
bool Names(absl::string_view command, absl::string_view path) {
  for (size_t at = command.find(path); at != absl::string_view::npos; at = command.find(path, at + 1)) {
    absl::string_view rest = command.substr(at + path.size());
    if (absl::StartsWith(rest, "/")) rest.remove_prefix(1);
    const bool ends = rest.empty() ||
                      !(absl::ascii_isalnum(static_cast<unsigned char>(rest[0])) || absl::StrContains("/._-", rest[0]));
    if (ends) return true;
  }
  return false;
}

class DirectoryTasks {
 public:
  explicit DirectoryTasks(TaskRun& run) : run_(run), has_anacron_(run.files().Stat(kAnacron).ok()) {}

  absl::Status Emit() {
    for (const Folder& folder : kFolders) ROLLCALL_RETURN_IF_ERROR(EmitFolder(folder));
    return absl::OkStatus();
  }

 private:
  absl::Status EmitFolder(const Folder& folder) {
    const auto entries = run_.List(folder.path);
    if (entries.empty()) return absl::OkStatus();
    const DirectoryStarter* const starter = FindStarter(folder);
    for (const DirectoryEntry& entry : entries) {
      if (absl::StartsWith(entry.name, ".") || run_.IsDirectory(folder.path, entry)) continue;
      ROLLCALL_RETURN_IF_ERROR(EmitScript(folder, entry.name, starter));
    }
    return absl::OkStatus();
  }

  // The job that names the folder. One that first looks for anacron leaves it to anacron.
  const DirectoryStarter* FindStarter(const Folder& folder) const {
    for (const DirectoryStarter& starter : run_.starters()) {
      if (has_anacron_ && absl::StrContains(starter.command, absl::StrCat("-x ", kAnacron, " ||"))) continue;
      const bool all_folders = absl::StrContains(starter.command, "run-crons") && !folder.stamp.empty();
      if (all_folders || Names(starter.command, folder.path)) return &starter;
    }
    return nullptr;
  }

  // What could not be read may start it; so do the timers of systemd-cron.
  bool MayHaveUnseenStarter(const Folder& folder) {
    const std::string timer = absl::StrCat("/usr/lib/systemd/system/cron-", folder.period, ".timer");
    return !run_.report().complete() || run_.files().Stat(timer).ok();
  }

  absl::Status EmitScript(const Folder& folder, const std::string& name, const DirectoryStarter* starter) {
    const std::string path = absl::StrCat(folder.path, "/", name);
    if (IsBrokenLink(path)) return EmitBroken(folder, path);
    const auto file = run_.Read(path);
    if (!file.has_value()) return absl::OkStatus();
    pb::ScheduledTask task = Begin(folder, path);
    run_.Describe(*file, &task);
    if (starter != nullptr) SetStarter(folder, *starter, &task);
    Disable(WhyRunPartsSkips(name, run_.dialect()), &task);
    if ((file->info.mode & kAnyoneExecutes) == 0) Disable("not executable", &task);
    if (starter == nullptr && !MayHaveUnseenStarter(folder)) Disable("no job starts this directory", &task);
    return run_.Emit(std::move(task), "");
  }

  static pb::ScheduledTask Begin(const Folder& folder, const std::string& path) {
    pb::ScheduledTask task;
    task.set_manager(pb::ScheduledTask::RUN_PARTS);
    task.set_source_path(ToRecordText(path));
    task.set_command(ToRecordText(path));
    task.set_schedule(std::string(folder.period));
    task.set_schedule_normalized(std::string(folder.normalized));
    task.set_enabled(true);
    return task;
  }

  bool IsBrokenLink(const std::string& path) const {
    const auto itself = run_.files().Lstat(path);
    return itself.ok() && itself->type == FileInfo::Type::kSymlink &&
           absl::IsNotFound(run_.files().Stat(path).status());
  }

  absl::Status EmitBroken(const Folder& folder, const std::string& path) {
    pb::ScheduledTask task = Begin(folder, path);
    Disable("link that leads nowhere", &task);
    return run_.Emit(std::move(task), "");
  }

  void SetStarter(const Folder& folder, const DirectoryStarter& starter, pb::ScheduledTask* task) {
    task->set_started_by(starter.label);
    task->set_user(starter.user);
    task->set_timezone(run_.zone_name());
    // run-crons comes by every few minutes and looks for itself what is due.
    const bool decides_itself = absl::StrContains(starter.command, "run-crons");
    if (starter.next_run.has_value() && !decides_itself) *task->mutable_next_run() = ToWire(*starter.next_run);
    if (starter.last_run.has_value()) *task->mutable_last_run() = ToWire(*starter.last_run);
    if (!decides_itself) return;
    const auto stamp = run_.files().Stat(folder.stamp);
    if (stamp.ok()) *task->mutable_last_run() = ToWire(absl::FromUnixNanos(stamp->mtime_unix_nano));
  }

  TaskRun& run_;
  const bool has_anacron_;
};

}  // namespace

absl::Status EmitDirectoryTasks(TaskRun& run) { return DirectoryTasks(run).Emit(); }

}  // namespace rollcall
