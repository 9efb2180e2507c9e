#include "collectors/services/path_trust.h"

#include <utility>

#include "absl/status/statusor.h"

namespace rollcall {
namespace {

constexpr uint32_t kGroupMayWrite = 0020;
constexpr uint32_t kAllMayWrite = 0002;
constexpr uint32_t kSticky = 01000;

}  // namespace

PathTrust::PathTrust(const FileTree& files) : files_(files) {
  absl::StatusOr<FileInfo> root = files.Stat("/");
  if (root.ok()) root_ = *std::move(root);
}

void PathTrust::AddWritable(const std::string& path, std::set<std::string>* writable) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (IsWritable(part)) writable->insert(part);
    if (end == std::string::npos) return;
  }
}

bool PathTrust::IsWritable(const std::string& path) {
  const auto [known, is_new] = known_.emplace(path, false);
  if (!is_new) return known->second;
  const absl::StatusOr<FileInfo> info = files_.Stat(path);
  if (!info.ok() || !root_) return false;
  const bool directory = info->type == FileInfo::Type::kDirectory;
  // A masked unit leads to /dev/null, which all may write.
  if (!directory && info->type != FileInfo::Type::kRegular) return false;
  const bool sticky = directory && (info->mode & kSticky) != 0;
  const bool by_group = (info->mode & kGroupMayWrite) != 0 && info->gid != root_->gid;
  const bool by_all = (info->mode & kAllMayWrite) != 0;
  known->second = info->uid != root_->uid || (!sticky && (by_group || by_all));
  return known->second;
}

}  // namespace rollcall
