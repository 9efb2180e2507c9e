#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "platform/decompress.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLimit = size_t{1} << 20;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto content = rollcall::Decompress(bytes, kLimit);
  if (content.ok() && content->size() > kLimit) std::abort();
  const bool compressed = rollcall::CompressionOf(bytes) != rollcall::Compression::kNone;
  if (compressed == absl::IsInvalidArgument(content.status())) std::abort();
  return 0;
}
