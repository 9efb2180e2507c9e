#include "collectors/accounts/home_keys.h"

#include <iterator>

#include "collectors/filesystems.h"
#include "platform/mount_info.h"
#include "platform/status_macros.h"

namespace rollcall {
RemoteMounts::RemoteMounts(absl::string_view mount_info) {
  for (Mount& mount : ParseMountInfo(mount_info).mounts) {
    if (!MayWaitForServer(mount.fs_type)) mount.fs_type.clear();
    points_.insert_or_assign(std::move(mount.mount_point), std::move(mount.fs_type));
  }
}

absl::string_view RemoteMounts::TypeOf(absl::string_view path) const {
  bool nearest = true;
  for (; !path.empty(); path = path.substr(0, path.rfind('/'))) {
    const auto point = points_.find(path);
    if (point == points_.end()) continue;
    // What is mounted below an automounter is reached without it, but not what is below a server's files.
    const bool passes = point->second.empty() || (!nearest && point->second == "autofs");
    if (!passes) return point->second;
    nearest = false;
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
