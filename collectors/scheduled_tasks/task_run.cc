#include "collectors/scheduled_tasks/task_run.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/text.h"
#include "platform/passwd.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

namespace pb = ::rollcall::v1;

constexpr char kPasswd[] = "/etc/passwd";
constexpr absl::string_view kPermissionRemedy = "run the agent as root or with CAP_DAC_READ_SEARCH";
constexpr uint32_t kGroupOrOthersWrite = 0022;
constexpr size_t kMaxOsReleaseBytes = size_t{64} << 10;
constexpr int kReadAttempts = 3;

// ID and ID_LIKE of os-release.
std::set<std::string> DistributionIds(const FileTree& files) {
  std::set<std::string> ids;
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    const auto text = files.ReadFile(path, kMaxOsReleaseBytes);
    if (!text.ok()) continue;
    for (absl::string_view line : absl::StrSplit(*text, '\n')) {
      if (!absl::ConsumePrefix(&line, "ID=") && !absl::ConsumePrefix(&line, "ID_LIKE=")) continue;
      for (absl::string_view id : absl::StrSplit(line, absl::ByAnyChar(" \"'\r"), absl::SkipEmpty())) {
        ids.insert(std::string(id));
      }
    }
    break;
  }
  return ids;
}

bool IsDirectoryAt(const FileTree& files, absl::string_view path) {
  const auto info = files.Stat(path);
  return info.ok() && info->type == FileInfo::Type::kDirectory;
}

bool Unchanged(const FileInfo& a, const FileInfo& b) {
  return a.inode == b.inode && a.size_bytes == b.size_bytes && a.mtime_unix_nano == b.mtime_unix_nano &&
         a.ctime_unix_nano == b.ctime_unix_nano;
}

}  // namespace

TaskRun::TaskRun(const CollectorContext& context, TimeZones& zones, RecordSink& sink, RunReport& report,
                 const StopToken& stop)
    : files_(*context.files),
      zones_(zones),
      sink_(sink),
      report_(report),
      stop_(stop),
      now_(context.clock->Now()),
      dialect_(FindDialect()),
      zone_name_(HostTimeZoneName(files_)) {
  ReadUsers();
  // First of all, so that names in users' files cannot use up the limit.
  zones_.Find(zone_name_);
}

CronDialect TaskRun::FindDialect() const {
  const std::set<std::string> ids = DistributionIds(files_);
  if (ids.count("debian") > 0 || ids.count("ubuntu") > 0) return CronDialect::kDebian;
  if (ids.count("alpine") > 0 || ids.count("openwrt") > 0) return CronDialect::kBusybox;
  if (!ids.empty()) return CronDialect::kCronie;
  // A tree without os-release: the spool gives it away.
  if (IsDirectoryAt(files_, "/etc/crontabs")) return CronDialect::kBusybox;
  return IsDirectoryAt(files_, "/var/spool/cron/crontabs") ? CronDialect::kDebian : CronDialect::kCronie;
}

void TaskRun::ReadUsers() {
  const auto text = files_.ReadFile(kPasswd, kMaxFileBytes);
  // Small images have none, and names then say less.
  if (absl::IsNotFound(text.status())) return;
  if (!text.ok()) {
    report_.AddDegradation(kPasswd, text.status(), "make it readable; until then users of at jobs have no name");
    return;
  }
  users_known_ = true;
  for (const PasswdEntry& entry : ParsePasswd(*text).entries) {
    users_.insert(entry.name);
    user_of_uid_.emplace(entry.uid, ToRecordText(entry.name));
  }
}

std::optional<absl::TimeZone> TaskRun::Zone(absl::string_view name) {
  const absl::string_view wanted = name.empty() ? absl::string_view(zone_name_) : name;
  auto zone = zones_.Find(wanted);
  if (!zone.has_value() && name.empty()) {
    report_.AddDegradation(
        "/etc/localtime",
        absl::NotFoundError(zone_name_.empty() ? "find the host's time zone: /etc/localtime does not name it"
                                               : absl::StrCat("load time zone ", zone_name_, ": not known here")),
        "make /etc/localtime a link into zoneinfo, and install tzdata where the agent runs; until then next_run is not "
        "said");
  }
  return zone;
}

