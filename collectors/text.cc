#include "collectors/text.h"

#include <algorithm>
#include <cstdint>

namespace rollcall {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

bool IsContinuation(char byte) { return (static_cast<uint8_t>(byte) & 0xC0U) == 0x80U; }

// Length of the well-formed character `text` starts with; 0 if it starts with none. Follows
// table 3-7 of the Unicode Standard: no overlong forms, no surrogates, nothing past U+10FFFF.
size_t CharacterLength(absl::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return 1;
  size_t length = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  const auto second = static_cast<uint8_t>(text[1]);
  if (second < low || second > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  return length;
}

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<uint8_t>(byte) < 0x80; });
}

}  // namespace

std::string ToRecordText(absl::string_view bytes, size_t limit) {
  if (bytes.size() <= limit && IsAscii(bytes)) return std::string(bytes);
  std::string text;
  text.reserve(std::min(bytes.size(), limit));
  while (!bytes.empty()) {
    const size_t length = CharacterLength(bytes);
    const absl::string_view character = length == 0 ? kReplacement : bytes.substr(0, length);
    if (text.size() + character.size() > limit) break;
    text.append(character.data(), character.size());
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

}  // namespace rollcall
