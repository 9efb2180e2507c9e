#include "collectors/os_packages/rpm_bdb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "collectors/os_packages/rpm_test_support.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kRecorded[] = "rpm_bdb/root/var/lib/rpm/Packages";
constexpr size_t kPage = 512;

absl::Status Read(absl::string_view bytes, NameSink* sink) { return ReadRpmBdb(MemoryFile(bytes), *sink); }

// Writes numbers into a page in either byte order.
class PageWriter {
 public:
  explicit PageWriter(bool big_endian) : big_endian_(big_endian), bytes_(kPage, '\0') {}
  PageWriter& Put(size_t at, absl::string_view bytes) {
    bytes_.replace(at, bytes.size(), std::string(bytes));
    return *this;
  }
  PageWriter& Put32(size_t at, uint32_t n) { return Put(at, big_endian_ ? BigEndian32(n) : LittleEndian32(n)); }
  PageWriter& Put16(size_t at, uint32_t n) {
    return Put(at, big_endian_ ? BigEndian32(n).substr(2) : LittleEndian32(n).substr(0, 2));
  }
  const std::string& bytes() const { return bytes_; }

 private:
  const bool big_endian_;
  std::string bytes_;
};

std::string Meta(uint32_t last_page, bool big_endian = false) {
  return PageWriter(big_endian)
      .Put32(12, 0x061561)
      .Put32(16, 9)
      .Put32(20, kPage)
      .Put(25, "\x08")
      .Put32(32, last_page)
      .bytes();
}

// A page with one package, whose header is in the overflow pages from `first` on.
std::string HashPage(uint32_t first, size_t size, bool big_endian = false) {
  PageWriter item(big_endian);
  item.Put(0, "\x03").Put32(4, first).Put32(8, static_cast<uint32_t>(size));
  PageWriter key(big_endian);
  key.Put(0, "\x01").Put32(1, 1);
  return PageWriter(big_endian)
      .Put16(20, 2)
      .Put(25, "\x0d")
      .Put16(26, kPage - 5)
      .Put16(28, kPage - 17)
      .Put(kPage - 5, key.bytes().substr(0, 5))
      .Put(kPage - 17, item.bytes().substr(0, 12))
      .bytes();
}

std::string OverflowPage(uint32_t next, absl::string_view data, bool big_endian = false) {
  return PageWriter(big_endian)
      .Put32(16, next)
      .Put16(22, static_cast<uint32_t>(data.size()))
      .Put(25, "\x07")
      .Put(26, data)
      .bytes();
}

// Two pages long.
std::string Header() {
  return RpmHeaderBuilder().Text(1000, "a").Text(1001, "1").Text(1014, std::string(500, 'x')).Build();
}

std::string Database(uint32_t second_page_after_first = 3, bool big_endian = false) {
  const std::string header = Header();
  const size_t half = kPage - 26;
  return Meta(3, big_endian) + HashPage(2, header.size(), big_endian) +
         OverflowPage(second_page_after_first, header.substr(0, half), big_endian) +
         OverflowPage(0, header.substr(half), big_endian);
}

TEST(ReadRpmBdb, ReadsWhatRpmWrote) {
  NameSink sink;
  EXPECT_EQ(Read(TestData(kRecorded), &sink), absl::OkStatus());
  EXPECT_EQ(Sorted(sink.names), RecordedNames(true));
  EXPECT_THAT(sink.damage, IsEmpty());
}

TEST(ReadRpmBdb, ReadsEitherByteOrder) {
  for (const bool big_endian : {false, true}) {
    NameSink sink;
    EXPECT_EQ(Read(Database(3, big_endian), &sink), absl::OkStatus());
    EXPECT_THAT(sink.names, ElementsAre("a-1")) << big_endian;
    EXPECT_THAT(sink.damage, IsEmpty());
  }
}

TEST(ReadRpmBdb, ReadsAHeaderThatFitsInItsPage) {
  const std::string header = RpmHeaderBuilder().Text(1000, "a").Text(1001, "1").Build();
  const size_t begin = kPage - 5 - 1 - header.size();
  PageWriter page(false);
  page.Put16(20, 2).Put(25, "\x02").Put16(26, kPage - 5).Put16(28, static_cast<uint32_t>(begin));
  page.Put(kPage - 5, "\x01").Put32(kPage - 4, 1).Put(begin, "\x01").Put(begin + 1, header);
  NameSink sink;
  EXPECT_EQ(Read(Meta(1) + page.bytes(), &sink), absl::OkStatus());
  EXPECT_THAT(sink.names, ElementsAre("a-1"));
}

