#include "collectors/scheduled_tasks/cron_tasks.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/scheduled_tasks/anacron_due.h"
#include "collectors/scheduled_tasks/cron_next_run.h"
#include "collectors/scheduled_tasks/crontab_parser.h"
#include "collectors/scheduled_tasks/run_parts.h"
#include "collectors/text.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

constexpr absl::string_view kRoot = "root";
constexpr char kSystemTable[] = "/etc/crontab";
constexpr char kSystemFolder[] = "/etc/cron.d";
// Most specific first: the last one holds the tables of Red Hat and the folders of others.
constexpr absl::string_view kSpools[] = {"/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/etc/crontabs",
                                         "/var/spool/cron"};
constexpr absl::string_view kNotReadHere = "this cron does not read this place";
constexpr uint32_t kPermissionBits = 07777;
constexpr uint32_t kOwnerOnly = 0600;
constexpr uint32_t kGroupOrOthersWrite = 0022;
constexpr uint32_t kOwnerExecutes = 0100;
constexpr absl::string_view kHourly = "/etc/cron.hourly";

// cronie is built for any of three spools.
bool IsReadBy(CronDialect dialect, absl::string_view spool) {
  if (spool == "/var/spool/cron/crontabs") return true;
  if (dialect == CronDialect::kDebian) return false;
  return (spool == "/etc/crontabs") == (dialect == CronDialect::kBusybox);
}

class CronTasks {
 public:
  explicit CronTasks(TaskRun& run) : run_(run) {}

  absl::Status EmitOfSystem(std::vector<CronTable>* users) {
    const bool reads_table = run_.dialect() != CronDialect::kBusybox;
    ROLLCALL_RETURN_IF_ERROR(EmitTable({.path = kSystemTable, .user = "", .skipped = reads_table ? "" : kNotReadHere}));
    ROLLCALL_RETURN_IF_ERROR(EmitFolder());
    for (absl::string_view spool : kSpools) ROLLCALL_RETURN_IF_ERROR(ReadSpool(spool, users));
    return absl::OkStatus();
  }

  absl::Status EmitOfUsers(const std::vector<CronTable>& users) {
    for (const CronTable& table : users) ROLLCALL_RETURN_IF_ERROR(EmitTable(table));
    return absl::OkStatus();
  }

 private:
  absl::Status EmitFolder() {
    const bool lsb_names = UsesLsb();
    for (const DirectoryEntry& entry : run_.List(kSystemFolder)) {
      // `.placeholder` and the like are not meant to hold tasks.
      if (absl::StartsWith(entry.name, ".") || run_.IsDirectory(kSystemFolder, entry)) continue;
      ROLLCALL_RETURN_IF_ERROR(EmitTable({.path = absl::StrCat(kSystemFolder, "/", entry.name),
                                          .user = "",
                                          .skipped = WhyCronSkips(entry.name, run_.dialect(), lsb_names)}));
    }
    return absl::OkStatus();
  }

  bool UsesLsb() const {
    bool truncated = false;
    const auto text = run_.files().ReadPrefix("/etc/default/cron", kMaxTaskFileBytes, &truncated);
    return text.ok() && UsesLsbNames(*text);
  }

  // Emits root's table at once; the others are for later.
  absl::Status ReadSpool(absl::string_view spool, std::vector<CronTable>* users) {
    for (const DirectoryEntry& entry : run_.List(spool)) {
      // BusyBox is told of changes through `cron.update`.
      const bool no_table = absl::StartsWith(entry.name, ".") || entry.name == "cron.update";
      if (no_table || run_.IsDirectory(spool, entry)) continue;
      absl::string_view skipped = IsReadBy(run_.dialect(), spool) ? "" : kNotReadHere;
      if (skipped.empty() && run_.dialect() == CronDialect::kCronie)
        skipped = WhyCronSkips(entry.name, run_.dialect(), false);
      if (skipped.empty() && run_.dialect() == CronDialect::kBusybox && absl::StrContains(entry.name, "."))
        skipped = "file name with a dot";
      CronTable table = {
          .path = absl::StrCat(spool, "/", entry.name), .user = ToRecordText(entry.name), .skipped = skipped};
      if (table.user == kRoot) {
        ROLLCALL_RETURN_IF_ERROR(EmitTable(table));
      } else {
        users->push_back(std::move(table));
      }
    }
    return absl::OkStatus();
  }

