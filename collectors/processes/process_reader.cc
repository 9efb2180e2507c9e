#include "collectors/processes/process_reader.h"

#include <unistd.h>

#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/processes/capability_names.h"
#include "collectors/processes/process_reading.h"
#include "collectors/processes/terminal_name.h"
#include "collectors/text.h"
#include "platform/proc_stat.h"
#include "platform/proc_status.h"
#include "platform/proc_text.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kMaxStatBytes = 4096;
constexpr size_t kMaxStatusBytes = size_t{1} << 20;
constexpr size_t kMaxCapabilityBytes = 64;
// The wall clock may be set; then all start times move. Less than this is left alone, or a
// host that adjusts its clock would report every process as changed.
constexpr absl::Duration kBootTimeTolerance = absl::Minutes(1);

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

absl::Status ReadStat(const DirectoryView& view, absl::string_view name, std::string* text) {
  bool truncated = false;
  if (absl::Status status = view.Read(name, kMaxStatBytes, text, &truncated); !status.ok()) return status;
  return text->empty() ? absl::NotFoundError("read stat: process ended") : absl::OkStatus();
}

size_t HashOf(const std::string& text) { return std::hash<std::string>()(text); }

void SetCapabilities(uint64_t set, uint64_t full, google::protobuf::RepeatedPtrField<std::string>* names) {
  const std::vector<std::string> list = CapabilityNames(set, full);
  names->Assign(list.begin(), list.end());
}

}  // namespace

ProcessReader::ProcessReader(const CollectorContext& context)
    : files_(context.files),
      clock_(context.clock),
      procfs_(context.files),
      hasher_(context.clock),
      page_bytes_(static_cast<uint64_t>(::sysconf(_SC_PAGESIZE))) {}

absl::Status ProcessReader::BeginRun() {
  ++run_;
  reported_unreadable_ = 0;
  hasher_.BeginRun();
  host_files_.clear();
  names_.DropUnused(/*runs=*/1);
  names_.BeginRun();
  absl::StatusOr<std::string> boot_id = procfs_.ReadBootId();
  if (!boot_id.ok()) return boot_id.status();
  const absl::StatusOr<absl::Time> boot_time = procfs_.ReadBootTime();
  if (!boot_time.ok()) return boot_time.status();
  if (*boot_id != boot_id_ || absl::AbsDuration(*boot_time - boot_time_) > kBootTimeTolerance) boot_time_ = *boot_time;
  if (*boot_id != boot_id_) first_run_of_boot_ = run_;
  boot_id_ = *std::move(boot_id);
  const auto last_capability = files_->ReadFile("/proc/sys/kernel/cap_last_cap", kMaxCapabilityBytes);
  full_capabilities_ = last_capability.ok() ? FullCapabilitySet(*last_capability) : 0;
  absl::StatusOr<std::unique_ptr<DirectoryView>> view = files_->OpenDirectory("/proc");
  if (!view.ok()) return view.status();
  proc_ = *std::move(view);
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
  Reading reading = {.pid = pid, .known = known, .report = report, .stop = stop, .record = record_, .text = text_};
  absl::StatusOr<Outcome> outcome = ReadAny(&reading);
  if (absl::IsNotFound(outcome.status())) outcome = Outcome::kGone;
  if (outcome.ok() && *outcome == Outcome::kKernelThread) {
    *known = {.seen_run = run_, .kernel_thread = true};
  } else if (!outcome.ok() || *outcome != Outcome::kProcess) {
    known->seen_run = 0;  // what was read of it may be half of it
  }
  return outcome;
}

