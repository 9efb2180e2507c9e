#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/kernel_modules/module_index.h"
#include "collectors/kernel_modules/module_taints.h"
#include "collectors/kernel_modules/proc_modules.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const rollcall::ProcModulesParse parse = rollcall::ParseProcModules(text);
  if (parse.problems.size() > parse.problem_count) std::abort();
  for (const rollcall::ProcModule& module : parse.modules) {
    if (!rollcall::IsModuleName(module.name)) std::abort();
    (void)rollcall::TaintNames(module.taint_letters);
  }
  for (const auto& [name, path] : rollcall::ParseModulesDep(text).paths) {
    if (rollcall::ModuleNameOfPath(path) != name) std::abort();
  }
  (void)rollcall::ParseModulesBuiltin(text);
  return 0;
}
