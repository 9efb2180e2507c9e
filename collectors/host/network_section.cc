#include <sys/sysmacros.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "collectors/container_end.h"
#include "collectors/filesystems.h"
#include "collectors/host/network_parser.h"
#include "collectors/host/sections.h"
#include "collectors/text.h"
#include "platform/mount_info.h"

namespace rollcall {
namespace {

constexpr int kMaxInterfaces = 1'000;
constexpr absl::string_view kNullMac = "00:00:00:00:00:00";

using Addresses = std::map<std::string, std::vector<std::string>>;

void AddAll(Addresses&& from, Addresses* to) {
  for (auto& [name, list] : from) {
    std::vector<std::string>& all = (*to)[name];
    std::move(list.begin(), list.end(), std::back_inserter(all));
  }
}

Addresses ReadAddresses(HostReader& reader) {
  constexpr absl::string_view kNet = "/proc/1/net";  // /proc/net would be the reader's own
  Addresses addresses = AssignIpv4(ParseLocalIpv4(reader.Text(absl::StrCat(kNet, "/fib_trie"))),
                                   ParseIpv4Routes(reader.Text(absl::StrCat(kNet, "/route"))));
  AddAll(ParseIfInet6(reader.Text(absl::StrCat(kNet, "/if_inet6"))), &addresses);
  return addresses;
}

void FillInterface(HostReader& reader, const std::string& name, const std::string& directory, Addresses& addresses,
                   pb::NetworkInterface* interface) {
  interface->set_name(ToRecordText(name));
  const std::string mac = reader.Line(directory + "/address");
  if (mac != kNullMac) interface->set_mac(mac);
  std::vector<std::string>& list = addresses[name];
  std::sort(list.begin(), list.end());
  for (std::string& address : list) interface->add_addresses(std::move(address));
  uint32_t mtu = 0;
  if (absl::SimpleAtoi(reader.Line(directory + "/mtu"), &mtu)) interface->set_mtu(mtu);
  for (std::string& flag : InterfaceFlagNames(reader.Line(directory + "/flags"))) interface->add_flags(std::move(flag));
  interface->set_state(reader.Line(directory + "/operstate"));
}

}  // namespace

void FillNetwork(HostReader& reader, pb::Host* host) {
  Addresses addresses = ReadAddresses(reader);
  for (const std::string& name : reader.Names("/sys/class/net")) {
    const std::string directory = absl::StrCat("/sys/class/net/", name);
    // `bonding_masters` and the like are files.
    const absl::StatusOr<FileInfo> info = reader.files().Stat(directory);
    if (!info.ok() || info->type != FileInfo::Type::kDirectory || IsContainerEnd(reader.files(), name)) continue;
    if (host->interfaces_size() >= kMaxInterfaces) break;
    FillInterface(reader, name, directory, addresses, host->add_interfaces());
  }
}

void FillFilesystems(HostReader& reader, pb::Host* host) {
  constexpr absl::string_view kPath = "/proc/1/mountinfo";
  const MountTable table = ParseMountInfo(reader.Text(kPath));
  for (const absl::Status& problem : table.problems) reader.Degrade(kPath, problem);
  std::set<std::string> local_points;
  for (const Mount& mount : LocalFilesystems(table.mounts)) local_points.insert(mount.mount_point);
  for (const Mount& mount : HostFilesystems(table.mounts)) {
    pb::Filesystem& filesystem = *host->add_filesystems();
    filesystem.set_device(ToRecordText(mount.source));
    filesystem.set_fs_type(ToRecordText(mount.fs_type));
    filesystem.set_mount_path(ToRecordText(mount.mount_point));
    filesystem.set_options(ToRecordText(mount.options));
    if (local_points.count(mount.mount_point) == 0) continue;
    // The path may lead elsewhere in a fixture or a container without mount propagation: only
    // the size of the very device that pid 1 has there is that filesystem's.
    const absl::StatusOr<FilesystemSpace> space = reader.files().StatFilesystem(mount.mount_point);
    if (space.ok() && space->device == makedev(mount.device_major, mount.device_minor)) {
      filesystem.set_size_bytes(space->total_bytes);
    }
  }
}

}  // namespace rollcall
