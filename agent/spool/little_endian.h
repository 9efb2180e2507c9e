// Fixed-width little-endian integers in byte strings.
#ifndef ROLLCALL_AGENT_SPOOL_LITTLE_ENDIAN_H_
#define ROLLCALL_AGENT_SPOOL_LITTLE_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace rollcall {

template <typename Integer>
void AppendLittleEndian(Integer value, std::string* out) {
  static_assert(std::is_unsigned_v<Integer>);
  for (size_t i = 0; i < sizeof(Integer); ++i) out->push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

// Takes an integer from the front of `bytes`; false, and nothing taken, if it is too short.
template <typename Integer>
[[nodiscard]] bool TakeLittleEndian(absl::string_view* bytes, Integer* value) {
  static_assert(std::is_unsigned_v<Integer>);
  if (bytes->size() < sizeof(Integer)) return false;
  Integer result = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    result = static_cast<Integer>(result | (static_cast<Integer>(static_cast<unsigned char>((*bytes)[i])) << (8 * i)));
  }
  *value = result;
  bytes->remove_prefix(sizeof(Integer));
  return true;
}

// Takes `size` bytes from the front.
[[nodiscard]] inline bool TakeBytes(absl::string_view* bytes, size_t size, absl::string_view* value) {
  if (bytes->size() < size) return false;
  *value = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return true;
}

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_SPOOL_LITTLE_ENDIAN_H_
