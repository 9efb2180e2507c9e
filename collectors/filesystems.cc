#include "collectors/filesystems.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"

namespace rollcall {
namespace {

constexpr absl::string_view kPseudoTypes[] = {
    "autofs", "binder",   "binfmt_misc", "bpf",        "cgroup",          "cgroup2",     "configfs",  "debugfs",
    "devpts", "devtmpfs", "efivarfs",    "fusectl",    "hugetlbfs",       "mqueue",      "nsfs",      "nfsd",
    "proc",   "pstore",   "ramfs",       "rootfs",     "rpc_pipefs",      "securityfs",  "selinuxfs", "squashfs",
    "sysfs",  "tmpfs",    "tracefs",     "fuse.lxcfs", "fuse.gvfsd-fuse", "fuse.portal", "resctrl"};

constexpr absl::string_view kLocalTypes[] = {"bcachefs", "btrfs",    "ecryptfs", "erofs", "exfat",  "ext2",
                                             "ext3",     "ext4",     "f2fs",     "jfs",   "nilfs2", "ntfs3",
                                             "overlay",  "reiserfs", "vfat",     "xfs",   "zfs"};

// What container runtimes, kubelet, snapd and sessions mount for as long as they need it.
constexpr absl::string_view kPassingPlaces[] = {"/var/lib/docker/",
                                                "/var/lib/containerd/",
                                                "/var/lib/containers/",
                                                "/run/containerd/",
                                                "/var/lib/kubelet/pods/",
                                                "/var/lib/kubelet/plugins/",
                                                "/run/user/",
                                                "/run/docker/",
                                                "/snap/",
                                                "/var/lib/snapd/",
                                                "/var/snap/",
                                                "/run/netns/",
                                                "/run/credentials/"};

template <size_t N>
bool Contains(const absl::string_view (&list)[N], absl::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

bool IsPassing(absl::string_view mount_point) {
  return std::any_of(std::begin(kPassingPlaces), std::end(kPassingPlaces),
                     [mount_point](absl::string_view place) { return absl::StartsWith(mount_point, place); });
}

bool HoldsData(const Mount& mount) {
  if (Contains(kPseudoTypes, mount.fs_type) || IsPassing(mount.mount_point)) return false;
  // A container's layers, unless the host itself runs on them.
  return mount.fs_type != "overlay" || mount.mount_point == "/";
}

}  // namespace

std::vector<Mount> HostFilesystems(const std::vector<Mount>& mounts) {
  std::map<absl::string_view, size_t> last_on_point;
  for (size_t i = 0; i < mounts.size(); ++i) last_on_point[mounts[i].mount_point] = i;
  std::vector<Mount> candidates;
  for (size_t i = 0; i < mounts.size(); ++i) {
    if (last_on_point[mounts[i].mount_point] == i && HoldsData(mounts[i])) candidates.push_back(mounts[i]);
  }
  // The whole of a filesystem before parts of it, and otherwise the first: that is the mount,
  // the others are bind mounts of it.
  std::stable_partition(candidates.begin(), candidates.end(), [](const Mount& mount) { return mount.root == "/"; });
  std::vector<Mount> kept;
  std::set<std::pair<uint32_t, uint32_t>> devices;
  std::set<std::tuple<uint32_t, uint32_t, std::string>> subvolumes;
  for (Mount& mount : candidates) {
    const bool new_device = devices.emplace(mount.device_major, mount.device_minor).second;
    const bool new_root = subvolumes.emplace(mount.device_major, mount.device_minor, mount.root).second;
    const bool keep = mount.fs_type == "btrfs" ? new_root : new_device;
    if (keep && kept.size() < kMaxFilesystems) kept.push_back(std::move(mount));
  }
  std::sort(kept.begin(), kept.end(), [](const Mount& a, const Mount& b) { return a.mount_point < b.mount_point; });
  return kept;
}

bool IsLocalFilesystem(absl::string_view fs_type) { return Contains(kLocalTypes, fs_type); }

bool MayWaitForServer(absl::string_view fs_type) {
  return fs_type == "autofs" || (!IsLocalFilesystem(fs_type) && !Contains(kPseudoTypes, fs_type));
}

std::vector<Mount> LocalFilesystems(const std::vector<Mount>& mounts) {
  std::vector<std::string> remote;  // mount points, each with a final slash
  for (const Mount& mount : mounts) {
    if (MayWaitForServer(mount.fs_type) && mount.mount_point != "/") remote.push_back(mount.mount_point + "/");
  }
  std::vector<Mount> local = HostFilesystems(mounts);
  local.erase(std::remove_if(local.begin(), local.end(),
                             [&remote](const Mount& mount) {
                               return !IsLocalFilesystem(mount.fs_type) ||
                                      std::any_of(remote.begin(), remote.end(), [&mount](const std::string& point) {
                                        return absl::StartsWith(mount.mount_point, point);
                                      });
                             }),
              local.end());
  return local;
}

}  // namespace rollcall