  absl::Status EmitTable(const CronTable& table) {
    const auto file = run_.Read(table.path);
    if (!file.has_value()) return absl::OkStatus();
    const bool has_users = table.user.empty();
    absl::string_view content = file->content;
    if (file->truncated) {
      run_.report().AddProblem(
          table.path, absl::ResourceExhaustedError(
                          absl::StrCat("read file: more than ", kMaxTaskFileBytes, " bytes; the rest is not read")));
      // The line that was cut is not a line.
      content = content.substr(0, content.rfind('\n') + 1);
    }
    const bool of_system = has_users || table.user == kRoot;
    const CrontabParse parse = ParseCrontab(content, {run_.dialect(), has_users},
                                            of_system ? TaskRun::kMaxJobsOfFile : TaskRun::kMaxJobsOfUser);
    run_.AddProblems(table.path, parse.problems);
    run_.AddRemarks(table.path, parse.remarks, "end every line with a newline alone");
    if (parse.observed > parse.jobs.size()) run_.report().SetTruncated(parse.observed);
    if (!has_users) RemarkUnknownUser(table.path, 0, table.user);
    const std::string skipped = WhyIgnored(table, *file, parse);
    for (const CronJob& job : parse.jobs) {
      ROLLCALL_RETURN_IF_ERROR(EmitJob(table, *file, skipped, job, parse.environments[job.environment]));
    }
    return absl::OkStatus();
  }

  // Why cron ignores the file as a whole.
  std::string WhyIgnored(const CronTable& table, const TaskFile& file, const CrontabParse& parse) const {
    if (!table.skipped.empty()) return std::string(table.skipped);
    if (run_.dialect() == CronDialect::kBusybox) return "";
    const uint32_t mode = file.info.mode & kPermissionBits;
    const bool debian_spool = run_.dialect() == CronDialect::kDebian && !table.user.empty();
    if (debian_spool && mode != kOwnerOnly) return "file mode is not 0600";
    if ((mode & kGroupOrOthersWrite) != 0) return "file is writable by others";
    return parse.rejected.empty() ? "" : absl::StrCat("cron ignores the file: ", parse.rejected);
  }

  absl::Status EmitJob(const CronTable& table, const TaskFile& file, absl::string_view ignored, const CronJob& job,
                       const TaskEnvironment& environment) {
    pb::ScheduledTask task;
    task.set_manager(pb::ScheduledTask::CRON);
    run_.Describe(file, &task);
    TaskRun::SetEnvironment(environment, &task);
    task.set_schedule(job.schedule_text);
    task.set_schedule_normalized(FormatCronSchedule(job.schedule));
    task.set_randomized(job.schedule.randomized);
    task.set_user(table.user.empty() ? job.user : table.user);
    task.set_user_owned(!table.user.empty());
    task.set_command(job.command);
    task.set_command_truncated(job.command_truncated);
    task.set_has_standard_input(job.has_standard_input);
    task.set_line(static_cast<uint32_t>(job.line));
    task.set_enabled(true);
    SetNextRun(job, environment, &task);
    Disable(ignored, &task);
    if (job.unended && run_.dialect() != CronDialect::kBusybox) Disable("line without an end", &task);
    if (job.schedule.foreign_name) Disable("time name that this cron does not know", &task);
    if (table.user.empty()) RemarkUnknownUser(table.path, job.line, job.user);
    NoteStarter(task);
    NoteAnacronStart(job, environment, task);
    const std::string entry = table.user.empty() ? absl::StrCat(job.schedule_text, " ", job.user) : job.schedule_text;
    return run_.Emit(std::move(task), entry);
  }

  // Only cronie reads a schedule in a zone of its own. Empty for the host's.
  std::string ZoneOf(const TaskEnvironment& environment) const {
    return run_.dialect() == CronDialect::kCronie ? environment.cron_tz() : "";
  }

  void SetNextRun(const CronJob& job, const TaskEnvironment& environment, pb::ScheduledTask* task) {
    const std::string own = ZoneOf(environment);
    task->set_timezone(own.empty() ? run_.zone_name() : own);
    const auto zone = run_.Zone(own);
    if (!zone.has_value()) return;
    const auto next = NextCronRun(job.schedule, run_.now(), *zone);
    if (next.has_value()) *task->mutable_next_run() = ToWire(*next);
  }

