#include "collectors/processes/process_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/processes/capability_names.h"
#include "collectors/processes/cgroup_names.h"
#include "collectors/processes/image_marker.h"
#include "collectors/processes/terminal_name.h"
#include "collectors/text.h"
#include "platform/proc_stat.h"
#include "platform/proc_status.h"
#include "platform/proc_text.h"

namespace rollcall {
namespace {

constexpr size_t kMaxStatBytes = 4096;
constexpr size_t kMaxStatusBytes = size_t{1} << 20;
constexpr size_t kMaxCapabilityBytes = 64;
constexpr absl::string_view kDeleted = " (deleted)";
// The wall clock may be set; then all start times move. Less than this is left alone, or a
// host that adjusts its clock would report every process as changed.
constexpr absl::Duration kBootTimeTolerance = absl::Minutes(1);

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  const int64_t seconds = absl::ToUnixSeconds(time);
  proto.set_seconds(seconds);
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return proto;
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  absl::Duration rest;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return proto;
}

// What an inventory distinguishes; see process.proto.
absl::string_view FoldState(char state) {
  switch (state) {
    case 'Z':
    case 'X':
      return "Z";
    case 'T':
      return "T";
    case 't':
      return "t";
    default:
      return "S";
  }
}

// The number in `net:[4026531840]`.
uint64_t NamespaceInode(absl::string_view link) {
  uint64_t inode = 0;
  const size_t open = link.find('[');
  if (open == absl::string_view::npos || !absl::EndsWith(link, "]")) return 0;
  link = link.substr(open + 1, link.size() - open - 2);
  return absl::SimpleAtoi(link, &inode) ? inode : 0;
}

void SetCapabilities(uint64_t set, uint64_t full, google::protobuf::RepeatedPtrField<std::string>* names) {
  const std::vector<std::string> list = CapabilityNames(set, full);
  names->Assign(list.begin(), list.end());
}

}  // namespace

struct ProcessReader::Reading {
  uint32_t pid;
  KnownProcess* known;
  RunReport& report;
  const StopToken& stop;
  const ProcessDirectory& folder;
  ProcStat stat;
  // A file was not there: the process may have ended meanwhile.
  bool missing = false;
  // Something failed that may not fail again.
  bool failed = false;
  // Reused by all reads.
  std::string text;

  pb::Process& record() const { return known->record; }

  // Notes why `field` could not be filled.
  void Refused(absl::string_view field, const absl::Status& status) {
    if (absl::IsNotFound(status)) {
      missing = true;
    } else if (absl::IsPermissionDenied(status)) {
      *record().add_unreadable() = std::string(field);
    } else {
      report.AddProblem(absl::StrCat("/proc/", pid), status);
      failed = true;
    }
  }

  // Said in every run, also of what was not tried again.
  void ReportUnreadable() {
    for (const std::string& field : record().unreadable()) {
      report.AddDegradation("/proc", absl::PermissionDeniedError(absl::StrCat("read ", field, " of some processes")),
                            "grant CAP_SYS_PTRACE to see other users' processes completely");
    }
  }
};

ProcessReader::ProcessReader(const CollectorContext& context)
    : files_(context.files), clock_(context.clock), procfs_(context.files), hasher_(context.clock) {}

absl::Status ProcessReader::BeginRun() {
  ++run_;
  hasher_.BeginRun();
  host_files_.clear();
  names_.DropUnused(/*runs=*/1);
  names_.BeginRun();
  absl::StatusOr<std::string> boot_id = procfs_.ReadBootId();
  if (!boot_id.ok()) return boot_id.status();
  const absl::StatusOr<absl::Time> boot_time = procfs_.ReadBootTime();
  if (!boot_time.ok()) return boot_time.status();
  if (*boot_id != boot_id_ || absl::AbsDuration(*boot_time - boot_time_) > kBootTimeTolerance) boot_time_ = *boot_time;
  boot_id_ = *std::move(boot_id);
  const auto last_capability = files_->ReadFile("/proc/sys/kernel/cap_last_cap", kMaxCapabilityBytes);
  full_capabilities_ = last_capability.ok() ? FullCapabilitySet(*last_capability) : 0;
  const absl::StatusOr<FileInfo> proc = files_->Stat("/proc");
  is_procfs_ = proc.ok() && proc->size_bytes == 0;
  const auto mount_namespace = files_->ReadLink("/proc/1/ns/mnt");
  host_mount_namespace_ = mount_namespace.ok() ? NamespaceInode(*mount_namespace) : 0;
  return absl::OkStatus();
}

