#include "collectors/services/services_collector.h"

#include <utility>

#include "collectors/processes/package_owners.h"
#include "collectors/services/init_services.h"
#include "collectors/services/service_scan.h"
#include "collectors/services/systemd_services.h"
#include "collectors/services/table_services.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

class ServicesCollector : public Collector {
 public:
  explicit ServicesCollector(const CollectorContext& context) : context_(context) {}

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    ServiceScan scan(*context_.files, report, stop);
    UnitSet units;
    if (absl::Status status = AddSystemdServices(scan, context_.system_manager, &units); !status.ok()) return status;
    if (absl::Status status = AddInitScripts(scan, units); !status.ok()) return status;
    AddLocalScripts(scan);
    AddInittab(scan);
    AddInetd(scan);
    AddXinetd(scan);
    AddPreloads(scan);
    AddProfiles(scan);
    if (!scan.present() && report.complete()) {
      return absl::UnimplementedError("read startup services: no service manager on this host");
    }
    std::vector<pb::StartupService> services = scan.Finish();
    if (absl::Status status = SetPackages(report, stop, &services); !status.ok()) return status;
    return EmitAll(std::move(services), sink, stop);
  }

 private:
  absl::Status SetPackages(RunReport& report, const StopToken& stop, std::vector<pb::StartupService>* services) {
    for (const pb::StartupService& service : *services) {
      if (!service.unit_path().empty()) owners_.Want(service.unit_path());
    }
    const absl::Status status = owners_.LookUp(*context_.files, stop);
    if (absl::IsCancelled(status)) return status;
    if (!status.ok()) {
      report.AddDegradation("/var/lib/dpkg/info", status, "make it readable; until then services have no package");
    }
    owners_.DropUnwanted();
    for (pb::StartupService& service : *services) service.set_package(ToRecordText(owners_.Owner(service.unit_path())));
    return absl::OkStatus();
  }

  static absl::Status EmitAll(std::vector<pb::StartupService>&& services, RecordSink& sink, const StopToken& stop) {
    constexpr size_t kRecordsBetweenStopChecks = 1'000;
    size_t emitted = 0;
    for (pb::StartupService& service : services) {
      if (++emitted % kRecordsBetweenStopChecks == 0 && stop.stop_requested()) {
        return absl::CancelledError("emit startup services: stopped");
      }
      pb::Record record;
      *record.mutable_startup_service() = std::move(service);
      if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const CollectorContext context_;
  PackageOwners owners_;
};

constexpr absl::string_view kKinds[] = {"startup_service"};
constexpr absl::string_view kPathsRead[] = {
    "/etc/systemd/system/**",
    "/etc/systemd/system.attached/**",
    "/etc/systemd/system.control/**",
    "/run/systemd/generator*/**",
    "/run/systemd/system*/**",
    "/run/systemd/transient/**",
    "/usr/local/lib/systemd/system/**",
    "/usr/lib/systemd/system/**",
    "/lib/systemd/system/**",
    "/run/dbus/system_bus_socket",
    "/etc/init.d/*",
    "/etc/rc.d/**",
    "/etc/rc*.d/*",
    "/etc/conf.d/*",
    "/etc/runlevels/*/*",
    "/etc/local.d/*.start",
    "/etc/rc.local",
    "/etc/inittab",
    "/etc/inetd.conf",
    "/etc/inetd.d/*",
    "/etc/xinetd.conf",
    "/etc/xinetd.d/*",
    "/etc/ld.so.preload",
    "/etc/profile",
    "/etc/profile.d/*",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/bash.bash_logout",
    "/etc/csh.*",
    "/etc/z*",
    "/etc/zsh/*",
    "/var/lib/dpkg/info/*.list",
};
constexpr absl::string_view kWatchPaths[] = {
    "/etc/systemd/system/",
    "/etc/systemd/system/multi-user.target.wants/",
    "/etc/systemd/system/sockets.target.wants/",
    "/etc/systemd/system/timers.target.wants/",
    "/run/systemd/system/",
    "/run/systemd/transient/",
    "/usr/local/lib/systemd/system/",
    "/usr/lib/systemd/system/",
    "/lib/systemd/system/",
    "/etc/init.d/",
    "/etc/rc.d/init.d/",
    "/etc/runlevels/default/",
    "/etc/xinetd.d/",
    "/etc/profile.d/",
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/etc/inittab",
    "/etc/inetd.conf",
    "/etc/xinetd.conf",
    "/etc/ld.so.preload",
    "/etc/profile",
    "/etc/bash.bashrc",
};

std::unique_ptr<Collector> Create(const CollectorContext& context) {
  return std::make_unique<ServicesCollector>(context);
}

}  // namespace

constinit const Collector::Descriptor kServicesCollector = {
    .name = "services",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Hours(1),
    .timeout = absl::Seconds(60),
    .paths_read = kPathsRead,
    .max_records = 20'000,
    .create = Create,
    .watch_paths = kWatchPaths,
};

}  // namespace rollcall
