#include <cstddef>
#include <cstdint>

#include "platform/proc_status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)rollcall::ParseProcStatus(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
