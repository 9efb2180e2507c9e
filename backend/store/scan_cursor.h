// Where a scan goes on.
#ifndef ROLLCALL_BACKEND_STORE_SCAN_CURSOR_H_
#define ROLLCALL_BACKEND_STORE_SCAN_CURSOR_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/record_identity.h"

namespace rollcall {

// The last position a page gave, in the order of a scan. All engines use it, so that a cursor
// survives a change of engine.
struct ScanCursor {
  std::string agent_id;
  std::string collector;
  int scope_type = 0;
  std::string scope_id;
  int kind = 0;
  AssetKey asset_key{};

  friend bool operator==(const ScanCursor&, const ScanCursor&) = default;
};

// URL-safe text, and back. An empty text is the start of a scan: unset. InvalidArgument for anything
// EncodeScanCursor did not give. Pure.
std::string EncodeScanCursor(const ScanCursor& cursor);
absl::StatusOr<std::optional<ScanCursor>> DecodeScanCursor(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SCAN_CURSOR_H_
