// Bytes as a PEM certificate: no crash, and an identity only in its strict form.
#include <cstdint>
#include <cstdlib>

#include "agent/identity/agent_identity.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto identity = rollcall::IdentityFromCertificate(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (identity.ok() && identity->agent_id.size() != 36) abort();
  return 0;
}
