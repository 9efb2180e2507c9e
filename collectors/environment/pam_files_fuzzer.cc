#include <cstddef>
#include <cstdint>

#include "collectors/environment/environment_fuzzer_body.h"
#include "collectors/environment/pam_files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  rollcall::CheckVariables(rollcall::ParsePamEnvironment(text));
  rollcall::CheckVariables(rollcall::ParsePamEnvConf(text));
  return 0;
}
