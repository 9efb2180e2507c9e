// Any bytes as a SAN URI: what parses prints back to the same bytes.
#include <cstdint>
#include <cstdlib>

#include "backend/pki/peer_identity.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view uri(reinterpret_cast<const char*>(data), size);
  const auto identity = rollcall::ParseIdentityUri(uri);
  if (!identity.ok()) return 0;
  const auto printed = rollcall::IdentityUri(*identity);
  if (!printed.ok() || *printed != uri) std::abort();
  return 0;
}
