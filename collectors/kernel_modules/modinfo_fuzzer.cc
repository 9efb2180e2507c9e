#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/kernel_modules/modinfo.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  if (rollcall::ParseModinfo(text).damaged > size) std::abort();
  const rollcall::BuiltinModinfoParse builtin = rollcall::ParseBuiltinModinfo(text);
  if (builtin.modules.size() > rollcall::kMaxBuiltinModules) std::abort();
  return 0;
}
