// The folder of the running kernel's modules, /lib/modules/RELEASE.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_KERNEL_FOLDER_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_KERNEL_FOLDER_H_

#include <map>
#include <set>
#include <string>

#include "collectors/kernel_modules/modinfo.h"
#include "collectors/run_report.h"
#include "platform/file_tree.h"

namespace rollcall {

struct KernelFolder {
  // Absolute paths of module files by module name.
  std::map<std::string, std::string> paths;
  // Names of what is built in.
  std::set<std::string> builtin;
  // What is known of them, by name.
  std::map<std::string, Modinfo> builtin_info;
};

// Reads `modules.dep`, `modules.builtin` and `modules.builtin.modinfo` of the running kernel's
// release, below /lib/modules or /usr/lib/modules. `loads_modules`: whether the kernel has modules
// loaded. If so they came out of such a folder, and one that is not there could not be looked at:
// a problem, since much of what is built in is known from nowhere else and would be retired. A
// kernel without loaded modules may have no folder, a degradation. A file that cannot be read is
// a problem if it names modules (`modules.builtin`), else a degradation.
KernelFolder ReadKernelFolder(const FileTree& files, bool loads_modules, RunReport& report);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_KERNEL_FOLDER_H_
