#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/services/init_script.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const rollcall::InitScript script = rollcall::ParseInitScript(text);
  if (script.problems.size() > 2 || script.variables.size() > 5) std::abort();
  if (!script.openrc && !script.variables.empty()) std::abort();
  const std::vector<std::string> commands = rollcall::ScriptCommands(text);
  if (commands.size() > rollcall::kMaxScriptCommands) std::abort();
  for (const std::string& command : commands) {
    if (command.empty() || command[0] == '#') std::abort();
  }
  return 0;
}