bool ProcessReader::IsProcess(uint32_t pid) const {
  const absl::StatusOr<ProcessDirectory> folder = procfs_.OpenProcess(pid);
  if (!folder.ok()) return false;
  const absl::StatusOr<ProcStat> stat = folder->ReadStat();
  return stat.ok() && !stat->is_kernel_thread();
}

absl::StatusOr<ProcessReader::Outcome> ProcessReader::Read(uint32_t pid, KnownProcess* known, RunReport& report,
                                                           const StopToken& stop) {
  const absl::StatusOr<ProcessDirectory> folder = procfs_.OpenProcess(pid);
  if (absl::IsNotFound(folder.status())) return Outcome::kGone;
  if (!folder.ok()) return folder.status();
  Reading reading = {.pid = pid, .known = known, .report = report, .stop = stop, .folder = *folder};
  absl::StatusOr<Outcome> outcome = ReadFolder(&reading);
  if (outcome.ok() && *outcome == Outcome::kProcess && reading.missing) {
    // Zombies have no files, and old kernels not all of them; one more look tells them from a
    // process that ended while it was read.
    const absl::StatusOr<ProcStat> again = folder->ReadStat();
    if (!again.ok() || again->start_ticks != reading.stat.start_ticks) outcome = Outcome::kGone;
  }
  if (absl::IsNotFound(outcome.status())) outcome = Outcome::kGone;
  // What was read of it may be half of it.
  if (!outcome.ok() || *outcome != Outcome::kProcess) known->seen_run = 0;
  return outcome;
}

absl::StatusOr<ProcessReader::Outcome> ProcessReader::ReadFolder(Reading* reading) {
  bool truncated = false;
  if (absl::Status status = reading->folder.view().Read("stat", kMaxStatBytes, &reading->text, &truncated);
      !status.ok()) {
    return status;
  }
  if (reading->text.empty()) return Outcome::kGone;
  absl::StatusOr<ProcStat> stat = ParseProcStat(reading->text);
  if (!stat.ok()) return stat.status();
  if (stat->is_kernel_thread()) return Outcome::kKernelThread;
  reading->stat = *std::move(stat);
  std::string image_marker = ImageMarker(reading->text);
  const bool full = NeedsFullRead(*reading, image_marker);
  if (full) {
    *reading->known = KnownProcess();
    const absl::Time started = StartTime(boot_time_, reading->stat.start_ticks);
    reading->known->settled = clock_->Now() - started >= kSettleTime;
    *reading->record().mutable_start_time() = ToProto(started);
  }
  reading->known->image_marker = std::move(image_marker);
  FillFromStat(reading);
  if (absl::Status status = FillFromStatus(reading); !status.ok()) return status;
  if (absl::Status status = FillCommandLine(reading); !status.ok()) return status;
  if (full) {
    if (absl::Status status = FillRest(reading); !status.ok()) return status;
  }
  FillNames(reading);
  reading->ReportUnreadable();
  if (reading->failed) reading->known->settled = false;
  reading->known->seen_run = run_;
  return Outcome::kProcess;
}

bool ProcessReader::NeedsFullRead(const Reading& reading, absl::string_view image_marker) const {
  const KnownProcess& known = *reading.known;
  const pb::Process& record = known.record;
  const bool same_process = known.seen_run != 0 && record.pid() == reading.pid &&
                            record.start_ticks() == reading.stat.start_ticks && record.boot_id() == boot_id_;
  if (!same_process || !known.settled) return true;
  if (image_marker.empty() || image_marker != known.image_marker) return true;
  const bool ended = FoldState(reading.stat.state) == "Z" && record.state() != "Z";
  if (ended || record.executable().hash_skipped() == ExecutableHasher::kPending) return true;
  return (run_ + reading.pid) % kFullReadPeriod == 0;
}

void ProcessReader::FillFromStat(Reading* reading) const {
  const ProcStat& stat = reading->stat;
  pb::Process& record = reading->record();
  record.set_pid(reading->pid);
  record.set_start_ticks(stat.start_ticks);
  record.set_boot_id(boot_id_);
  record.set_ppid(stat.ppid);
  record.set_name(ToRecordText(stat.comm));
  record.set_state(std::string(FoldState(stat.state)));
  record.set_session(stat.session);
  record.set_tty(TerminalName(stat.tty));
  record.set_threads(stat.threads);
  *record.mutable_cpu_time() = ToProto(TicksToDuration(stat.user_ticks) + TicksToDuration(stat.system_ticks));
}

