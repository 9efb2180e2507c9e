#include "platform/decompress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr size_t kLimit = size_t{1} << 20;

std::string Gzip(const std::string& content) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<unsigned char*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Xz(const std::string& content) {
  std::string out(lzma_stream_buffer_bound(content.size()), '\0');
  size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(9, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const uint8_t*>(content.data()),
                                    content.size(), reinterpret_cast<uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

std::string Zstd(const std::string& content) {
  std::string out(ZSTD_compressBound(content.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), content.data(), content.size(), 19));
  return out;
}

struct Format {
  const char* name;
  Compression compression;
  std::string (*compress)(const std::string&);
};

constexpr Format kFormats[] = {
    {"gzip", Compression::kGzip, Gzip},
    {"xz", Compression::kXz, Xz},
    {"zstd", Compression::kZstd, Zstd},
};

// Does not compress to nothing.
std::string Content(size_t size) {
  std::string content;
  for (size_t i = 0; content.size() < size; ++i) absl::StrAppend(&content, i * i, "\n");
  content.resize(size);
  return content;
}

TEST(Decompress, EveryFormat) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{65'536}, size_t{300'000}}) {
      const std::string content = Content(size);
      const std::string compressed = format.compress(content);
      EXPECT_EQ(CompressionOf(compressed), format.compression);
      const auto result = Decompress(compressed, kLimit);
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(*result == content, true) << size;
    }
  }
}

TEST(Decompress, SeveralMembersAreOneContent) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const auto result = Decompress(format.compress("one ") + format.compress("two"), kLimit);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(*result, "one two");
  }
}

TEST(Decompress, WhatFollowsIsIgnored) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const auto result = Decompress(format.compress("one") + std::string("\0\0trailer", 9), kLimit);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(*result, "one");
  }
}

TEST(Decompress, EveryTruncationIsDataLoss) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string compressed = format.compress(Content(1'000));
    for (size_t size = 6; size < compressed.size(); ++size) {
      EXPECT_TRUE(absl::IsDataLoss(Decompress(compressed.substr(0, size), kLimit).status())) << size;
    }
  }
}

TEST(Decompress, DamageIsDataLoss) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    std::string compressed = format.compress(Content(10'000));
    for (size_t i = 0; i < 64; ++i) compressed[compressed.size() / 2 + i] = '\x5a';
    const auto result = Decompress(compressed, kLimit);
    // A frame of zstd need not carry a checksum.
    if (format.compression == Compression::kZstd && result.ok()) continue;
    EXPECT_TRUE(absl::IsDataLoss(result.status())) << result.status();
  }
}

TEST(Decompress, ALimitIsExactAndStopsABomb) {
  for (const Format& format : kFormats) {
    SCOPED_TRACE(format.name);
    const std::string bomb = format.compress(std::string(size_t{4} << 20, '\0'));
    const auto result = Decompress(bomb, kLimit);
    EXPECT_TRUE(absl::IsResourceExhausted(result.status())) << result.status();
    EXPECT_THAT(std::string(result.status().message()), HasSubstr("larger than 1048576 bytes"));
    EXPECT_TRUE(Decompress(format.compress(std::string(kLimit, 'x')), kLimit).ok());
    EXPECT_FALSE(Decompress(format.compress(std::string(kLimit + 1, 'x')), kLimit).ok());
  }
}

// A frame of zstd with one block of one byte, which asks for a window of 64 and of 128 MiB.
TEST(Decompress, AWindowThatIsTooLargeIsExhaustedAndNotDamage) {
  const auto frame = [](char window) {
    return absl::StrCat("\x28\xb5\x2f\xfd", std::string({0, window, 9, 0, 0, 'x'}));
  };
  EXPECT_EQ(Decompress(frame('\x80'), kLimit).value_or(""), "x");
  const auto result = Decompress(frame('\x88'), kLimit);
  EXPECT_TRUE(absl::IsResourceExhausted(result.status())) << result.status();
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("window is larger than 64 MiB"));
}

TEST(Decompress, WhatIsNotCompressed) {
  for (const absl::string_view bytes : {"", "\x1f", "plain text",
                                        "\x7f"
                                        "ELF"}) {
    EXPECT_EQ(CompressionOf(bytes), Compression::kNone);
    EXPECT_TRUE(absl::IsInvalidArgument(Decompress(bytes, kLimit).status()));
  }
}

}  // namespace
}  // namespace rollcall
