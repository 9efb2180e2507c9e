#include "collectors/os_packages/os_packages_collector.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/apk_database.h"
#include "collectors/os_packages/distribution.h"
#include "collectors/os_packages/dpkg_database.h"
#include "collectors/os_packages/opkg_database.h"
#include "collectors/os_packages/package_database.h"
#include "collectors/os_packages/pacman_database.h"
#include "collectors/os_packages/rpm_database.h"

namespace rollcall {
namespace {

class OsPackagesCollector : public Collector {
 public:
  explicit OsPackagesCollector(const CollectorContext& context) : context_(context) {
    // One line per package manager; a host may have several.
    databases_.push_back(std::make_unique<DpkgDatabase>());
    databases_.push_back(std::make_unique<RpmDatabase>());
    databases_.push_back(std::make_unique<ApkDatabase>());
    databases_.push_back(std::make_unique<PacmanDatabase>());
    databases_.push_back(std::make_unique<OpkgDatabase>());
  }

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    const Distribution distribution = FindDistribution(report);
    std::vector<DatabaseProblem> failures;
    bool any_read = false;
    for (const auto& database : databases_) {
      const auto contents = database->Read(*context_.files, distribution, stop);
      if (absl::IsNotFound(contents.status())) continue;
      if (absl::IsCancelled(contents.status())) return contents.status();
      if (!contents.ok()) {
        failures.push_back({std::string(database->path()), contents.status()});
        continue;
      }
      any_read = true;
      Report(**contents, report);
      if (absl::Status status = EmitAll(**contents, sink, stop); !status.ok()) return status;
    }
    // A database that cannot be read does not make what others list a failure.
    const size_t returned = !any_read && !failures.empty() ? 1 : 0;
    for (size_t i = returned; i < failures.size(); ++i) report.AddProblem(failures[i].path, failures[i].status);
    if (returned > 0) return failures.front().status;
    if (!any_read) return absl::UnimplementedError("read package databases: none on this host");
    return absl::OkStatus();
  }

 private:
  // Without os-release the package URLs say less; the packages are all the same.
  Distribution FindDistribution(RunReport& report) const {
    const auto distribution = ReadDistribution(*context_.files);
    if (distribution.ok()) return *distribution;
    report.AddDegradation("/etc/os-release", distribution.status(),
                          "make it readable; until then package URLs name the distribution `linux`");
    return Distribution();
  }

  static void Report(const DatabaseContents& contents, RunReport& report) {
    for (const DatabaseProblem& problem : contents.problems) report.AddProblem(problem.path, problem.status);
    for (const DatabaseProblem& degradation : contents.degradations) {
      report.AddDegradation(degradation.path, degradation.status,
                            "make it readable; until then packages say less than they could");
    }
    if (contents.further_problems > 0) {
      report.AddProblem("", absl::InvalidArgumentError(absl::StrCat(
                                "parse package database: ", contents.further_problems, " further problems")));
    }
    if (contents.observed > contents.packages.size()) report.SetTruncated(contents.observed);
  }

  static absl::Status EmitAll(const DatabaseContents& contents, RecordSink& sink, const StopToken& stop) {
    constexpr size_t kRecordsBetweenStopChecks = 1'000;
    size_t emitted = 0;
    for (const pb::OsPackage& package : contents.packages) {
      if (++emitted % kRecordsBetweenStopChecks == 0 && stop.stop_requested()) {
        return absl::CancelledError("emit packages: stopped");
      }
      pb::Record record;
      *record.mutable_os_package() = package;
      if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const CollectorContext context_;
  std::vector<std::unique_ptr<PackageDatabase>> databases_;
};

constexpr absl::string_view kKinds[] = {"os_package"};
constexpr absl::string_view kPathsRead[] = {
    "/etc/apk/repositories",
    "/etc/apk/world",
    "/etc/os-release",
    "/lib/apk/db/installed",
    "/opt/lib/opkg/info/*.control",
    "/opt/lib/opkg/status",
    "/usr/lib/apk/db/installed",
    "/usr/lib/opkg/info/*.control",
    "/usr/lib/opkg/status",
    "/usr/lib/os-release",
    "/usr/lib/sysimage/rpm/*",
    "/usr/share/rpm/*",
    "/var/lib/apk/db/installed",
    "/var/lib/dpkg/info/*.list",
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/status.d/*",
    "/var/lib/dpkg/updates/*",
    "/var/lib/opkg/info/*.control",
    "/var/lib/opkg/status",
    "/var/lib/pacman/local/*/desc",
    "/var/lib/rpm/*",
    "/var/lib/rpmmanifest/container-manifest-1",
    "/var/lib/rpmmanifest/container-manifest-2",
};
// Of rpm's directories, those that are links lead to files that are watched already.
constexpr absl::string_view kWatchPaths[] = {
    "/lib/apk/db/installed",
    "/opt/lib/opkg/status",
    "/usr/lib/apk/db/installed",
    "/usr/lib/opkg/status",
    "/usr/lib/sysimage/rpm/Packages",
    "/usr/lib/sysimage/rpm/Packages.db",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
    "/usr/share/rpm/Packages",
    "/usr/share/rpm/Packages.db",
    "/usr/share/rpm/rpmdb.sqlite",
    "/usr/share/rpm/rpmdb.sqlite-wal",
    "/var/lib/apk/db/installed",
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/status.d/",
    "/var/lib/opkg/status",
    "/var/lib/pacman/local/",
    "/var/lib/rpm/Packages",
    "/var/lib/rpm/Packages.db",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/rpm/rpmdb.sqlite-wal",
    "/var/lib/rpmmanifest/container-manifest-2",
};

std::unique_ptr<Collector> Create(const CollectorContext& context) {
  return std::make_unique<OsPackagesCollector>(context);
}

}  // namespace

constinit const Collector::Descriptor kOsPackagesCollector = {
    .name = "os_packages",
    .version = "2",
    .kinds = kKinds,
    .interval = absl::Hours(12),
    .timeout = absl::Seconds(60),
    .paths_read = kPathsRead,
    .max_records = 20'000,
    .create = Create,
    .watch_paths = kWatchPaths,
};

}  // namespace rollcall
