// Bytes as the status details of a trailer: no crash, and a delay within its bounds.
#include <cstdint>
#include <cstdlib>

#include "agent/transport/retry_info.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto delay = rollcall::RetryDelayOf(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (delay.has_value() && (*delay < absl::ZeroDuration() || *delay > absl::Hours(24))) abort();
  return 0;
}
