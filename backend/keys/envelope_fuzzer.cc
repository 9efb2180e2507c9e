// Any bytes as an envelope and as a sealed key: nothing opens with a key that did not seal it.
#include <cstdint>
#include <cstdlib>

#include "backend/keys/data_key.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto id = rollcall::KeyIdOfEnvelope(bytes);
  if (id.ok() && id->size() != rollcall::kKeyIdBytes) std::abort();
  std::string secret(rollcall::kSecretKeyBytes, 's');
  const rollcall::DataKey key(id.ok() ? *id : std::string(rollcall::kKeyIdBytes, 'i'), "tag",
                              *rollcall::SecretKey::Take(&secret));
  if (key.Open(bytes).ok()) std::abort();
  return 0;
}
