#include <cstdint>

#include "collectors/ports/socket_unit.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<rollcall::SocketUnitListener> listeners;
  rollcall::ParseSocketUnit(absl::string_view(reinterpret_cast<const char*>(data), size), &listeners);
  return 0;
}
