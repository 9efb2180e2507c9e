// Both places where the kernel shows its loaded modules, and where they disagree.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_VIEWS_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_VIEWS_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "collectors/kernel_modules/proc_modules.h"
#include "collectors/kernel_modules/sysfs_modules.h"
#include "platform/clock.h"
#include "platform/file_tree.h"
#include "rollcall/v1/records/kernel_module.pb.h"

namespace rollcall {

// Modules that one view shows and the other does not, with the view they are missing from.
using HiddenModules = std::map<std::string, rollcall::v1::KernelModule::View>;

struct ModuleViews {
  // Why /proc/modules could not be read; `proc` is empty then.
  absl::Status proc_status;
  ProcModulesParse proc;
  // Likewise for /sys/module.
  absl::Status sysfs_status;
  SysfsModules sysfs;
  HiddenModules hidden;
};

// Modules that are live in one view and missing from the other. A view that was not read whole
// proves nothing missing, and a module that is being loaded or unloaded may be in either. Pure;
// does not look at `views.hidden`.
HiddenModules FindDisagreements(const ModuleViews& views);

// Reads both views, and both once more if they disagree: a module is hidden if the same view
// misses it both times, not if it was loaded between one look and the other. Cancelled if `stop`
// is requested.
absl::StatusOr<ModuleViews> ReadModuleViews(const FileTree& files, const StopToken& stop);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_VIEWS_H_
