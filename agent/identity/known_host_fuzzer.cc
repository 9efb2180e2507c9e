// What parses is written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "agent/identity/known_host.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto host = rollcall::ParseKnownHost(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!host.ok()) return 0;
  const auto again = rollcall::ParseKnownHost(rollcall::FormatKnownHost(*host));
  if (!again.ok() || *again != *host) std::abort();
  (void)rollcall::Recognize(*host, host->found_id, rollcall::HardwareFacts());
  return 0;
}
