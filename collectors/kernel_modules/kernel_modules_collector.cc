#include "collectors/kernel_modules/kernel_modules_collector.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/kernel_modules/kernel_folder.h"
#include "collectors/kernel_modules/module_file.h"
#include "collectors/kernel_modules/module_records.h"
#include "collectors/kernel_modules/module_views.h"
#include "collectors/processes/package_owners.h"

namespace rollcall {
namespace {

constexpr char kProcModules[] = "/proc/modules";
constexpr char kSysModule[] = "/sys/module";

absl::Status Stopped() { return absl::CancelledError("read modules: stopped"); }

bool AnyLoaded(const SysfsModules& sysfs) {
  return std::any_of(sysfs.modules.begin(), sysfs.modules.end(),
                     [](const auto& module) { return module.second.loadable; });
}

class KernelModulesCollector : public Collector {
 public:
  explicit KernelModulesCollector(const CollectorContext& context) : files_(context.files) {}

  absl::Status Collect(RecordSink& sink, RunReport& report, const StopToken& stop) override {
    const absl::StatusOr<ModuleViews> views = ReadModuleViews(*files_, stop);
    if (!views.ok()) return views.status();
    if (absl::Status status = ReportViews(*views, report); !status.ok()) return status;
    const bool loads_modules = !views->proc.modules.empty() || AnyLoaded(views->sysfs);
    ModuleRecords records = MakeModuleRecords(*views, ReadKernelFolder(*files_, loads_modules, report));
    if (absl::Status status = AddFiles(report, stop, &records); !status.ok()) return status;
    AddPackages(report, stop, &records);
    for (auto& [name, module] : records) {
      if (stop.stop_requested()) return Stopped();
      pb::Record record;
      *record.mutable_kernel_module() = std::move(module);
      if (absl::Status status = sink.Emit(std::move(record)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  // Fails if there is no view, or no support for modules, to make records of.
  static absl::Status ReportViews(const ModuleViews& views, RunReport& report) {
    const bool has_sysfs = views.sysfs_status.ok();
    if (!views.proc_status.ok()) {
      const bool not_there = absl::IsNotFound(views.proc_status);
      if (not_there && !(has_sysfs && AnyLoaded(views.sysfs))) {
        return absl::UnimplementedError("read /proc/modules: not there, the kernel has no support for modules");
      }
      if (!has_sysfs) return views.proc_status;
      report.AddProblem(kProcModules, views.proc_status, "show the agent the host's whole /proc");
    }
    for (const absl::Status& problem : views.proc.problems) report.AddProblem(kProcModules, problem);
    if (views.proc.problem_count > views.proc.problems.size()) {
      report.AddProblem(
          kProcModules,
          absl::InvalidArgumentError(absl::StrCat(
              "parse /proc/modules: ", views.proc.problem_count - views.proc.problems.size(), " further problems")));
    }
    // Not only detail: what is built in and has parameters is known from there alone.
    if (!has_sysfs) report.AddProblem(kSysModule, views.sysfs_status, "mount sysfs and show it to the agent");
    for (const auto& [path, status] : views.sysfs.problems) report.AddProblem(path, status);
    if (const auto& refused = views.sysfs.refused_parameter) {
      report.AddDegradation(refused->first, refused->second, "run the agent as root to read all parameters");
    }
    return absl::OkStatus();
  }

  absl::Status AddFiles(RunReport& report, const StopToken& stop, ModuleRecords* records) {
    module_files_.BeginRun();
    for (auto& [name, record] : *records) {
      if (record.file_path().empty()) continue;
      if (stop.stop_requested()) return Stopped();
      const auto file = module_files_.Get(*files_, record.file_path());
      if (!file.ok()) {
        report.AddDegradation(record.file_path(), file.status(), FileRemedy(file.status()));
        continue;
      }
      for (const absl::Status& problem : (*file)->problems) report.AddDegradation(record.file_path(), problem, "");
      AddFile(**file, &record);
    }
    return absl::OkStatus();
  }

  static absl::string_view FileRemedy(const absl::Status& status) {
    if (absl::IsNotFound(status)) return "run depmod(8): the index names a file that is gone";
    if (absl::IsPermissionDenied(status)) return "grant CAP_DAC_READ_SEARCH";
    return "";
  }

  void AddPackages(RunReport& report, const StopToken& stop, ModuleRecords* records) {
    for (const auto& [name, record] : *records) {
      if (!record.file_path().empty()) owners_.Want(record.file_path());
    }
    if (absl::Status status = owners_.LookUp(*files_, stop); !status.ok()) {
      report.AddDegradation("/var/lib/dpkg/info", status, "make it readable, to name the packages of modules");
    }
    for (auto& [name, record] : *records) {
      if (!record.file_path().empty()) record.set_package(owners_.Owner(record.file_path()));
    }
    owners_.DropUnwanted();
  }

  const FileTree* const files_;
  ModuleFiles module_files_;
  PackageOwners owners_;
};

constexpr absl::string_view kKinds[] = {"kernel_module"};
constexpr absl::string_view kPathsRead[] = {
    "/lib/modules/RELEASE/*",     "/proc/modules",
    "/proc/sys/kernel/osrelease", "/sys/module/*",
    "/usr/lib/modules/RELEASE/*", "/var/lib/dpkg/info/*.list",
};

std::unique_ptr<Collector> Create(const CollectorContext& context) {
  return std::make_unique<KernelModulesCollector>(context);
}

}  // namespace

// Nothing to watch: neither /proc nor /sys tells of changes, and a package of modules installed
// for another kernel changes nothing here.
constinit const Collector::Descriptor kKernelModulesCollector = {
    .name = "kernel_modules",
    .version = "1",
    .kinds = kKinds,
    .interval = absl::Hours(1),
    .timeout = absl::Seconds(60),
    .paths_read = kPathsRead,
    .max_records = 10'000,
    .create = Create,
};

}  // namespace rollcall
