#include <cstddef>
#include <cstdint>

#include "collectors/environment/environ_block.h"
#include "collectors/environment/environment_fuzzer_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  rollcall::CheckVariables(rollcall::ParseEnvironBlock(text));
  return 0;
}
