// What is read of a process seldom.
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/processes/cgroup_names.h"
#include "collectors/processes/process_reader.h"
#include "collectors/processes/process_reading.h"
#include "collectors/text.h"
#include "platform/proc_text.h"

namespace rollcall {
namespace {

constexpr absl::string_view kDeleted = " (deleted)";

}  // namespace

uint64_t NamespaceInode(absl::string_view link) {
  uint64_t inode = 0;
  const size_t open = link.find('[');
  if (open == absl::string_view::npos || !absl::EndsWith(link, "]")) return 0;
  link = link.substr(open + 1, link.size() - open - 2);
  return absl::SimpleAtoi(link, &inode) ? inode : 0;
}

absl::Status ProcessReader::FillDetails(Reading* reading) {
  FillDirectories(reading);
  FillNamespaces(reading);
  FillCgroup(reading);
  FillOpenFiles(reading);
  const pb::Process& record = reading->record;
  KnownProcess& known = *reading->known;
  known.mount_namespace = record.namespaces().mnt();
  known.root = record.root();
  // Where the namespace is not shown, a process outside containers has most likely the host's.
  known.host_names = (known.mount_namespace == host_mount_namespace_ && known.root.empty()) ||
                     (known.mount_namespace == 0 && record.container_id().empty());
  return FillExecutable(reading);
}

void ProcessReader::FillDirectories(Reading* reading) {
  pb::Process& record = reading->record;
  if (const auto cwd = reading->folder->ReadLink("cwd"); cwd.ok()) {
    record.set_cwd(ToRecordText(*cwd));
  } else {
    reading->Refused("cwd", cwd.status());
  }
  if (const auto root = reading->folder->ReadLink("root"); !root.ok()) {
    reading->Refused("root", root.status());
  } else if (*root != "/") {
    record.set_root(ToRecordText(*root));
  }
}

void ProcessReader::FillNamespaces(Reading* reading) {
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
  const auto folder = reading->folder->view().OpenDirectory("ns");
  if (!folder.ok()) return reading->Refused("namespaces", folder.status());
  absl::Status refused;
  for (const auto& [name, set] : kNamespaces) {
    const auto link = (*folder)->ReadLink(name);
    if (link.ok()) {
      (reading->record.mutable_namespaces()->*set)(NamespaceInode(*link));
    } else if (refused.ok() || absl::IsNotFound(refused)) {
      refused = link.status();
    }
  }
  if (!refused.ok()) reading->Refused("namespaces", refused);
}

void ProcessReader::FillCgroup(Reading* reading) {
  const absl::StatusOr<CgroupTable> table = reading->folder->ReadCgroup();
  if (!table.ok()) return reading->Refused("cgroup", table.status());
  const std::string path = MainCgroupPath(*table);
  const CgroupNames names = ParseCgroupNames(path);
  pb::Process& record = reading->record;
  record.set_cgroup_path(ToRecordText(path));
  record.set_container_id(names.container_id);
  record.set_pod_uid(names.pod_uid);
  record.set_systemd_unit(names.systemd_unit);
}

void ProcessReader::FillOpenFiles(Reading* reading) const {
  if (is_procfs_) {
    // Since Linux 6.2 the size of the directory is the number of its entries.
    const absl::StatusOr<FileInfo> info = reading->folder->view().Stat("fd");
    if (info.ok() && info->size_bytes > 0) {
      reading->record.set_fds(static_cast<uint32_t>(info->size_bytes));
      return;
    }
  }
  const auto entries = reading->folder->view().List("fd");
  if (!entries.ok()) return reading->Refused("fds", entries.status());
  reading->record.set_fds(static_cast<uint32_t>(entries->size()));
}

absl::Status ProcessReader::FillExecutable(Reading* reading) {
  const absl::StatusOr<std::string> link = reading->folder->ReadLink("exe");
  if (!link.ok()) {
    reading->Refused("exe", link.status());
    return absl::OkStatus();
  }
  pb::Process& record = reading->record;
  const absl::StatusOr<FileInfo> info = reading->folder->StatExecutable();
  absl::string_view exe = *link;
  // A file may have that in its name.
  const bool named_so = info.ok() && IsHostFile(*link, *info);
  record.set_exe_deleted(!named_so && absl::ConsumeSuffix(&exe, kDeleted));
  record.set_exe(ToRecordText(exe));
  // A deleted file has left its path; what was there is told by where the process lives.
  const bool of_host = named_so || (record.exe_deleted() && record.container_id().empty() && record.root().empty() &&
                                    record.namespaces().mnt() == host_mount_namespace_);
  if (of_host) reading->known->host_executable = record.exe();
  if (!info.ok()) {
    reading->Refused("executable", info.status());
    return absl::OkStatus();
  }
  const absl::Status status = hasher_.Fill(*files_, absl::StrCat("/proc/", reading->pid, "/exe"), *info, reading->stop,
                                           record.mutable_executable());
  if (absl::IsNotFound(status)) reading->missing = true;
  if (record.executable().hash_skipped() == ExecutableHasher::kPending) reading->try_again = true;
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

}  // namespace rollcall
