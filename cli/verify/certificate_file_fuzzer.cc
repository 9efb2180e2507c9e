// Any bytes as a certificate, verified against its own checkpoint: it must end, and never be taken for verified
// with a key that signed nothing.
#include <cstdint>
#include <cstdlib>

#include "cli/verify/certificate_verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto file = rollcall::verify::ParseCertificateFile(bytes);
  if (!file.ok()) return 0;
  rollcall::verify::Checkpoint outside;
  const auto own = rollcall::verify::ParseCheckpoint(file->certificate.checkpoint());
  if (own.ok()) outside = *own;
  rollcall::verify::VerifyCertificate(*file, outside, std::nullopt);
  // A key nobody has signed with.
  const rollcall::verify::VerifierKey nobody = {outside.origin, std::string(4, '\0'), std::string(32, '\1')};
  if (rollcall::verify::VerifyCertificate(*file, outside, nobody).verified()) std::abort();
  return 0;
}
