#include <cstddef>
#include <cstdint>

#include "collectors/environment/environment_file.h"
#include "collectors/environment/environment_fuzzer_body.h"
#include "collectors/environment/unit_source.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  rollcall::CheckVariables(rollcall::ParseEnvironmentFile(text));
  rollcall::CheckVariables(rollcall::ParseUnitEnvironment({text}));
  return 0;
}
