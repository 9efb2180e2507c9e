#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/services/xinetd_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const rollcall::XinetdConfig config =
      rollcall::ParseXinetd(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (config.entries.size() > rollcall::kMaxXinetdEntries) std::abort();
  if (config.problems.size() > rollcall::kMaxXinetdProblems) std::abort();
  for (const rollcall::XinetdEntry& entry : config.entries) {
    for (const auto& [attribute, values] : entry.attributes) {
      if (attribute.empty()) std::abort();
    }
  }
  return 0;
}
