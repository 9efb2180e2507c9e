// Bytes as a token: what is accepted has one spelling, and what is said of the rest does not repeat it.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "backend/tokens/refusal_limiter.h"
#include "backend/tokens/token_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto token = rollcall::ParseToken(bytes);
  if (token.ok() && rollcall::FormatToken(*token) != bytes) std::abort();
  if (token.ok() && !rollcall::CheckTokenId(token->id).ok()) std::abort();
  if (!token.ok() && token.status() != rollcall::ParseToken("").status()) std::abort();
  if (rollcall::NetworkOf(bytes).size() > size + 16) std::abort();
  return 0;
}
