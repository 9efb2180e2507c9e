#include "backend/store/scan_cursor.h"

#include <cstring>

#include "absl/strings/escaping.h"

namespace rollcall {
namespace {

constexpr char kVersion = 1;
// Far above what the names in a cursor may take.
constexpr size_t kMaxText = 4096;

void AppendInt(std::string* out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<char>(value >> shift));
}

void AppendText(std::string* out, absl::string_view text) {
  AppendInt(out, static_cast<uint32_t>(text.size()));
  out->append(text.data(), text.size());
}

bool TakeInt(absl::string_view* in, uint32_t* value) {
  if (in->size() < 4) return false;
  *value = 0;
  for (int i = 0; i < 4; ++i) *value |= uint32_t{static_cast<uint8_t>((*in)[i])} << (8 * i);
  in->remove_prefix(4);
  return true;
}

bool TakeInt(absl::string_view* in, int* value) {
  uint32_t bits = 0;
  if (!TakeInt(in, &bits)) return false;
  *value = static_cast<int>(bits);
  return true;
}

bool TakeText(absl::string_view* in, std::string* text) {
  uint32_t size = 0;
  if (!TakeInt(in, &size) || size > in->size()) return false;
  *text = std::string(in->substr(0, size));
  in->remove_prefix(size);
  return true;
}

bool Parse(absl::string_view in, ScanCursor* cursor) {
  if (in.empty() || in[0] != kVersion) return false;
  in.remove_prefix(1);
  if (!TakeText(&in, &cursor->agent_id) || !TakeText(&in, &cursor->collector) || !TakeInt(&in, &cursor->scope_type) ||
      !TakeText(&in, &cursor->scope_id) || !TakeInt(&in, &cursor->kind) || in.size() != cursor->asset_key.size()) {
    return false;
  }
  std::memcpy(cursor->asset_key.data(), in.data(), in.size());
  return true;
}

}  // namespace

std::string EncodeScanCursor(const ScanCursor& cursor) {
  std::string out(1, kVersion);
  AppendText(&out, cursor.agent_id);
  AppendText(&out, cursor.collector);
  AppendInt(&out, static_cast<uint32_t>(cursor.scope_type));
  AppendText(&out, cursor.scope_id);
  AppendInt(&out, static_cast<uint32_t>(cursor.kind));
  out.append(reinterpret_cast<const char*>(cursor.asset_key.data()), cursor.asset_key.size());
  return absl::WebSafeBase64Escape(out);
}

absl::StatusOr<std::optional<ScanCursor>> DecodeScanCursor(absl::string_view text) {
  if (text.empty()) return std::optional<ScanCursor>();
  std::string bytes;
  ScanCursor cursor;
  // Base64 is read leniently; only one spelling was given.
  if (text.size() > kMaxText || !absl::WebSafeBase64Unescape(text, &bytes) || !Parse(bytes, &cursor) ||
      EncodeScanCursor(cursor) != text) {
    return absl::InvalidArgumentError("cursor was not given by a scan");
  }
  return std::optional<ScanCursor>(std::move(cursor));
}

}  // namespace rollcall
