// /proc/modules: the modules loaded into the running kernel, see proc(5).
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_PROC_MODULES_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_PROC_MODULES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rollcall/v1/records/kernel_module.pb.h"

namespace rollcall {

struct ProcModule {
  std::string name;
  std::optional<uint64_t> size_bytes;
  // Unset in a kernel that cannot unload modules, which does not count their users.
  std::optional<uint32_t> refcount;
  // Sorted.
  std::vector<std::string> used_by;
  bool permanent = false;
  rollcall::v1::KernelModule::State state = rollcall::v1::KernelModule::STATE_UNSPECIFIED;
  std::string taint_letters;
};

struct ProcModulesParse {
  // In file order.
  std::vector<ProcModule> modules;
  // What was wrong, naming the line; the first kMaxProcModulesProblems of `problem_count`.
  std::vector<absl::Status> problems;
  uint64_t problem_count = 0;
};

inline constexpr size_t kMaxProcModulesProblems = 20;

// Reads `NAME SIZE REFCOUNT USERS STATE ADDRESS [(TAINTS)]`, one module a line. A line that names
// a module is kept with what is readable of it, whatever else is wrong; the kernel's addresses
// are not read. Pure; linear in the size of `text`.
ProcModulesParse ParseProcModules(absl::string_view text);

// Whether `name` could be a module's: letters, digits and underscores, at most 63 bytes.
bool IsModuleName(absl::string_view name);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_PROC_MODULES_H_
