#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "platform/passwd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& entry : rollcall::ParsePasswd(text).entries) {
    if (entry.name.empty()) std::abort();
  }
  for (const auto& entry : rollcall::ParseGroup(text).entries) {
    if (entry.name.empty()) std::abort();
  }
  return 0;
}
