#include <cstdint>

#include "platform/proc_net.h"

// First byte: which table. The rest: its content.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::map<uint32_t, std::string> names;
  using Protocol = rollcall::ListeningSocket::Protocol;
  switch (data[0]) {
    case '4':
      rollcall::ParseProcNetInet(content, Protocol::kTcp, false);
      break;
    case '6':
      rollcall::ParseProcNetInet(content, Protocol::kUdp, true);
      break;
    case 'x':
      rollcall::ParseProcNetUnix(content);
      break;
    case 's':
      rollcall::ParseProcNetSctpEndpoints(content);
      break;
    default:
      rollcall::ParseProcNetIgmp(content, &names);
      rollcall::ParseProcNetIfInet6(content, &names);
  }
  return 0;
}
