#include "collectors/resources/snapshot_reader.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "collectors/container_end.h"
#include "collectors/filesystems.h"
#include "collectors/text.h"
#include "platform/proc_text.h"

namespace rollcall {
namespace {

constexpr size_t kMaxSmallFileBytes = size_t{64} << 10;
// The lines of a thousand CPUs; what follows them is not needed.
constexpr size_t kMaxStatBytes = size_t{256} << 10;
constexpr size_t kMaxTableBytes = size_t{4} << 20;
constexpr absl::string_view kMountInfo = "/proc/1/mountinfo";

void Report(absl::string_view path, const absl::Status& status, RunReport& report) {
  report.AddProblem(path, status, absl::IsPermissionDenied(status) ? "run as root or with CAP_DAC_READ_SEARCH" : "");
}

// Absent, or switched off as pressure can be.
bool IsAbsent(const absl::Status& status) { return absl::IsNotFound(status) || absl::IsUnimplemented(status); }

void ReportLeftOut(absl::string_view path, absl::string_view what, size_t count, RunReport& report) {
  if (count <= SnapshotReader::kMaxSeries) return;
  report.AddDegradation(path,
                        absl::ResourceExhaustedError(absl::StrCat(
                            "keep ", what, ": of ", count, " there are figures of ", SnapshotReader::kMaxSeries)),
                        "");
}

template <size_t N>
void Keep(const std::vector<Device<N>>& devices, std::map<std::string, Counters<N>>* kept) {
  for (const Device<N>& device : devices) {
    if (kept->size() < SnapshotReader::kMaxSeries) kept->emplace(ToRecordText(device.name), device.counters);
  }
}

// The path may lead elsewhere in a fixture or a container without mount propagation: only the very
// device that pid 1 has there is that filesystem. Subvolumes of btrfs have devices of their own.
bool IsOn(const FilesystemSpace& space, const Mount& mount) {
  return space.device == makedev(mount.device_major, mount.device_minor) ||
         (mount.fs_type == "btrfs" && major(space.device) == 0);
}

FilesystemSample SampleOf(const FilesystemSpace& space) {
  FilesystemSample sample;
  sample.block_bytes = space.block_bytes;
  sample.used_bytes = space.total_bytes - std::min(space.free_bytes, space.total_bytes);
  sample.available_bytes = space.available_bytes;
  sample.inodes_total = space.total_inodes;
  sample.inodes_used = space.total_inodes - std::min(space.free_inodes, space.total_inodes);
  return sample;
}

}  // namespace

template <typename Parse, typename Value>
absl::Status SnapshotReader::ReadInto(absl::string_view path, size_t limit, Parse parse, Value* value,
                                      RunReport& report) {
  bool truncated = false;
  const absl::StatusOr<std::string> text = files_->ReadPrefix(path, limit, &truncated);
  absl::Status status = text.status();
  if (text.ok()) {
    auto parsed = parse(*text);
    if (parsed.ok()) {
      *value = *std::move(parsed);
      return absl::OkStatus();
    }
    status = parsed.status();
  }
  if (!IsAbsent(status)) Report(path, status, report);
  return status;
}

void SnapshotReader::ReadDisks(RunReport& report, HostSnapshot* snapshot) {
  constexpr absl::string_view kPath = "/proc/diskstats";
  const absl::StatusOr<std::string> text = files_->ReadFile(kPath, kMaxTableBytes);
  if (!text.ok()) {
    if (!IsAbsent(text.status())) Report(kPath, text.status(), report);
    return;
  }
  DeviceTable<kDiskCounters> table = ParseDiskStats(*text);
  for (const absl::Status& problem : table.problems) Report(kPath, problem, report);
  const std::vector<Device<kDiskCounters>> disks = DisksInUse(std::move(table.devices));
  ReportLeftOut(kPath, "disks", disks.size(), report);
  Keep(disks, &snapshot->disks);
}

void SnapshotReader::ReadInterfaces(RunReport& report, HostSnapshot* snapshot) {
  constexpr absl::string_view kPath = "/proc/1/net/dev";  // /proc/net would be the reader's own
  const absl::StatusOr<std::string> text = files_->ReadFile(kPath, kMaxTableBytes);
  if (!text.ok()) {
    if (!IsAbsent(text.status())) Report(kPath, text.status(), report);
    return;
  }
  DeviceTable<kInterfaceCounters> table = ParseNetDev(*text);
  for (const absl::Status& problem : table.problems) Report(kPath, problem, report);
  std::map<std::string, bool> container_ends;
  std::vector<Device<kInterfaceCounters>> own;
  for (Device<kInterfaceCounters>& device : table.devices) {
    if (device.counters == Counters<kInterfaceCounters>{}) continue;  // never used
    const auto known = container_ends_.find(device.name);
    const bool container_end = known != container_ends_.end() ? known->second : IsContainerEnd(*files_, device.name);
    container_ends.emplace(device.name, container_end);
    if (!container_end) own.push_back(std::move(device));
  }
  container_ends_ = std::move(container_ends);
  ReportLeftOut(kPath, "interfaces", own.size(), report);
  Keep(own, &snapshot->interfaces);
}

const std::vector<Mount>& SnapshotReader::LocalMounts(RunReport& report) {
  const absl::StatusOr<std::string> text = files_->ReadFile(kMountInfo, kMaxTableBytes);
  if (!text.ok()) {
    if (!IsAbsent(text.status())) Report(kMountInfo, text.status(), report);
    mounts_.clear();
    mount_problems_.clear();
    mounts_hash_ = 0;
    return mounts_;
  }
  const size_t hash = std::hash<std::string>()(*text);
  if (hash != mounts_hash_) {
    MountTable table = ParseMountInfo(*text);
    mounts_ = LocalFilesystems(table.mounts);
    mount_problems_ = std::move(table.problems);
    mounts_hash_ = hash;
  }
  for (const absl::Status& problem : mount_problems_) Report(kMountInfo, problem, report);
  return mounts_;
}

void SnapshotReader::ReadFilesystems(RunReport& report, HostSnapshot* snapshot) {
  const std::vector<Mount>& mounts = LocalMounts(report);
  ReportLeftOut(kMountInfo, "filesystems", mounts.size(), report);
  for (const Mount& mount : mounts) {
    if (snapshot->filesystems.size() >= kMaxSeries) break;
    const absl::StatusOr<FilesystemSpace> space = files_->StatFilesystem(mount.mount_point);
    if (space.ok() && IsOn(*space, mount)) {
      snapshot->filesystems.emplace(ToRecordText(mount.mount_point), SampleOf(*space));
    } else if (!space.ok() && !IsAbsent(space.status())) {
      Report(mount.mount_point, space.status(), report);
    }
  }
}

void SnapshotReader::CountProcesses(RunReport& report, HostSnapshot* snapshot) {
  const absl::StatusOr<std::vector<DirectoryEntry>> entries = files_->List("/proc");
  if (!entries.ok()) {
    if (!IsAbsent(entries.status())) Report("/proc", entries.status(), report);
    return;
  }
  const auto is_pid = [](const DirectoryEntry& entry) {
    return std::all_of(entry.name.begin(), entry.name.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
  };
  snapshot->processes = static_cast<uint64_t>(std::count_if(entries->begin(), entries->end(), is_pid));
}

absl::StatusOr<HostSnapshot> SnapshotReader::Read(RunReport& report) {
  HostSnapshot now;
  now.at = clock_->Now();
  now.monotonic = clock_->Monotonic();
  ReadInto("/proc/sys/kernel/random/boot_id", kMaxSmallFileBytes, ParseBootId, &now.boot_id, report).IgnoreError();
  ReadInto("/proc/uptime", kMaxSmallFileBytes, ParseUptime, &now.uptime, report).IgnoreError();
  const absl::Status cpu = ReadInto("/proc/stat", kMaxStatBytes, ParseCpuTimes, &now.cpu, report);
  const absl::Status load = ReadInto("/proc/loadavg", kMaxSmallFileBytes, ParseLoadAverages, &now.load, report);
  const absl::Status memory = ReadInto("/proc/meminfo", kMaxSmallFileBytes, ParseMemory, &now.memory, report);
  if (!cpu.ok() && !load.ok() && !memory.ok()) {
    if (IsAbsent(cpu) && IsAbsent(load) && IsAbsent(memory)) return absl::UnimplementedError(cpu.message());
    return cpu;
  }
  const auto pressure = [&](absl::string_view resource, std::optional<StallTotals>* totals) {
    ReadInto(absl::StrCat("/proc/pressure/", resource), kMaxSmallFileBytes, ParsePressure, totals, report)
        .IgnoreError();
  };
  pressure("cpu", &now.cpu_stalls);
  pressure("memory", &now.memory_stalls);
  pressure("io", &now.io_stalls);
  ReadDisks(report, &now);
  ReadInterfaces(report, &now);
  ReadFilesystems(report, &now);
  CountProcesses(report, &now);
  return now;
}

}  // namespace rollcall
