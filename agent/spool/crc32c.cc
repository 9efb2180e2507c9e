#include "agent/spool/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace rollcall {
namespace {

constexpr uint32_t kReversedPolynomial = 0x82f63b78;

constexpr std::array<std::array<uint32_t, 256>, 4> MakeTables() {
  std::array<std::array<uint32_t, 256>, 4> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReversedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (uint32_t byte = 0; byte < 256; ++byte) {
    for (size_t slice = 1; slice < 4; ++slice) {
      const uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

// Table `n` advances a byte by `n` more zero bytes, so four bytes are taken at a time.
constexpr std::array<std::array<uint32_t, 256>, 4> kTables = MakeTables();

#if defined(__x86_64__)
#define ROLLCALL_HARDWARE_CRC32C 1
bool HasHardwareCrc() { return __builtin_cpu_supports("sse4.2") != 0; }
__attribute__((target("sse4.2"))) uint32_t ExtendHardware(uint32_t crc, const char* data, size_t size) {
  uint64_t state = ~crc;
  for (; size >= 8; data += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, data, sizeof(word));
    state = _mm_crc32_u64(state, word);
  }
  auto narrow = static_cast<uint32_t>(state);
  for (; size > 0; ++data, --size) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*data));
  return ~narrow;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#define ROLLCALL_HARDWARE_CRC32C 1
bool HasHardwareCrc() { return true; }
uint32_t ExtendHardware(uint32_t crc, const char* data, size_t size) {
  uint32_t state = ~crc;
  for (; size >= 8; data += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, data, sizeof(word));
    state = __crc32cd(state, word);
  }
  for (; size > 0; ++data, --size) state = __crc32cb(state, static_cast<unsigned char>(*data));
  return ~state;
}
#endif

}  // namespace

uint32_t ExtendCrc32cPortable(uint32_t crc, absl::string_view data) {
  uint32_t state = ~crc;
  size_t at = 0;
  const auto byte = [&](size_t index) { return static_cast<uint32_t>(static_cast<unsigned char>(data[index])); };
  for (; data.size() - at >= 4; at += 4) {
    state ^= byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
    state = kTables[3][state & 0xff] ^ kTables[2][(state >> 8) & 0xff] ^ kTables[1][(state >> 16) & 0xff] ^
            kTables[0][state >> 24];
  }
  for (; at < data.size(); ++at) state = (state >> 8) ^ kTables[0][(state ^ byte(at)) & 0xff];
  return ~state;
}

uint32_t ExtendCrc32c(uint32_t crc, absl::string_view data) {
#if defined(ROLLCALL_HARDWARE_CRC32C)
  static const bool has_hardware = HasHardwareCrc();
  if (has_hardware) return ExtendHardware(crc, data.data(), data.size());
#endif
  return ExtendCrc32cPortable(crc, data);
}

}  // namespace rollcall
