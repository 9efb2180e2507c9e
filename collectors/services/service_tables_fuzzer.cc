#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/services/service_tables.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto inittab = rollcall::ParseInittab(text);
  for (const rollcall::InittabEntry& entry : inittab.entries) {
    if (entry.action.empty() || entry.process.empty()) std::abort();
  }
  const auto inetd = rollcall::ParseInetd(text);
  for (const rollcall::InetdEntry& entry : inetd.entries) {
    if (entry.service.empty() || entry.program.empty()) std::abort();
  }
  if (inittab.problems.size() > rollcall::kMaxTableProblems || inetd.problems.size() > rollcall::kMaxTableProblems) {
    std::abort();
  }
  for (const std::string& library : rollcall::ParseLdSoPreload(text)) {
    if (library.empty()) std::abort();
  }
  return 0;
}