  // A missing user field makes a user of the first word of the command.
  void RemarkUnknownUser(const std::string& path, uint64_t line, const std::string& user) {
    if (!run_.IsUnknownUser(user)) return;
    run_.report().AddDegradation(
        path,
        absl::NotFoundError(line == 0 ? "its user is not in /etc/passwd"
                                      : absl::StrCat("line ", line, ": its user is not in /etc/passwd")),
        "check that the user field is there; a user of a directory service is as good");
  }

  void NoteStarter(const pb::ScheduledTask& task) {
    // Anybody may name a folder in a table of their own.
    if (task.user_owned() && task.user() != kRoot) return;
    if (!task.enabled() || !absl::StrContains(task.command(), "/")) return;
    const std::string& command = task.command();
    const bool runs_folders = absl::StrContains(command, "/etc/cron.") ||
                              absl::StrContains(command, "/etc/periodic/") || absl::StrContains(command, "run-crons");
    if (!runs_folders) return;
    DirectoryStarter starter;
    starter.label = absl::StrCat(task.source_path(), ":", task.line());
    starter.command = command;
    starter.user = task.user();
    if (task.has_next_run()) starter.next_run = FromWire(task.next_run());
    run_.starters().push_back(std::move(starter));
  }

  // Anacron is started by a job of root's that names it, or by the script that cronie has for it
  // among those of every hour.
  void NoteAnacronStart(const CronJob& job, const TaskEnvironment& environment, const pb::ScheduledTask& task) {
    if (!task.enabled() || task.user() != kRoot) return;
    const bool by_script =
        absl::StrContains(task.command(), "run-parts") && absl::StrContains(task.command(), kHourly) && HasScript();
    const AnacronCommand command = by_script ? AnacronCommand::kStarts : AnacronCommandOf(task.command());
    if (command == AnacronCommand::kNone) return;
    if (command == AnacronCommand::kStartsWithoutSystemd && run_.files().Stat("/run/systemd/system").ok()) return;
    const auto zone = run_.Zone(ZoneOf(environment));
    const auto host_zone = run_.Zone("");
    AnacronStarts& starts = run_.anacron_starts();
    // That one is past.
    if (job.schedule.kind == CronSchedule::Kind::kReboot) return;
    const bool says_when = job.schedule.kind == CronSchedule::Kind::kFields && !job.schedule.randomized;
    if (command == AnacronCommand::kUnknown || !says_when || !zone.has_value() || !host_zone.has_value()) {
      starts.others = true;
      return;
    }
    const auto next = [schedule = job.schedule, zone = *zone](absl::Time after) {
      return NextCronRun(schedule, after, zone);
    };
    if (!by_script) return starts.known.push_back(next);
    starts.known.push_back([next, host_zone = *host_zone, done = DayOfDailyJobs()](absl::Time after) {
      // The script leaves anacron alone on a day on which the daily jobs have run.
      const bool done_today = done.has_value() && absl::ToCivilDay(after, host_zone) == *done;
      return next(done_today ? absl::FromCivil(*done + 1, host_zone) - absl::Nanoseconds(1) : after);
    });
  }

  bool HasScript() const {
    const auto info = run_.files().Stat("/etc/cron.hourly/0anacron");
    return info.ok() && (info->mode & kOwnerExecutes) != 0;
  }

  std::optional<absl::CivilDay> DayOfDailyJobs() const {
    bool truncated = false;
    const auto text = run_.files().ReadPrefix("/var/spool/anacron/cron.daily", kMaxTaskFileBytes, &truncated);
    return text.ok() ? ParseAnacronStamp(*text) : std::nullopt;
  }

  TaskRun& run_;
};

}  // namespace

absl::Status EmitSystemCronTasks(TaskRun& run, std::vector<CronTable>* users) {
  return CronTasks(run).EmitOfSystem(users);
}

absl::Status EmitUserCronTasks(TaskRun& run, const std::vector<CronTable>& users) {
  return CronTasks(run).EmitOfUsers(users);
}

}  // namespace rollcall
