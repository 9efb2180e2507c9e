#include "agent/spool/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

std::string Ascending(size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST(Crc32cTest, KnownVectors) {
  // RFC 3720, B.4, and the check value of the CRC catalogue.
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(Ascending(32)), 0x46dd794eu);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32cTest, PortableAndHardwareAgreeAtEveryLengthAndAlignment) {
  const std::string bytes = Ascending(300);
  for (size_t start = 0; start < 9; ++start) {
    for (size_t size = 0; size < 130; ++size) {
      const absl::string_view part(bytes.data() + start, size);
      ASSERT_EQ(ExtendCrc32cPortable(7, part), ExtendCrc32c(7, part)) << start << "+" << size;
    }
  }
}

TEST(Crc32cTest, ExtendingEqualsConcatenation) {
  const std::string bytes = Ascending(64);
  for (size_t split = 0; split <= bytes.size(); ++split) {
    const uint32_t first = Crc32c(absl::string_view(bytes).substr(0, split));
    ASSERT_EQ(ExtendCrc32c(first, absl::string_view(bytes).substr(split)), Crc32c(bytes)) << split;
  }
}

TEST(Crc32cTest, EveryFlippedBitChangesIt) {
  std::string bytes = Ascending(48);
  const uint32_t good = Crc32c(bytes);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_NE(Crc32c(bytes), good) << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  }
}

}  // namespace
}  // namespace rollcall
