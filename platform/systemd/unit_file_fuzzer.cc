#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "platform/systemd/unit_file.h"
#include "platform/systemd/unit_words.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const rollcall::UnitFile file = rollcall::ParseUnitFile(text);
  if (file.problems.size() > file.problem_count || file.problems.size() > rollcall::kMaxUnitFileProblems) std::abort();
  if (file.assignments.size() > rollcall::kMaxUnitAssignments) std::abort();
  size_t last_line = 0;
  for (const rollcall::UnitAssignment& assignment : file.assignments) {
    if (assignment.section.empty() || assignment.key.empty() || assignment.line < last_line) std::abort();
    last_line = assignment.line;
    if (rollcall::SplitUnitWords(assignment.value).words.size() > rollcall::kMaxUnitWords) std::abort();
    for (const std::string& name : rollcall::UnitEnvironmentNames(assignment.value)) {
      if (name.empty() || name.find('=') != std::string::npos) std::abort();
    }
    for (const rollcall::UnitCommand& command : rollcall::SplitUnitCommands(assignment.value).commands) {
      if (!command.program.empty() && command.program[0] == '-') std::abort();
    }
  }
  return 0;
}