std::optional<TaskFile> TaskRun::Read(absl::string_view path) {
  TaskFile file;
  file.path = std::string(path);
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    const auto before = files_.Stat(path);
    auto content = before.ok() ? files_.ReadPrefix(path, kMaxTaskFileBytes, &file.truncated)
                               : absl::StatusOr<std::string>(before.status());
    if (absl::IsNotFound(content.status())) return std::nullopt;
    if (!content.ok()) {
      found_any_ = true;
      AddProblem(path, content.status());
      return std::nullopt;
    }
    file.content = *std::move(content);
    file.info = *before;
    const auto after = files_.Stat(path);
    if (after.ok() && Unchanged(*before, *after)) break;
    if (attempt + 1 == kReadAttempts) AddProblem(path, absl::UnavailableError("read file: it changes all the time"));
  }
  found_any_ = true;
  if (!file.truncated) file.sha256 = Sha256Hex(file.content);
  return file;
}

std::vector<DirectoryEntry> TaskRun::List(absl::string_view path) {
  const auto info = files_.Stat(path);
  if (absl::IsNotFound(info.status())) return {};
  auto entries = info.ok() ? files_.List(path) : absl::StatusOr<std::vector<DirectoryEntry>>(info.status());
  found_any_ = true;
  if (!entries.ok()) {
    if (!absl::IsNotFound(entries.status())) AddProblem(path, entries.status());
    return {};
  }
  if (!listed_.emplace(info->device, info->inode).second) return {};
  return *std::move(entries);
}

bool TaskRun::IsDirectory(absl::string_view directory, const DirectoryEntry& entry) const {
  if (entry.type == FileInfo::Type::kRegular || entry.type == FileInfo::Type::kDirectory) {
    return entry.type == FileInfo::Type::kDirectory;
  }
  return IsDirectoryAt(files_, absl::StrCat(directory, "/", entry.name));
}

void TaskRun::AddProblem(absl::string_view path, const absl::Status& status) {
  report_.AddProblem(path, status, absl::IsPermissionDenied(status) ? kPermissionRemedy : "");
}

void TaskRun::AddProblems(absl::string_view path, const TaskProblems& problems) {
  for (const absl::Status& problem : problems.kept()) report_.AddProblem(path, problem);
  if (problems.count() > problems.kept().size()) {
    report_.AddProblem(
        path, absl::InvalidArgumentError(absl::StrCat(problems.count() - problems.kept().size(), " further problems")));
  }
}

void TaskRun::AddRemarks(absl::string_view path, const TaskProblems& remarks, absl::string_view remedy) {
  for (const absl::Status& remark : remarks.kept()) report_.AddDegradation(path, remark, remedy);
}

std::string TaskRun::UserName(uint32_t uid) const {
  const auto found = user_of_uid_.find(uid);
  return found == user_of_uid_.end() ? "" : found->second;
}

bool TaskRun::IsUnknownUser(absl::string_view name) const { return users_known_ && users_.find(name) == users_.end(); }

void TaskRun::Describe(const TaskFile& file, pb::ScheduledTask* task) const {
  task->set_source_path(ToRecordText(file.path));
  task->set_file_sha256(file.sha256);
  task->set_writable_by_others((file.info.mode & kGroupOrOthersWrite) != 0);
}

void TaskRun::SetEnvironment(const TaskEnvironment& environment, pb::ScheduledTask* task) {
  for (const std::string& name : environment.names()) task->add_environment_names(name);
  task->set_shell(environment.shell());
  task->set_command_timezone(environment.tz());
  if (!environment.mailto().has_value()) return;
  task->set_mailto(*environment.mailto());
  task->set_mailto_none(environment.mailto()->empty());
}

absl::Status TaskRun::Emit(pb::ScheduledTask task, absl::string_view entry) {
  if (stop_.stop_requested()) return absl::CancelledError("emit tasks: stopped");
  const uint64_t count = ++entries_[absl::StrCat(task.manager(), "\n", task.source_path(), "\n", entry)];
  task.set_entry(count == 1 ? std::string(entry) : absl::StrCat(entry, " #", count));
  pb::Record record;
  *record.mutable_scheduled_task() = std::move(task);
  return sink_.Emit(std::move(record));
}

void Disable(absl::string_view reason, pb::ScheduledTask* task) {
  if (reason.empty()) return;
  task->set_enabled(false);
  task->clear_next_run();
  if (task->disabled_reason().empty()) task->set_disabled_reason(std::string(reason));
}

}  // namespace rollcall
