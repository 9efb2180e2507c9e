#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collectors/kernel_modules/module_signature.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto signature = rollcall::ParseModuleSignature(text);
  if (!signature.ok() || !signature->has_value()) return 0;
  rollcall::v1::ModuleSignature decoded;
  if (!decoded.ParseFromString((*signature)->SerializeAsString())) std::abort();
  if (decoded.format().empty()) std::abort();
  return 0;
}
