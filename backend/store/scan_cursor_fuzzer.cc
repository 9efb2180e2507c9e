// Any text as a cursor, and any bytes below its Base64: what is taken was given.
#include <cstdint>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "backend/store/scan_cursor.h"

namespace {

void Check(absl::string_view text) {
  const auto cursor = rollcall::DecodeScanCursor(text);
  if (!cursor.ok()) {
    if (!absl::IsInvalidArgument(cursor.status())) std::abort();
    return;
  }
  if (cursor->has_value() == text.empty()) std::abort();
  if (cursor->has_value() && rollcall::EncodeScanCursor(**cursor) != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  Check(bytes);
  Check(absl::WebSafeBase64Escape(bytes));
  return 0;
}