absl::Status ProcessReader::FillFromStatus(Reading* reading) {
  bool truncated = false;
  if (absl::Status status = reading->folder.view().Read("status", kMaxStatusBytes, &reading->text, &truncated);
      !status.ok()) {
    return status;
  }
  if (reading->text.empty()) return absl::NotFoundError("read status: process ended");
  const absl::StatusOr<ProcStatus> status = ParseProcStatus(reading->text);
  if (!status.ok()) return status.status();
  pb::Process& record = reading->record();
  record.set_uid(status->uid.real);
  record.set_euid(status->uid.effective);
  record.set_gid(status->gid.real);
  record.set_egid(status->gid.effective);
  record.clear_nspid();
  if (status->namespace_pids.size() > 1) {
    record.mutable_nspid()->Assign(status->namespace_pids.begin(), status->namespace_pids.end());
  }
  KnownProcess& known = *reading->known;
  if (known.capabilities_effective != status->capabilities_effective) {
    known.capabilities_effective = status->capabilities_effective;
    SetCapabilities(known.capabilities_effective, full_capabilities_, record.mutable_capabilities_effective());
  }
  if (known.capabilities_bounding != status->capabilities_bounding) {
    known.capabilities_bounding = status->capabilities_bounding;
    SetCapabilities(known.capabilities_bounding, full_capabilities_, record.mutable_capabilities_bounding());
  }
  if (status->seccomp) record.set_seccomp_mode(*status->seccomp);
  if (status->no_new_privs) record.set_no_new_privs(*status->no_new_privs);
  record.set_rss_bytes(status->resident_bytes.value_or(0));
  return absl::OkStatus();
}

absl::Status ProcessReader::FillCommandLine(Reading* reading) {
  bool truncated = false;
  const absl::Status status = reading->folder.view().Read("cmdline", kMaxCommandLineBytes, &reading->text, &truncated);
  if (absl::IsNotFound(status)) return status;
  pb::Process& record = reading->record();
  if (!status.ok()) {
    // The same in every run, so that it is noted only once.
    if (record.argv_size() == 0 && reading->known->seen_run == 0) reading->Refused("argv", status);
    return absl::OkStatus();
  }
  if (reading->text == reading->known->command_line && record.argv_truncated() == truncated) return absl::OkStatus();
  reading->known->command_line = reading->text;
  record.set_argv_truncated(truncated);
  record.clear_argv();
  for (const std::string& argument : ParseCommandLine(reading->text)) record.add_argv(ToRecordText(argument));
  return absl::OkStatus();
}

absl::Status ProcessReader::FillRest(Reading* reading) {
  FillDirectories(reading);
  FillNamespaces(reading);
  FillCgroup(reading);
  FillOpenFiles(reading);
  return FillExecutable(reading);
}

void ProcessReader::FillDirectories(Reading* reading) const {
  pb::Process& record = reading->record();
  if (const auto cwd = reading->folder.ReadLink("cwd"); cwd.ok()) {
    record.set_cwd(ToRecordText(*cwd));
  } else {
    reading->Refused("cwd", cwd.status());
  }
  if (const auto root = reading->folder.ReadLink("root"); !root.ok()) {
    reading->Refused("root", root.status());
  } else if (*root != "/") {
    record.set_root(ToRecordText(*root));
  }
}

void ProcessReader::FillNamespaces(Reading* reading) const {
  using Setter = void (pb::Namespaces::*)(uint64_t);
  static constexpr std::array<std::pair<const char*, Setter>, 7> kNamespaces = {{
      {"cgroup", &pb::Namespaces::set_cgroup},
      {"ipc", &pb::Namespaces::set_ipc},
      {"mnt", &pb::Namespaces::set_mnt},
      {"net", &pb::Namespaces::set_net},
      {"pid", &pb::Namespaces::set_pid},
      {"user", &pb::Namespaces::set_user},
      {"uts", &pb::Namespaces::set_uts},
  }};
  const auto folder = reading->folder.view().OpenDirectory("ns");
  if (!folder.ok()) return reading->Refused("namespaces", folder.status());
  absl::Status refused;
  for (const auto& [name, set] : kNamespaces) {
    const auto link = (*folder)->ReadLink(name);
    if (link.ok()) {
      (reading->record().mutable_namespaces()->*set)(NamespaceInode(*link));
    } else if (refused.ok() || absl::IsNotFound(refused)) {
      refused = link.status();
    }
  }
  if (!refused.ok()) reading->Refused("namespaces", refused);
}

