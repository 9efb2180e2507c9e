#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "platform/proc_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  size_t bytes = 0;
  for (const std::string& argument : rollcall::ParseCommandLine(text)) bytes += argument.size();
  if (bytes > size) std::abort();
  (void)rollcall::ParseEnvironment(text);
  (void)rollcall::MainCgroupPath(rollcall::ParseCgroup(text));
  (void)rollcall::ParseBootId(text);
  return 0;
}
