// Any bytes as a frame of the log: what parses is written back to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "backend/ledger/log_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  rollcall::TreeHasher hasher;
  if (const auto state = rollcall::ParseAcknowledged(bytes, &hasher); state.has_value()) {
    if (rollcall::WriteAcknowledged(*state, &hasher) != bytes) std::abort();
  }
  const auto frame = rollcall::ParseFrame(bytes);
  if (!frame.ok()) return 0;
  rollcall::FrameWriter writer(frame->header.first_leaf);
  for (const absl::string_view leaf : frame->leaves) {
    if (!writer.Fits(leaf.size())) std::abort();
    writer.Add(leaf);
  }
  if (writer.Finish(frame->root) != bytes) std::abort();
  return 0;
}
