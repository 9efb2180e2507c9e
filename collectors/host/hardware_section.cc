#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/host/hardware_parser.h"
#include "collectors/host/sections.h"
#include "collectors/text.h"
#include "platform/cloud_facts.h"
#include "platform/mount_info.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

constexpr absl::string_view kDmi = "/sys/class/dmi/id/";
constexpr absl::string_view kDeviceTree = "/proc/device-tree/";

std::string Dmi(HostReader& reader, absl::string_view name) { return CleanDmi(reader.Line(absl::StrCat(kDmi, name))); }

// Device tree text ends in a NUL.
std::string DeviceTree(HostReader& reader, absl::string_view name) {
  const std::string text = reader.Text(absl::StrCat(kDeviceTree, name));
  return CleanDmi(absl::string_view(text).substr(0, text.find('\0')));
}

// Sockets and cores from sysfs, where cpuinfo does not tell (ARM).
void CountTopology(HostReader& reader, CpuInfo* cpu) {
  std::set<std::string> packages;
  std::set<std::pair<std::string, std::string>> cores;
  for (const std::string& name : reader.Names("/sys/devices/system/cpu")) {
    uint32_t number = 0;
    if (!absl::StartsWith(name, "cpu") || !absl::SimpleAtoi(absl::string_view(name).substr(3), &number)) continue;
    const std::string topology = absl::StrCat("/sys/devices/system/cpu/", name, "/topology/");
    const std::string package = reader.Line(topology + "physical_package_id");
    const std::string core = reader.Line(topology + "core_id");
    if (package.empty() || core.empty()) continue;  // offline
    packages.insert(package);
    cores.emplace(package, core);
  }
  cpu->sockets = static_cast<uint32_t>(packages.size());
  cpu->cores = static_cast<uint32_t>(cores.size());
}

// A container's own files, then the firmware, then Xen's, then the CPU's flag.
std::string FindVirtualization(HostReader& reader, const DmiStrings& dmi, const CpuInfo& cpu) {
  std::string container = reader.Line("/run/systemd/container");
  if (!container.empty()) return container;
  if (reader.Exists("/.dockerenv")) return "docker";
  if (reader.Exists("/run/.containerenv")) return "podman";
  std::string firmware = VirtualizationOfDmi(dmi);
  if (!firmware.empty()) return firmware;
  // Xen's first domain is the hypervisor's own, not a guest.
  const bool dom0 = absl::StrContains(reader.Line("/proc/xen/capabilities"), "control_d");
  if (!dom0 && (reader.Line("/sys/hypervisor/type") == "xen" || reader.Exists("/proc/xen"))) return "xen";
  return cpu.hypervisor && !dom0 ? "vm-other" : "";
}

// The id of the root filesystem: from the kernel's command line, else the link in
// /dev/disk/by-uuid to the device that pid 1 has mounted on `/`.
std::string RootFilesystemId(HostReader& reader, const pb::Host& host) {
  for (absl::string_view word : absl::StrSplit(host.kernel().command_line(), ' ')) {
    if (absl::ConsumePrefix(&word, "root=UUID=") || absl::ConsumePrefix(&word, "root=PARTUUID=")) {
      return std::string(word);
    }
  }
  std::string device;
  for (const pb::Filesystem& filesystem : host.filesystems()) {
    if (filesystem.mount_path() == "/") device = filesystem.device().substr(filesystem.device().rfind('/') + 1);
  }
  if (device.empty()) return "";
  for (const std::string& uuid : reader.Names("/dev/disk/by-uuid")) {
    const std::string target = reader.Link(absl::StrCat("/dev/disk/by-uuid/", uuid));
    if (absl::EndsWith(target, "/" + device)) return uuid;
  }
  return "";
}

}  // namespace

void FillHardware(HostReader& reader, pb::Host* host) {
  pb::Hardware& hardware = *host->mutable_hardware();
  hardware.set_vendor(Dmi(reader, "sys_vendor"));
  hardware.set_product(Dmi(reader, "product_name"));
  hardware.set_serial(Dmi(reader, "product_serial"));
  hardware.set_bios_version(Dmi(reader, "bios_version"));
  if (hardware.product().empty()) hardware.set_product(DeviceTree(reader, "model"));
  if (hardware.serial().empty()) hardware.set_serial(DeviceTree(reader, "serial-number"));
  bool read = false;
  CpuInfo cpu = ParseCpuInfo(reader.Text("/proc/cpuinfo", &read));
  if (read && cpu.threads == 0)
    reader.Degrade("/proc/cpuinfo", absl::InvalidArgumentError("parse cpuinfo: no processor"));
  if (cpu.threads > 0 && cpu.sockets == 0) CountTopology(reader, &cpu);
  hardware.set_cpu_model(cpu.model);
  hardware.set_sockets(cpu.sockets);
  hardware.set_cores(cpu.cores);
  hardware.set_threads(cpu.threads);
  hardware.set_memory_bytes(ParseMemoryTotal(reader.Text("/proc/meminfo", &read)));
  if (read && hardware.memory_bytes() == 0) {
    reader.Degrade("/proc/meminfo", absl::InvalidArgumentError("parse meminfo: no MemTotal"));
  }
  const DmiStrings dmi = {hardware.vendor(), hardware.product(), Dmi(reader, "bios_vendor")};
  hardware.set_virtualization(FindVirtualization(reader, dmi, cpu));
}

void FillCloud(HostReader& reader, pb::Host* host) {
  std::vector<absl::Status> problems;
  CloudFacts facts = ReadCloudFacts(reader.files(), &problems);
  for (const absl::Status& problem : problems) reader.Degrade("/run/cloud-init", problem);
  if (facts.provider.empty() && facts.instance_id.empty()) return;
  pb::Cloud& cloud = *host->mutable_cloud();
  cloud.set_provider(ToRecordText(facts.provider));
  cloud.set_instance_id(ToRecordText(facts.instance_id));
  cloud.set_region(ToRecordText(facts.region));
  cloud.set_zone(ToRecordText(facts.zone));
  cloud.set_instance_type(ToRecordText(facts.instance_type));
}

std::string HardwareDigest(HostReader& reader, const pb::Host& host) {
  std::set<std::string> facts;
  const auto add = [&facts](absl::string_view name, const std::string& value) {
    if (!value.empty()) facts.insert(absl::StrCat(name, "=", value));
  };
  for (const absl::string_view name : {"product_uuid", "board_serial"}) add(name, Dmi(reader, name));
  add("serial", host.hardware().serial());
  for (const pb::NetworkInterface& interface : host.interfaces()) {
    if (reader.Exists(absl::StrCat("/sys/class/net/", interface.name(), "/device"))) add("mac", interface.mac());
  }
  add("root", RootFilesystemId(reader, host));
  if (facts.empty()) return "";
  std::string text;
  for (const std::string& fact : facts) absl::StrAppend(&text, fact, "\n");
  return Sha256Hex(text);
}

}  // namespace rollcall
