#include "backend/archive/tar_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Entry(absl::string_view name, absl::string_view contents) {
  return absl::StrCat(TarHeader(name, contents.size()), contents, TarPadding(contents.size()));
}

struct Parsed {
  absl::Status status;
  std::vector<std::string> entries;
};

Parsed Parse(absl::string_view tar, size_t piece, size_t max_entry_bytes = 4096) {
  Parsed parsed;
  TarParser parser(max_entry_bytes, [&](absl::string_view name, absl::string_view contents) {
    parsed.entries.push_back(absl::StrCat(name, "=", contents));
    return contents == "refuse me" ? absl::CancelledError("refused") : absl::OkStatus();
  });
  while (!tar.empty() && parsed.status.ok()) {
    parsed.status = parser.Feed(tar.substr(0, piece));
    tar.remove_prefix(std::min(piece, tar.size()));
  }
  if (parsed.status.ok()) parsed.status = parser.Finish();
  return parsed;
}

// As POSIX lays it out, byte for byte at the places it names.
TEST(TarStreamTest, HeaderIsUstar) {
  const std::string header = TarHeader("records/0000000000.pb", 1234);
  ASSERT_EQ(header.size(), 512u);
  EXPECT_STREQ(header.c_str(), "records/0000000000.pb");
  EXPECT_STREQ(header.c_str() + 100, "0000400");
  EXPECT_EQ(header.substr(124, 12), absl::string_view("00000002322\0", 12));
  EXPECT_EQ(header[156], '0');
  EXPECT_EQ(header.substr(257, 8), absl::string_view("ustar\00000", 8));
  unsigned sum = 8 * ' ';
  for (size_t i = 0; i < header.size(); ++i) sum += i >= 148 && i < 156 ? 0 : static_cast<unsigned char>(header[i]);
  EXPECT_EQ(strtoul(header.c_str() + 148, nullptr, 8), sum);
}

TEST(TarStreamTest, ReadsWhatIsWrittenInAnyPieces) {
  const std::string long_entry(1000, 'x');
  const std::string tar = absl::StrCat(Entry("a", "first"), Entry("empty", ""), Entry("block", std::string(512, 'b')),
                                       Entry("long", long_entry), TarEnd());
  for (const size_t piece : {size_t{1}, size_t{511}, size_t{512}, size_t{513}, size_t{100000}}) {
    const Parsed parsed = Parse(tar, piece);
    EXPECT_TRUE(parsed.status.ok()) << piece << ": " << parsed.status;
    EXPECT_THAT(parsed.entries, ElementsAre("a=first", "empty=", absl::StrCat("block=", std::string(512, 'b')),
                                            absl::StrCat("long=", long_entry)))
        << piece;
  }
}

TEST(TarStreamTest, EveryBitOfAHeaderCounts) {
  const std::string tar = absl::StrCat(Entry("a", "first"), TarEnd());
  for (size_t bit = 0; bit < 512 * 8; ++bit) {
    std::string bad = tar;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_TRUE(absl::IsInvalidArgument(Parse(bad, 4096).status)) << bit;
  }
}

TEST(TarStreamTest, BrokenInputs) {
  const std::string good = absl::StrCat(Entry("a", "first"), TarEnd());
  const auto error = [](absl::string_view tar) { return std::string(Parse(tar, 100).status.message()); };
  EXPECT_THAT(error(""), HasSubstr("no end"));
  EXPECT_THAT(error(good.substr(0, 100)), HasSubstr("no end"));
  EXPECT_THAT(error(good.substr(0, 600)), HasSubstr("no end"));
  EXPECT_THAT(error(good.substr(0, good.size() - 1)), HasSubstr("no end"));
  EXPECT_THAT(error(good + "x"), HasSubstr("follows its end"));
  EXPECT_THAT(error(good + std::string(512, '\0')), HasSubstr("follows its end"));
  EXPECT_THAT(error(std::string(512, '\0') + good), HasSubstr("single block of zeros"));
  std::string padded = good;
  padded[512 + 5] = 'x';
  EXPECT_THAT(error(padded), HasSubstr("filled with zeros"));
  EXPECT_THAT(error(absl::StrCat(TarHeader("a", 4097), std::string(5120, 'x'))), HasSubstr("too large"));
  // The largest size a header can hold, and nothing of it there.
  EXPECT_THAT(error(TarHeader("a", 077777777777)), HasSubstr("too large"));
  EXPECT_THAT(error(std::string(1024, 'x')), HasSubstr("not as it is written"));
  EXPECT_THAT(error(std::string(1024, '\xff')), HasSubstr("not as it is written"));
}

TEST(TarStreamTest, TheReceiverMayRefuse) {
  const Parsed parsed = Parse(absl::StrCat(Entry("a", "refuse me"), Entry("b", "more"), TarEnd()), 4096);
  EXPECT_TRUE(absl::IsCancelled(parsed.status));
  EXPECT_THAT(parsed.entries, ElementsAre("a=refuse me"));
}

}  // namespace
}  // namespace rollcall
