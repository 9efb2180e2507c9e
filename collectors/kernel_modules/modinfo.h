// What a module's authors and the build say of it: its `.modinfo` section.
#ifndef ROLLCALL_COLLECTORS_KERNEL_MODULES_MODINFO_H_
#define ROLLCALL_COLLECTORS_KERNEL_MODULES_MODINFO_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

// Fit for records. Of a key that is repeated the first counts, as in the kernel. Names of
// authors are not kept: they are of persons and say nothing of the host.
struct Modinfo {
  std::string name;
  std::string licence;
  std::string description;
  std::string version;
  std::string srcversion;
  std::string vermagic;
  // In the section's order.
  std::vector<std::string> depends;
  // Built with the kernel's own sources.
  bool in_tree = false;
};

struct ModinfoParse {
  Modinfo info;
  // Entries that are not KEY=VALUE, and a last one without its NUL.
  uint64_t damaged = 0;
};

// Reads `KEY=VALUE` entries that end with NULs. Pure; linear in the size of `section`.
ModinfoParse ParseModinfo(absl::string_view section);

struct BuiltinModinfoParse {
  // By name of the module.
  std::map<std::string, Modinfo> modules;
  uint64_t damaged = 0;
};

// Modules of one kernel's modules.builtin.modinfo; there are some hundreds.
inline constexpr size_t kMaxBuiltinModules = 10'000;

// Reads `modules.builtin.modinfo`, whose entries are `MODULE.KEY=VALUE`. Entries of more than
// kMaxBuiltinModules modules count as damaged. Pure.
BuiltinModinfoParse ParseBuiltinModinfo(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_KERNEL_MODULES_MODINFO_H_