TEST(ReadRpmBdb, RefusesWhatIsNoDatabase) {
  std::string btree = Meta(0);
  btree[25] = 9;
  std::string page_size = Meta(0);
  page_size[20] = 1;
  std::string huge_pages = Meta(0);
  huge_pages[22] = 2;
  std::string checksums = Meta(0);
  checksums[26] = 1;
  for (const std::string& bytes : {std::string(), std::string(20, '\0'), std::string(4096, '\xFF'), btree, page_size,
                                   huge_pages, checksums, TestData("rpm_ndb/root/usr/lib/sysimage/rpm/Packages.db")}) {
    NameSink sink;
    EXPECT_EQ(Read(bytes, &sink).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(ReadRpmBdb, AChainThatLoopsEnds) {
  NameSink sink;
  EXPECT_EQ(Read(Database(2), &sink), absl::OkStatus());
  EXPECT_THAT(sink.damage, ElementsAre("page 1: header shares a page with another, or is a loop"));
}

// An empty page in the chain moves nothing forward; without the count of visits it would not end.
TEST(ReadRpmBdb, AChainOfEmptyPagesEnds) {
  NameSink sink;
  EXPECT_EQ(Read(Meta(2) + HashPage(2, 100) + OverflowPage(2, ""), &sink), absl::OkStatus());
  EXPECT_THAT(sink.damage, ElementsAre(HasSubstr("loop")));
}

TEST(ReadRpmBdb, DamageIsNamed) {
  std::string not_overflow = Database();
  not_overflow[2 * kPage + 25] = 5;
  std::string too_long = Database();
  too_long[2 * kPage + 23] = 7;
  std::string odd_entries = Database();
  odd_entries[kPage + 20] = 3;
  std::string many_entries = Database();
  many_entries[kPage + 21] = 9;
  std::string item_type = Database();
  item_type[2 * kPage - 17] = 4;
  std::string item_place = Database();
  item_place[kPage + 28] = 1;
  item_place[kPage + 29] = 0;
  std::string huge = Database();
  huge[2 * kPage - 17 + 11] = 3;
  std::string larger_than_file = Database();
  larger_than_file[2 * kPage - 17 + 10] = 1;
  const struct {
    std::string bytes;
    absl::string_view problem;
  } cases[] = {
      {Database(0), "breaks off"},
      {Database(9), "breaks off"},
      {not_overflow, "page 2 is not part of a header"},
      {too_long, "page 2 is not part of a header"},
      {odd_entries, "impossible number of entries"},
      {many_entries, "impossible number of entries"},
      {item_type, "unknown type of item"},
      {item_place, "impossible place"},
      {huge, "larger than the limit"},
      {larger_than_file, "larger than the file"},
      {Database().substr(0, 3 * kPage), "has 3 of 4 pages"},
  };
  for (const auto& c : cases) {
    NameSink sink;
    EXPECT_EQ(Read(c.bytes, &sink), absl::OkStatus());
    EXPECT_THAT(sink.names, IsEmpty());
    EXPECT_THAT(sink.damage, Contains(HasSubstr(std::string(c.problem))));
  }
}

// Every second pair has places that break the order, so that the next has the whole page again.
TEST(ReadRpmBdb, PackagesThatShareBytesCostNoMoreThanTheFile) {
  const std::string header = RpmHeaderBuilder().Text(1000, "a").Text(1001, "1").Build();
  const uint32_t value = static_cast<uint32_t>(kPage - 5 - 1 - header.size());
  constexpr uint32_t kPairs = 100;
  PageWriter page(false);
  page.Put16(20, 2 * kPairs).Put(25, "\x0d");
  for (uint32_t pair = 0; pair < kPairs; ++pair) {
    page.Put16(26 + pair * 4, pair % 2 == 0 ? kPage - 5 : 0).Put16(28 + pair * 4, pair % 2 == 0 ? value : kPage);
  }
  page.Put(kPage - 5, "\x01").Put32(kPage - 4, 1).Put(value, "\x01").Put(value + 1, header);
  const std::string bytes = Meta(1) + page.bytes();
  NameSink sink;
  EXPECT_EQ(Read(bytes, &sink), absl::OkStatus());
  EXPECT_GE(sink.blobs, 1U);
  EXPECT_LE(sink.blobs * header.size(), bytes.size());
  EXPECT_THAT(sink.damage, Contains(HasSubstr("overlaps other packages")));
}

TEST(ReadRpmBdb, PagesBehindTheLastAreDamageAndRead) {
  const std::string good = Database();
  NameSink sink;
  EXPECT_EQ(Read(Meta(0) + good.substr(kPage), &sink), absl::OkStatus());
  EXPECT_THAT(sink.names, ElementsAre("a-1"));
  EXPECT_THAT(sink.damage, ElementsAre("page 1: is behind the last page, 0"));
  // Room that was never used is not.
  NameSink with_room;
  EXPECT_EQ(Read(good + std::string(2 * kPage, '\0'), &with_room), absl::OkStatus());
  EXPECT_THAT(with_room.damage, IsEmpty());
}

TEST(ReadRpmBdb, ATruncatedFileGivesWhatItHas) {
  const std::string bytes = TestData(kRecorded);
  size_t most = 0;
  for (size_t size = 4096; size < bytes.size(); size += 97) {
    NameSink sink;
    EXPECT_EQ(Read(bytes.substr(0, size), &sink), absl::OkStatus());
    EXPECT_FALSE(sink.damage.empty()) << size;
    most = std::max(most, sink.names.size());
  }
  EXPECT_EQ(most, 6U) << "all but the package on the last page";
}

TEST(ReadRpmBdb, NoByteThatIsWrongLosesMoreThanItMust) {
  std::string bytes = TestData(kRecorded);
  for (size_t i = 4096; i < bytes.size(); i += 61) {
    bytes[i] = static_cast<char>(~bytes[i]);
    NameSink sink;
    EXPECT_EQ(Read(bytes, &sink), absl::OkStatus());
    // A page holds up to four packages.
    EXPECT_GE(sink.names.size(), 3U) << i;
    bytes[i] = static_cast<char>(~bytes[i]);
  }
}

TEST(ReadRpmBdb, StopsWhenAsked) {
  NameSink sink;
  sink.stop = true;
  std::string bytes = Meta(2000);
  bytes.resize(2001 * kPage);
  EXPECT_EQ(Read(bytes, &sink).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace rollcall
