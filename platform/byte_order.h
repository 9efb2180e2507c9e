// Numbers in the bytes of a file. Callers have checked that the bytes are there.
#ifndef ROLLCALL_PLATFORM_BYTE_ORDER_H_
#define ROLLCALL_PLATFORM_BYTE_ORDER_H_

#include <cstdint>

namespace rollcall {

inline uint32_t ByteAt(const char* bytes, int place) { return static_cast<unsigned char>(bytes[place]); }

inline uint16_t LoadBigEndian16(const char* bytes) {
  return static_cast<uint16_t>(ByteAt(bytes, 0) << 8 | ByteAt(bytes, 1));
}

inline uint32_t LoadBigEndian32(const char* bytes) {
  return ByteAt(bytes, 0) << 24 | ByteAt(bytes, 1) << 16 | ByteAt(bytes, 2) << 8 | ByteAt(bytes, 3);
}

inline uint64_t LoadBigEndian64(const char* bytes) {
  return uint64_t{LoadBigEndian32(bytes)} << 32 | LoadBigEndian32(bytes + 4);
}

inline uint16_t LoadLittleEndian16(const char* bytes) {
  return static_cast<uint16_t>(ByteAt(bytes, 1) << 8 | ByteAt(bytes, 0));
}

inline uint32_t LoadLittleEndian32(const char* bytes) {
  return ByteAt(bytes, 3) << 24 | ByteAt(bytes, 2) << 16 | ByteAt(bytes, 1) << 8 | ByteAt(bytes, 0);
}

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_BYTE_ORDER_H_
