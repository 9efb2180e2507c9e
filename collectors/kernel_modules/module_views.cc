#include "collectors/kernel_modules/module_views.h"

#include <set>
#include <utility>

namespace rollcall {
namespace {

using rollcall::v1::KernelModule;

constexpr char kProcModules[] = "/proc/modules";

absl::StatusOr<ModuleViews> ReadOnce(const FileTree& files, const StopToken& stop) {
  ModuleViews views;
  const absl::StatusOr<std::string> text = files.ReadFile(kProcModules, kMaxFileBytes);
  views.proc_status = text.status();
  if (text.ok()) views.proc = ParseProcModules(*text);
  absl::StatusOr<SysfsModules> sysfs = ReadSysfsModules(files, stop);
  if (absl::IsCancelled(sysfs.status())) return sysfs.status();
  views.sysfs_status = sysfs.status();
  if (sysfs.ok()) views.sysfs = *std::move(sysfs);
  return views;
}

}  // namespace

HiddenModules FindDisagreements(const ModuleViews& views) {
  HiddenModules missing;
  if (!views.proc_status.ok() || !views.sysfs_status.ok()) return missing;
  const auto& in_sysfs = views.sysfs.modules;
  std::set<absl::string_view> in_proc;
  for (const ProcModule& module : views.proc.modules) {
    in_proc.insert(module.name);
    const auto found = in_sysfs.find(module.name);
    const bool shown = found != in_sysfs.end() && found->second.loadable;
    if (!shown && module.state == KernelModule::LIVE && views.sysfs.problems.empty()) {
      missing[module.name] = KernelModule::SYS_MODULE;
    }
  }
  if (views.proc.problem_count > 0) return missing;
  for (const auto& [name, module] : in_sysfs) {
    if (module.loadable && module.state == KernelModule::LIVE && in_proc.count(name) == 0) {
      missing[name] = KernelModule::PROC_MODULES;
    }
  }
  return missing;
}

absl::StatusOr<ModuleViews> ReadModuleViews(const FileTree& files, const StopToken& stop) {
  absl::StatusOr<ModuleViews> first = ReadOnce(files, stop);
  if (!first.ok()) return first;
  const HiddenModules suspects = FindDisagreements(*first);
  if (suspects.empty()) return first;
  absl::StatusOr<ModuleViews> second = ReadOnce(files, stop);
  if (!second.ok()) return second;
  for (const auto& [name, view] : FindDisagreements(*second)) {
    const auto suspect = suspects.find(name);
    if (suspect != suspects.end() && suspect->second == view) second->hidden[name] = view;
  }
  return second;
}

}  // namespace rollcall
