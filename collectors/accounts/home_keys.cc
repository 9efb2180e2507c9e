#include "collectors/accounts/home_keys.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "absl/strings/match.h"
#include "platform/mount_info.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr auto kRemoteTypes = std::to_array<absl::string_view>({
    "9p",        "afs",        "autofs",         "beegfs",         "ceph",
    "cifs",      "coda",       "fuse.ceph-fuse", "fuse.glusterfs", "fuse.rclone",
    "fuse.s3fs", "fuse.sshfs", "gfs2",           "gpfs",           "lustre",
    "ncpfs",     "nfs",        "nfs4",           "ocfs2",          "orangefs",
    "smb3",      "smbfs",
});

bool IsRemote(absl::string_view type) {
  return std::find(kRemoteTypes.begin(), kRemoteTypes.end(), type) != kRemoteTypes.end();
}

}  // namespace

RemoteMounts::RemoteMounts(absl::string_view mount_info) {
  for (Mount& mount : ParseMountInfo(mount_info).mounts) {
    if (!IsRemote(mount.fs_type)) mount.fs_type.clear();
    points_.insert_or_assign(std::move(mount.mount_point), std::move(mount.fs_type));
  }
}

absl::string_view RemoteMounts::TypeOf(absl::string_view path) const {
  while (!path.empty()) {
    const auto point = points_.find(path);
    if (point != points_.end()) return point->second;
    path = path.substr(0, path.rfind('/'));
  }
  return "";
}

absl::StatusOr<const KeyFile*> HomeKeys::Read(const FileTree& files, const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(const FileInfo info, files.Stat(path));
  const auto found = known_.find(path);
  if (found != known_.end() && found->second.info == info) {
    found->second.used = true;
    return &found->second.keys;
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text, files.ReadFile(path, kMaxFileBytes));
  Known& known = known_[path];
  known = {.info = info, .keys = ParseAuthorizedKeys(text, kMaxKeysPerAccount), .used = true};
  return &known.keys;
}

void HomeKeys::EndRun() {
  for (auto it = known_.begin(); it != known_.end();) {
    it = it->second.used ? std::next(it) : known_.erase(it);
  }
  for (auto& [path, known] : known_) known.used = false;
}

}  // namespace rollcall
