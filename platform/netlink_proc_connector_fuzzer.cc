#include <cstdint>

#include "platform/netlink_proc_connector.h"

// One datagram.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rollcall::ProcessEventBatch batch;
  rollcall::ParseProcEvents(absl::string_view(reinterpret_cast<const char*>(data), size), 5, &batch);
  return 0;
}
