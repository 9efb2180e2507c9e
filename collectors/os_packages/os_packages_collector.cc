#include "collectors/os_packages/os_packages_collector.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/os_packages/distribution.h"
#include "collectors/os_packages/dpkg_database.h"
#include "collectors/os_packages/package_database.h"

namespace rollcall {
namespace {

class OsPackagesCollector : public Collector {
 public:
  explicit OsPackagesCollector(const CollectorContext& context) : context_(context) {
    // One line per package manager; a host may have several.
    databases_.push_back(std::make_unique<DpkgDatabase>());
  }

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    const Distribution distribution = FindDistribution(report);
    absl::Status first_error;
    bool any_read = false;
    for (const auto& database : databases_) {
      const auto contents = database->Read(*context_.files, distribution, stop);
      if (absl::IsNotFound(contents.status())) continue;
      if (absl::IsCancelled(contents.status())) return contents.status();
      if (!contents.ok()) {
        if (first_error.ok()) first_error = contents.status();
        continue;
      }
      any_read = true;
      Report(**contents, report);
      if (absl::Status status = EmitAll(**contents, sink, stop); !status.ok()) return status;
    }
    if (!first_error.ok()) return first_error;
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
    "/etc/os-release",      "/usr/lib/os-release",      "/var/lib/dpkg/info/*.list",
    "/var/lib/dpkg/status", "/var/lib/dpkg/status.d/*", "/var/lib/dpkg/updates/*",
};

// A package manager renames a new status over the old one when it is done.
constexpr absl::string_view kWatchPaths[] = {"/var/lib/dpkg/status"};

std::unique_ptr<Collector> Create(const CollectorContext& context) {
  return std::make_unique<OsPackagesCollector>(context);
}

}  // namespace

constinit const Collector::Descriptor kOsPackagesCollector = {
    .name = "os_packages",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Hours(12),
    .timeout = absl::Seconds(60),
    .paths_read = kPathsRead,
    .max_records = 20'000,
    .create = Create,
    .watch_paths = kWatchPaths,
};

}  // namespace rollcall
