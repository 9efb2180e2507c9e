#include "agent/pipeline/valid_text.h"

#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"

namespace rollcall {
namespace {

bool InRange(absl::string_view text, size_t at, uint8_t low, uint8_t high) {
  if (at >= text.size()) return false;
  const auto byte = static_cast<uint8_t>(text[at]);
  return byte >= low && byte <= high;
}

// Length of the character at `at`, 0 if it is not valid. Table 3-7 of the Unicode Standard.
size_t CharacterLength(absl::string_view text, size_t at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return InRange(text, at + 1, 0x80, 0xbf) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : 0xbf;
    return InRange(text, at + 1, low, high) && InRange(text, at + 2, 0x80, 0xbf) ? 3 : 0;
  }
  if (lead < 0xf0 || lead > 0xf4) return 0;
  const uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;
  const bool valid =
      InRange(text, at + 1, low, high) && InRange(text, at + 2, 0x80, 0xbf) && InRange(text, at + 3, 0x80, 0xbf);
  return valid ? 4 : 0;
}

// Where the valid beginning of the text ends.
size_t ValidPrefix(absl::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = CharacterLength(text, at);
    if (length == 0) break;
    at += length;
  }
  return at;
}

}  // namespace

bool EscapeInvalidUtf8(std::string* text) {
  size_t at = ValidPrefix(*text);
  if (at == text->size()) return false;
  constexpr char kHex[] = "0123456789abcdef";
  const std::string bytes = std::move(*text);
  text->assign(bytes, 0, at);
  while (at < bytes.size()) {
    const size_t length = CharacterLength(bytes, at);
    if (length > 0) {
      text->append(bytes, at, length);
      at += length;
      continue;
    }
    const auto byte = static_cast<uint8_t>(bytes[at++]);
    text->append({'\\', 'x', kHex[byte >> 4], kHex[byte & 0xf]});
  }
  return true;
}

bool TruncateText(size_t max_bytes, std::string* text) {
  constexpr absl::string_view kMarker = "[TRUNCATED]";
  if (text->size() <= max_bytes) return false;
  size_t end = max_bytes - kMarker.size();
  while (end > 0 && (static_cast<uint8_t>((*text)[end]) & 0xc0) == 0x80) --end;
  text->resize(end);
  text->append(kMarker.data(), kMarker.size());
  return true;
}

}  // namespace rollcall
