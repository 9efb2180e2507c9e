#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/host/hardware_parser.h"
#include "collectors/host/sections.h"
#include "collectors/host/system_parser.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

constexpr int kMaxLivepatches = 100;

// /proc/sys/kernel/hostname answers for the reader's UTS namespace, which in a pod is the
// pod's. It is taken only if that is also pid 1's, or if there is no /etc/hostname.
std::string FindHostname(HostReader& reader) {
  const std::string kernel_name = reader.Line("/proc/sys/kernel/hostname");
  const std::string own = reader.Link("/proc/self/ns/uts");
  const bool same_namespace = !own.empty() && own == reader.Link("/proc/1/ns/uts");
  if (same_namespace && !kernel_name.empty()) return kernel_name;
  std::string configured = reader.Line("/etc/hostname");
  const bool usable = !configured.empty() && configured[0] != '#' && configured != "localhost";
  return usable || kernel_name.empty() ? configured : kernel_name;
}

void FillOs(HostReader& reader, pb::Host* host) {
  for (const absl::string_view path : {"/etc/os-release", "/usr/lib/os-release"}) {
    bool read = false;
    const std::string text = reader.Text(path, &read);
    if (!read) continue;
    *host->mutable_os() = ParseOsRelease(text);
    return;
  }
}

// Kernels that could be booted: images in /boot, and module trees that bring their image.
std::vector<std::string> InstalledKernels(HostReader& reader) {
  std::vector<std::string> releases;
  for (const std::string& name : reader.Names("/boot")) {
    std::string release = ReleaseOfImage(name);
    if (!release.empty()) releases.push_back(std::move(release));
  }
  for (const absl::string_view modules : {"/lib/modules", "/usr/lib/modules"}) {
    for (const std::string& name : reader.Names(modules)) {
      // What a removed kernel leaves behind has neither an image nor its own modules.
      const std::string directory = absl::StrCat(modules, "/", name);
      if (reader.Exists(directory + "/vmlinuz") || reader.Exists(directory + "/kernel")) {
        releases.push_back(ToRecordText(name, 256));
      }
    }
  }
  return releases;
}

std::string FindArchitecture(HostReader& reader) {
  std::string architecture = reader.Line("/proc/sys/kernel/arch");  // Linux 6.1
  return architecture.empty() ? ParseCpuInfo(reader.Text("/proc/cpuinfo")).architecture : architecture;
}

void FillKernel(HostReader& reader, pb::Host* host) {
  pb::Kernel& kernel = *host->mutable_kernel();
  kernel.set_release(reader.Line("/proc/sys/kernel/osrelease"));
  kernel.set_version(reader.Line("/proc/sys/kernel/version"));
  kernel.set_architecture(FindArchitecture(reader));
  kernel.set_command_line(reader.Line("/proc/cmdline"));
  for (const std::string& name : reader.Names("/sys/kernel/livepatch")) {
    const bool enabled = reader.Line(absl::StrCat("/sys/kernel/livepatch/", name, "/enabled")) == "1";
    if (enabled && kernel.livepatches_size() < kMaxLivepatches) kernel.add_livepatches(ToRecordText(name));
  }
  kernel.set_newest_installed(NewestKernel(InstalledKernels(reader), kernel.release()));
  const bool newer = !kernel.release().empty() && !kernel.newest_installed().empty() &&
                     CompareKernelReleases(kernel.newest_installed(), kernel.release()) > 0;
  host->set_reboot_required(newer || reader.Exists("/run/reboot-required") ||
                            reader.Exists("/var/run/reboot-required"));
}

std::string FindTimezone(HostReader& reader) {
  std::string zone = TimezoneOfLink(reader.Link("/etc/localtime"));
  return zone.empty() ? reader.Line("/etc/timezone") : zone;
}

void FillSecurity(HostReader& reader, pb::Host* host) {
  pb::SecurityModule& security = *host->mutable_security();
  const std::string enforce = reader.Line("/sys/fs/selinux/enforce");
  if (!enforce.empty()) security.set_selinux(enforce == "1" ? "enforcing" : "permissive");
  // Installed and switched off, which a kernel without it does not look like.
  if (enforce.empty() && reader.Exists("/etc/selinux/config")) security.set_selinux("disabled");
  const std::string apparmor = reader.Line("/sys/module/apparmor/parameters/enabled");
  if (!apparmor.empty()) security.set_apparmor(apparmor == "Y" ? "enabled" : "disabled");
}

}  // namespace

void FillSystem(HostReader& reader, pb::Host* host) {
  host->set_hostname(FindHostname(reader));
  host->set_fqdn(FindFqdn(reader.Text("/etc/hosts"), host->hostname()));
  FillOs(reader, host);
  FillKernel(reader, host);
  host->set_timezone(FindTimezone(reader));
  FillSecurity(reader, host);
}

}  // namespace rollcall
