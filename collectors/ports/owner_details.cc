#include "collectors/ports/owner_details.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collectors/text.h"
#include "google/protobuf/util/time_util.h"
#include "platform/container_cgroup.h"
#include "proto/record_identity.h"

namespace rollcall {
namespace {

// Boot time moves with the wall clock. A clock that is being adjusted must not make every
// port a changed one.
constexpr absl::Duration kBootTimeTolerance = absl::Minutes(1);

// The same as in the `process` record of that process.
std::string ProcessKey(const ProcessEntry& process, const std::string& boot_id) {
  pb::Record record;
  record.mutable_process()->set_pid(process.pid);
  record.mutable_process()->set_start_ticks(process.start_ticks);
  record.mutable_process()->set_boot_id(boot_id);
  record.mutable_scope()->set_type(pb::Scope::HOST);
  const absl::StatusOr<AssetKey> key = AssetKeyOf(record);
  if (!key.ok()) return "";
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(key->data()), key->size()));
}

}  // namespace

void OwnerDetails::BeginRun() {
  names_.clear();
  std::string boot_id = procfs_.ReadBootId().value_or("");
  const absl::StatusOr<absl::Time> boot_time = procfs_.ReadBootTime();
  if (!boot_time.ok()) {
    boot_time_.reset();
  } else if (!boot_time_.has_value() || boot_id != boot_id_ ||
             absl::AbsDuration(*boot_time - *boot_time_) > kBootTimeTolerance) {
    boot_time_ = *boot_time;
  }
  boot_id_ = std::move(boot_id);
}

pb::PortOwner OwnerDetails::Describe(const ProcessEntry& entry) {
  pb::PortOwner owner;
  owner.set_pid(entry.pid);
  owner.set_name(ToRecordText(entry.name));
  if (!boot_id_.empty()) owner.set_process_key(ProcessKey(entry, boot_id_));
  if (boot_time_.has_value()) {
    *owner.mutable_start_time() = google::protobuf::util::TimeUtil::NanosecondsToTimestamp(
        absl::ToUnixNanos(StartTime(*boot_time_, entry.start_ticks)));
  }
  const absl::StatusOr<ProcessDirectory> process = procfs_.OpenProcess(entry.pid);
  if (!process.ok()) return owner;
  const absl::StatusOr<std::string> exe = process->ReadLink("exe");
  if (exe.ok()) owner.set_exe(ToRecordText(absl::StripSuffix(*exe, " (deleted)")));
  const absl::StatusOr<ProcStatus> status = process->ReadStatus();
  if (status.ok()) {
    owner.set_uid(status->uid.effective);
    owner.set_user(UserName(*process, entry.pid, status->uid.effective));
  }
  const absl::StatusOr<CgroupTable> cgroup = process->ReadCgroup();
  if (cgroup.ok()) owner.set_container_id(ToRecordText(ContainerIdInCgroup(MainCgroupPath(*cgroup))));
  return owner;
}

// Processes with one mount namespace and root directory see one passwd file.
std::string OwnerDetails::UserName(const ProcessDirectory& process, uint32_t pid, uint32_t uid) {
  const std::string root = process.ReadLink("root").value_or("");
  const auto [names, is_new] = names_.try_emplace({process.ReadNamespace("mnt").value_or(0), root});
  if (is_new) {
    const auto tree = files_.Subtree(absl::StrCat("/proc/", pid, "/root"));
    if (tree.ok()) names->second = AccountNames::Load(**tree);
  }
  return ToRecordText(names->second.User(uid));
}

}  // namespace rollcall
