// Puts together what the sources say of each module.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_RECORDS_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_RECORDS_H_

#include <map>
#include <string>

#include "collectors/kernel_modules/kernel_folder.h"
#include "collectors/kernel_modules/module_file.h"
#include "collectors/kernel_modules/module_views.h"
#include "rollcall/v1/records/kernel_module.pb.h"

namespace rollcall {

// By name.
using ModuleRecords = std::map<std::string, rollcall::v1::KernelModule>;

// Records of all modules loaded or built in, without what is in the files of loaded ones and
// without packages. Where both views know a figure, /proc/modules counts. Pure.
ModuleRecords MakeModuleRecords(const ModuleViews& views, const KernelFolder& folder);

// Adds what the module's file says; what the kernel says of the loaded module stays. Pure.
void AddFile(const ModuleFile& file, rollcall::v1::KernelModule* record);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_RECORDS_H_
