// What depmod(8) and the kernel's build write about the modules of one kernel.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_INDEX_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_INDEX_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// Name of the module in a file such as `kernel/fs/ext4/ext4.ko.xz`: the base name up to `.ko`,
// dashes as underscores. Empty if the path is no such file.
std::string ModuleNameOfPath(absl::string_view path);

struct ModulesDep {
  // Paths by module name, absolute or relative to the index's folder. The first of one name.
  std::map<std::string, std::string> paths;
  // Lines without a module's path.
  uint64_t damaged = 0;
};

// Reads `modules.dep`: `PATH: NEEDED PATHS`, one module a line; modules.dep(5). Pure.
ModulesDep ParseModulesDep(absl::string_view text);

struct ModulesBuiltin {
  std::set<std::string> names;
  uint64_t damaged = 0;
};

// Reads `modules.builtin`: one path a line, of no file that exists. Pure.
ModulesBuiltin ParseModulesBuiltin(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_MODULE_INDEX_H_