absl::StatusOr<ProcessReader::Outcome> ProcessReader::ReadAny(Reading* reading) {
  if (reading->known->kernel_thread) {
    if (absl::Status status = ReadStat(*proc_, absl::StrCat(reading->pid, "/stat"), &text_); !status.ok())
      return status;
    const absl::StatusOr<ProcStat> stat = ParseProcStat(text_);
    if (stat.ok() && stat->is_kernel_thread()) return Outcome::kKernelThread;
    *reading->known = KnownProcess();
  }
  const Depth due = DueDepth(reading->pid, *reading->known);
  if (due == Depth::kStat) {
    if (absl::Status status = ReadStat(*proc_, absl::StrCat(reading->pid, "/stat"), &text_); !status.ok())
      return status;
    if (HashOf(text_) == reading->known->stat_hash) {
      if (absl::Status status = FillNames(reading); !status.ok()) return status;
      return Finish(reading);
    }
  }
  const absl::StatusOr<ProcessDirectory> folder = procfs_.OpenProcess(reading->pid);
  if (!folder.ok()) return folder.status();
  reading->folder = &*folder;
  const absl::StatusOr<Outcome> outcome = ReadFolder(due, reading);
  if (outcome.ok() && reading->missing) {
    // Zombies have no files, and old kernels not all of them; one more look tells them from a
    // process that ended while it was read.
    const absl::StatusOr<ProcStat> again = folder->ReadStat();
    if (!again.ok() || again->start_ticks != reading->known->stat.start_ticks) return Outcome::kGone;
  }
  return outcome;
}

ProcessReader::Depth ProcessReader::DueDepth(uint32_t pid, const KnownProcess& known) const {
  const bool same_boot = known.seen_run != 0 && known.seen_run >= first_run_of_boot_;
  if (!same_boot || !known.settled || !known.image.shown()) return Depth::kFull;
  // By pid, so that not all have their turn in one run.
  if ((run_ + pid) % kFullPeriod == 0) return Depth::kFull;
  return (run_ + pid) % kStatusPeriod == 0 ? Depth::kStatus : Depth::kStat;
}

absl::StatusOr<ProcessReader::Outcome> ProcessReader::ReadFolder(Depth due, Reading* reading) {
  if (absl::Status status = ReadStat(reading->folder->view(), "stat", &text_); !status.ok()) return status;
  absl::StatusOr<ProcStat> stat = ParseProcStat(text_);
  if (!stat.ok()) return stat.status();
  if (stat->is_kernel_thread()) return Outcome::kKernelThread;
  KnownProcess& known = *reading->known;
  const ImageMarker image = ParseImageMarker(text_);
  const bool ended = FoldState(stat->state) == "Z" && FoldState(known.stat.state) != "Z";
  const bool same_image = stat->start_ticks == known.stat.start_ticks && image.shown() && image == known.image;
  const Depth depth = same_image && !ended && due != Depth::kFull ? Depth::kStatus : Depth::kFull;
  if (depth == Depth::kFull) {
    known = KnownProcess();
    known.settled = clock_->Now() - StartTime(boot_time_, stat->start_ticks) >= kSettleTime;
  }
  known.stat = *std::move(stat);
  known.stat_hash = HashOf(text_);
  known.image = image;
  if (absl::Status status = FillAll(depth, reading); !status.ok()) return status;
  return Finish(reading);
}

absl::StatusOr<ProcessReader::Outcome> ProcessReader::Finish(Reading* reading) {
  KnownProcess& known = *reading->known;
  if (reading->opened) {
    reading->record.SerializeToString(&text_);
    // Not assigned: that may leave room in the string for twice as much.
    if (text_ != known.rest) known.rest = std::string(text_);
  }
  if (reading->try_again) known.settled = false;
  known.seen_run = run_;
  ReportUnreadable(*reading);
  return Outcome::kProcess;
}

absl::Status ProcessReader::FillAll(Depth depth, Reading* reading) {
  if (absl::Status status = reading->Open(); !status.ok()) return status;
  if (absl::Status status = FillFromStatus(reading); !status.ok()) return status;
  if (absl::Status status = FillCommandLine(reading); !status.ok()) return status;
  if (depth == Depth::kFull) {
    if (absl::Status status = FillDetails(reading); !status.ok()) return status;
  }
  return FillNames(reading);
}

// In every run, also of what was not tried again, but once for all processes.
void ProcessReader::ReportUnreadable(const Reading& reading) {
  for (size_t i = 0; i < kUnreadableFields.size(); ++i) {
    const unsigned bit = 1U << i;
    if ((reading.known->unreadable & ~reported_unreadable_ & bit) == 0) continue;
    reported_unreadable_ = static_cast<uint16_t>(reported_unreadable_ | bit);
    const std::string message = absl::StrCat("read ", kUnreadableFields[i], " of some processes");
    reading.report.AddDegradation("/proc", absl::PermissionDeniedError(message),
                                  "grant CAP_SYS_PTRACE to see other users' processes completely");
  }
}

