// Fuzzes what a unit says of environments: its values, and paths with specifiers and patterns.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "collectors/environment/environment_fuzzer_body.h"
#include "collectors/environment/path_pattern.h"
#include "collectors/environment/unit_source.h"
#include "platform/memory_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMaxBytes = 4096;
  const absl::string_view text(reinterpret_cast<const char*>(data), size < kMaxBytes ? size : kMaxBytes);
  const absl::string_view values[] = {text};
  rollcall::CheckVariables(rollcall::ParseUnitEnvironment(values));
  for (const std::string& name : rollcall::UnitPassedNames(values)) {
    if (!rollcall::IsVariableName(name)) std::abort();
  }
  const auto path = rollcall::ResolveUnitPath(text, "web@x.service");
  if (!path.has_value() || path->size() > size_t{16} * kMaxBytes) return 0;
  rollcall::MemoryTree files;
  files.SetFile("/etc/app.d/10-a.env", "");
  files.SetFile("/etc/app.d/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "");
  if (rollcall::MatchPaths(files, *path).paths.size() > rollcall::kMaxPatternMatches) std::abort();
  return 0;
}
