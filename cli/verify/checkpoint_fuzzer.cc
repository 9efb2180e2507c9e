// Any bytes as a checkpoint and as a key: what parses is signed text and signature lines, and nothing else.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "cli/verify/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto key = rollcall::verify::ParseVerifierKey(bytes);
  if (key.ok() && (key->public_key.size() != 32 || key->id.size() != 4)) std::abort();
  const auto checkpoint = rollcall::verify::ParseCheckpoint(bytes);
  if (!checkpoint.ok()) return 0;
  std::string again = absl::StrCat(checkpoint->text, "\n");
  for (const auto& signature : checkpoint->signatures) {
    absl::StrAppend(&again, "\u2014 ", signature.name, " ",
                    absl::Base64Escape(absl::StrCat(signature.id, signature.signature)), "\n");
  }
  if (again != bytes || checkpoint->root.size() != 32) std::abort();
  static const auto known =
      rollcall::verify::ParseVerifierKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  rollcall::verify::CheckSignature(*checkpoint, *known).IgnoreError();
  return 0;
}