absl::Status ProcessReader::MakeRecord(uint32_t pid, const KnownProcess& known, pb::Process* record) const {
  if (!record->ParseFromString(known.rest)) return absl::InternalError("parse a remembered process");
  const ProcStat& stat = known.stat;
  record->set_pid(pid);
  record->set_start_ticks(stat.start_ticks);
  record->set_boot_id(boot_id_);
  record->set_ppid(stat.ppid);
  record->set_name(ToRecordText(stat.comm));
  record->set_state(std::string(FoldState(stat.state)));
  *record->mutable_start_time() = ToWire(StartTime(boot_time_, stat.start_ticks));
  record->set_session(stat.session);
  record->set_tty(TerminalName(stat.tty));
  record->set_rss_bytes(stat.resident_pages * page_bytes_);
  *record->mutable_cpu_time() = ToWire(TicksToDuration(stat.user_ticks) + TicksToDuration(stat.system_ticks));
  record->set_threads(stat.threads);
  return absl::OkStatus();
}

absl::Status ProcessReader::FillFromStatus(Reading* reading) const {
  bool truncated = false;
  if (absl::Status status = reading->ReadText("status", kMaxStatusBytes, &truncated); !status.ok()) return status;
  if (reading->text.empty()) return absl::NotFoundError("read status: process ended");
  const absl::StatusOr<ProcStatus> status = ParseProcStatus(reading->text);
  if (!status.ok()) return status.status();
  pb::Process& record = reading->record;
  record.set_uid(status->uid.real);
  record.set_euid(status->uid.effective);
  record.set_gid(status->gid.real);
  record.set_egid(status->gid.effective);
  record.clear_nspid();
  if (status->namespace_pids.size() > 1) {
    record.mutable_nspid()->Assign(status->namespace_pids.begin(), status->namespace_pids.end());
  }
  SetCapabilities(status->capabilities_effective, full_capabilities_, record.mutable_capabilities_effective());
  SetCapabilities(status->capabilities_bounding, full_capabilities_, record.mutable_capabilities_bounding());
  if (status->seccomp) record.set_seccomp_mode(*status->seccomp);
  if (status->no_new_privs) record.set_no_new_privs(*status->no_new_privs);
  return absl::OkStatus();
}

absl::Status ProcessReader::FillCommandLine(Reading* reading) {
  bool truncated = false;
  const absl::Status status = reading->ReadText("cmdline", kMaxCommandLineBytes, &truncated);
  if (absl::IsNotFound(status)) return status;
  if (!status.ok()) {
    reading->Refused("argv", status);
    return absl::OkStatus();
  }
  pb::Process& record = reading->record;
  record.set_argv_truncated(truncated);
  record.clear_argv();
  for (const std::string& argument : ParseCommandLine(reading->text)) record.add_argv(ToRecordText(argument));
  return absl::OkStatus();
}

absl::Status ProcessReader::FillNames(Reading* reading) {
  KnownProcess& known = *reading->known;
  const NameTable* table = NamesFor(reading);
  if (table == nullptr || (!reading->opened && table->version == known.names_version)) return absl::OkStatus();
  if (absl::Status status = reading->Open(); !status.ok()) return status;
  const AccountNames& names = table->names;
  pb::Process& record = reading->record;
  record.set_user(ToRecordText(names.User(record.uid())));
  record.set_group(ToRecordText(names.Group(record.gid())));
  record.set_effective_user(record.euid() == record.uid() ? "" : ToRecordText(names.User(record.euid())));
  record.set_effective_group(record.egid() == record.gid() ? "" : ToRecordText(names.Group(record.egid())));
  known.names_version = table->version;
  return absl::OkStatus();
}

const NameTable* ProcessReader::NamesFor(Reading* reading) {
  const KnownProcess& known = *reading->known;
  if (known.host_names) return &names_.Host(*files_);
  const auto own = names_.OfProcess(*files_, reading->pid, known.mount_namespace, known.root);
  if (own.ok()) return *own;
  // Later it is no news that there are none, and the names there were stay.
  const bool no_news = known.names_version != 0 || known.seen_run != 0;
  const bool hidden = absl::IsNotFound(own.status()) || absl::IsPermissionDenied(own.status());
  if (!no_news || !hidden) reading->Refused("user", own.status());
  return nullptr;
}

}  // namespace rollcall