void ProcessReader::FillCgroup(Reading* reading) const {
  const absl::StatusOr<CgroupTable> table = reading->folder.ReadCgroup();
  if (!table.ok()) return reading->Refused("cgroup", table.status());
  const std::string path = MainCgroupPath(*table);
  const CgroupNames names = ParseCgroupNames(path);
  pb::Process& record = reading->record();
  record.set_cgroup_path(ToRecordText(path));
  record.set_container_id(names.container_id);
  record.set_pod_uid(names.pod_uid);
  record.set_systemd_unit(names.systemd_unit);
}

void ProcessReader::FillOpenFiles(Reading* reading) const {
  if (is_procfs_) {
    // Since Linux 6.2 the size of the directory is the number of its entries.
    const absl::StatusOr<FileInfo> info = reading->folder.view().Stat("fd");
    if (info.ok() && info->size_bytes > 0) {
      reading->record().set_fds(static_cast<uint32_t>(info->size_bytes));
      return;
    }
  }
  const auto entries = reading->folder.view().List("fd");
  if (!entries.ok()) return reading->Refused("fds", entries.status());
  reading->record().set_fds(static_cast<uint32_t>(entries->size()));
}

absl::Status ProcessReader::FillExecutable(Reading* reading) {
  const absl::StatusOr<std::string> link = reading->folder.ReadLink("exe");
  if (!link.ok()) {
    reading->Refused("exe", link.status());
    return absl::OkStatus();
  }
  pb::Process& record = reading->record();
  const absl::StatusOr<FileInfo> info = reading->folder.StatExecutable();
  absl::string_view exe = *link;
  // A file may have that in its name.
  const bool named_so = info.ok() && IsHostFile(*link, *info);
  record.set_exe_deleted(!named_so && absl::ConsumeSuffix(&exe, kDeleted));
  record.set_exe(ToRecordText(exe));
  // A deleted file has left its path; what was there is told by where the process lives.
  reading->known->host_executable =
      named_so || (record.exe_deleted() && record.container_id().empty() && record.root().empty() &&
                   record.namespaces().mnt() == host_mount_namespace_);
  if (!info.ok()) {
    reading->Refused("executable", info.status());
    return absl::OkStatus();
  }
  const absl::Status status = hasher_.Fill(*files_, absl::StrCat("/proc/", reading->pid, "/exe"), *info, reading->stop,
                                           record.mutable_executable());
  if (absl::IsNotFound(status)) reading->missing = true;
  return absl::IsCancelled(status) ? status : absl::OkStatus();
}

bool ProcessReader::IsHostFile(const std::string& path, const FileInfo& info) {
  // Many processes run few programs.
  const auto [file, is_new] = host_files_.try_emplace(path);
  if (is_new) {
    const absl::StatusOr<FileInfo> on_host = files_->Stat(path);
    if (on_host.ok()) file->second = {on_host->device, on_host->inode};
  }
  return file->second == std::pair(info.device, info.inode);
}

void ProcessReader::FillNames(Reading* reading) {
  pb::Process& record = reading->record();
  const uint64_t mount_namespace = record.namespaces().mnt();
  const bool on_host = mount_namespace == host_mount_namespace_ && record.root().empty();
  // Where the namespace is not shown, a process outside containers has most likely the host's.
  const bool assumed = mount_namespace == 0 && record.container_id().empty();
  const AccountNames* names = nullptr;
  if (on_host || assumed) {
    names = &names_.Host(*files_);
  } else if (const auto own = names_.OfProcess(*files_, reading->pid, mount_namespace, record.root()); own.ok()) {
    names = *own;
  } else if (record.user().empty() && reading->known->seen_run == 0) {
    reading->Refused("user", own.status());
  }
  if (names == nullptr) return;
  record.set_user(ToRecordText(names->User(record.uid())));
  record.set_group(ToRecordText(names->Group(record.gid())));
  record.set_effective_user(record.euid() == record.uid() ? "" : ToRecordText(names->User(record.euid())));
  record.set_effective_group(record.egid() == record.gid() ? "" : ToRecordText(names->Group(record.egid())));
}

}  // namespace rollcall
