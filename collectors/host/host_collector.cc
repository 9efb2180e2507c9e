#include "collectors/host/host_collector.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "collectors/host/host_reader.h"
#include "collectors/host/sections.h"
#include "collectors/text.h"
#include "platform/host_identity.h"
#include "platform/kernel_clock.h"
#include "platform/procfs.h"

namespace rollcall {
namespace {

// The kernel computes the boot time anew for every reader, from clocks that are slewed; it
// moves by a second now and then. Only a larger step is news.
constexpr absl::Duration kBootTimeJitter = absl::Minutes(1);

class HostCollector : public Collector {
 public:
  explicit HostCollector(const CollectorContext& context) : context_(context) {}

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    if (context_.host_id.empty()) return absl::FailedPreconditionError("collect host: no host id");
    HostReader reader(*context_.files, report);
    pb::Record record;
    pb::Host& host = *record.mutable_host();
    FillIdentity(&host);
    for (const auto& fill : {FillSystem, FillHardware, FillNetwork, FillFilesystems}) {
      if (stop.stop_requested()) return absl::CancelledError("collect host: stopped");
      fill(reader, &host);
    }
    if (context_.cloud_facts) FillCloud(reader, &host);
    FillTimes(reader, &host);
    host.set_hardware_digest(HardwareDigest(reader, host));
    if (!host.has_os() && host.kernel().release().empty()) {
      return absl::NotFoundError("collect host: neither os-release nor /proc can be read");
    }
    return sink.Emit(std::move(record));
  }

 private:
  void FillIdentity(pb::Host* host) const {
    host->set_host_id(context_.host_id);
    host->set_host_id_source(context_.host_id_source);
    host->set_clone_of(context_.host_clone_of);
    host->set_machine_id(ReadMachineId(*context_.files));
    host->mutable_agent()->set_version(context_.agent_version);
    host->mutable_agent()->set_mode(context_.agent_mode);
  }

  void FillTimes(HostReader& reader, pb::Host* host) {
    const Procfs procfs(context_.files);
    const absl::StatusOr<std::string> boot_id = procfs.ReadBootId();
    reader.Degrade("/proc/sys/kernel/random/boot_id", boot_id.status());
    if (boot_id.ok()) host->set_boot_id(*boot_id);
    const absl::StatusOr<absl::Time> boot_time = procfs.ReadBootTime();
    reader.Degrade("/proc/stat", boot_time.status());
    if (boot_time.ok()) {
      const bool same = boot_time_.has_value() && absl::AbsDuration(*boot_time - *boot_time_) < kBootTimeJitter;
      if (!same) boot_time_ = *boot_time;
      host->mutable_boot_time()->set_seconds(absl::ToUnixSeconds(*boot_time_));
    }
    double uptime = 0;
    const std::string line = reader.Line("/proc/uptime");
    if (absl::SimpleAtod(absl::string_view(line).substr(0, line.find(' ')), &uptime) && uptime >= 0 && uptime < 1e12) {
      host->set_uptime_seconds(static_cast<uint64_t>(uptime));
    }
    if (reader.Exists("/run/systemd/timesync/synchronized")) {
      host->set_clock_synchronized(true);
    } else if (context_.sockets != nullptr) {  // the tree is this machine's
      const std::optional<bool> synchronized = KernelClockSynchronized();
      if (synchronized.has_value()) host->set_clock_synchronized(*synchronized);
    }
  }

  const CollectorContext context_;
  std::optional<absl::Time> boot_time_;
};

constexpr absl::string_view kKinds[] = {"host"};
constexpr absl::string_view kPathsRead[] = {
    "/.dockerenv",
    "/boot",
    "/dev/disk/by-uuid",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/os-release",
    "/etc/selinux/config",
    "/etc/timezone",
    "/lib/modules",
    "/proc/1/mountinfo",
    "/proc/1/net/fib_trie",
    "/proc/1/net/if_inet6",
    "/proc/1/net/route",
    "/proc/cmdline",
    "/proc/cpuinfo",
    "/proc/device-tree",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/kernel/*",
    "/proc/uptime",
    "/proc/xen",
    "/run/.containerenv",
    "/run/cloud-init",
    "/run/reboot-required",
    "/run/systemd/container",
    "/run/systemd/timesync/synchronized",
    "/sys/class/dmi/id/*",
    "/sys/class/net/*",
    "/sys/devices/system/cpu/cpu*/topology",
    "/sys/fs/selinux/enforce",
    "/sys/hypervisor/type",
    "/sys/kernel/livepatch/*/enabled",
    "/sys/module/apparmor/parameters/enabled",
    "/usr/lib/modules",
    "/usr/lib/os-release",
    "/var/lib/cloud/data/instance-id",
    "/var/lib/dbus/machine-id",
    "/var/run/reboot-required",
};

constexpr absl::string_view kWatchPaths[] = {"/etc/hostname", "/etc/os-release"};

std::unique_ptr<Collector> Create(const CollectorContext& context) { return std::make_unique<HostCollector>(context); }

}  // namespace

constinit const Collector::Descriptor kHostCollector = {
    .name = "host",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Hours(1),
    .timeout = absl::Seconds(30),
    .paths_read = kPathsRead,
    .max_records = 1,
    .create = Create,
    .watch_paths = kWatchPaths,
};

}  // namespace rollcall
