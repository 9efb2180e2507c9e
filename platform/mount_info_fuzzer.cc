#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "platform/mount_info.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const rollcall::MountTable table = rollcall::ParseMountInfo(text);
  if (table.mounts.size() > rollcall::kMaxMounts) std::abort();
  if (rollcall::UnescapeMountText(text).size() > size) std::abort();
  return 0;
}
