#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "platform/cloud_facts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto facts = rollcall::ParseInstanceData(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (facts.ok() && facts->instance_id.find('\n') != std::string::npos) std::abort();
  return 0;
}
