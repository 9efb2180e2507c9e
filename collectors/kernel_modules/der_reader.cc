#include "collectors/kernel_modules/der_reader.h"

#include <cstddef>

namespace rollcall {
namespace {

// Passes the length octets. False if they are damaged or say more than there is.
bool ReadLength(absl::string_view* bytes, size_t* length) {
  if (bytes->empty()) return false;
  const auto first = static_cast<uint8_t>(bytes->front());
  bytes->remove_prefix(1);
  if (first < 0x80) {
    *length = first;
    return *length <= bytes->size();
  }
  constexpr size_t kMaxLengthOctets = 4;
  const size_t octets = first & 0x7FU;
  if (octets == 0 || octets > kMaxLengthOctets || octets > bytes->size()) return false;
  *length = 0;
  for (size_t i = 0; i < octets; ++i) *length = *length << 8U | static_cast<uint8_t>((*bytes)[i]);
  bytes->remove_prefix(octets);
  return *length <= bytes->size();
}

}  // namespace

std::optional<uint8_t> DerReader::PeekTag() const {
  if (rest_.empty()) return std::nullopt;
  return static_cast<uint8_t>(rest_.front());
}

std::optional<absl::string_view> DerReader::Read(uint8_t tag) {
  if (PeekTag() != tag) return std::nullopt;
  absl::string_view bytes = rest_.substr(1);
  size_t length = 0;
  if (!ReadLength(&bytes, &length)) return std::nullopt;
  rest_ = bytes.substr(length);
  return bytes.substr(0, length);
}

}  // namespace rollcall
