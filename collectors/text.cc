#include "collectors/text.h"

#include <algorithm>
#include <cstdint>

#include "platform/utf8.h"

namespace rollcall {
namespace {

constexpr absl::string_view kReplacement = "\xEF\xBF\xBD";

bool IsAscii(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) { return static_cast<uint8_t>(byte) < 0x80; });
}

}  // namespace

std::string ToRecordText(absl::string_view bytes, size_t limit) {
  if (bytes.size() <= limit && IsAscii(bytes)) return std::string(bytes);
  std::string text;
  text.reserve(std::min(bytes.size(), limit));
  while (!bytes.empty()) {
    const size_t length = Utf8CharacterLength(bytes);
    const absl::string_view character = length == 0 ? kReplacement : bytes.substr(0, length);
    if (text.size() + character.size() > limit) break;
    text.append(character.data(), character.size());
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

}  // namespace rollcall
