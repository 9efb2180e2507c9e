#include "collectors/kernel_modules/module_index.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "collectors/kernel_modules/proc_modules.h"

namespace rollcall {

std::string ModuleNameOfPath(absl::string_view path) {
  const size_t slash = path.rfind('/');
  absl::string_view name = slash == absl::string_view::npos ? path : path.substr(slash + 1);
  const size_t suffix = name.find(".ko");
  if (suffix == absl::string_view::npos) return "";
  const absl::string_view rest = name.substr(suffix + 3);
  if (!rest.empty() && rest.front() != '.') return "";
  std::string module(name.substr(0, suffix));
  std::replace(module.begin(), module.end(), '-', '_');
  return IsModuleName(module) ? module : "";
}

ModulesDep ParseModulesDep(absl::string_view text) {
  ModulesDep index;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const size_t colon = line.find(':');
    const absl::string_view path = line.substr(0, colon);
    std::string name = ModuleNameOfPath(path);
    if (colon == absl::string_view::npos || name.empty()) {
      ++index.damaged;
    } else {
      index.paths.emplace(std::move(name), std::string(path));
    }
  }
  return index;
}

ModulesBuiltin ParseModulesBuiltin(absl::string_view text) {
  ModulesBuiltin index;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    std::string name = ModuleNameOfPath(line);
    if (name.empty()) {
      ++index.damaged;
    } else {
      index.names.insert(std::move(name));
    }
  }
  return index;
}

}  // namespace rollcall
