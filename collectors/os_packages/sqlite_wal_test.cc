#include "platform/sqlite/sqlite_wal.h"

#include <gtest/gtest.h>

#include <string>

#include "collectors/os_packages/sqlite_wal_test_support.h"

namespace rollcall {
namespace {

constexpr uint32_t kPage = 512;
constexpr size_t kHeader = 32;
constexpr size_t kFrame = 24 + kPage;

std::string Page(char c) { return std::string(kPage, c); }

SqliteWal Open(absl::string_view bytes) {
  auto wal = SqliteWal::Open(MemoryFile(bytes), NameSink());
  EXPECT_TRUE(wal.ok()) << wal.status();
  return wal.ok() ? *std::move(wal) : SqliteWal();
}

// The newest content of a page, 0 if it is not in the log.
char Newest(absl::string_view bytes, uint32_t page) {
  const auto offset = Open(bytes).Find(page);
  return offset ? bytes[*offset] : '\0';
}

TEST(SqliteWal, ReadsWhatSqliteWrote) {
  const SqliteWal wal = Open(TestData("rpm_sqlite/root/var/lib/rpm/rpmdb.sqlite-wal"));
  EXPECT_EQ(wal.page_bytes(), 4096U);
  EXPECT_EQ(wal.database_pages(), 10U);
}

TEST(SqliteWal, TheLastFrameOfAPageCounts) {
  for (const bool big_endian : {false, true}) {
    const std::string bytes = WalBuilder(kPage, big_endian)
                                  .Frame(2, Page('a'), 0)
                                  .Frame(3, Page('b'), 3)
                                  .Frame(2, Page('c'), 0)
                                  .Frame(1, Page('d'), 4)
                                  .bytes();
    EXPECT_EQ(Newest(bytes, 1), 'd');
    EXPECT_EQ(Newest(bytes, 2), 'c');
    EXPECT_EQ(Newest(bytes, 3), 'b');
    EXPECT_EQ(Newest(bytes, 4), '\0');
    EXPECT_EQ(Open(bytes).database_pages(), 4U);
  }
}

TEST(SqliteWal, ATransactionUnderWayDoesNotCount) {
  const std::string bytes =
      WalBuilder(kPage).Frame(2, Page('a'), 2).Frame(2, Page('b'), 0).Frame(3, Page('b'), 0).bytes();
  EXPECT_EQ(Newest(bytes, 2), 'a');
  EXPECT_EQ(Newest(bytes, 3), '\0');
  EXPECT_EQ(Open(bytes).database_pages(), 2U);
}

TEST(SqliteWal, FramesOfAnEarlierUseOfTheFileDoNotCount) {
  const std::string earlier =
      WalBuilder(kPage, false, 1).Frame(2, Page('x'), 2).Frame(2, Page('y'), 2).Frame(3, Page('z'), 3).bytes();
  std::string bytes = WalBuilder(kPage, false, 2).Frame(2, Page('a'), 2).bytes();
  bytes += earlier.substr(bytes.size());
  EXPECT_EQ(Newest(bytes, 2), 'a');
  EXPECT_EQ(Newest(bytes, 3), '\0');
}

TEST(SqliteWal, ADamagedFrameEndsTheLog) {
  const std::string good = WalBuilder(kPage).Frame(2, Page('a'), 2).Frame(2, Page('b'), 2).bytes();
  ASSERT_EQ(Newest(good, 2), 'b');
  // Page number, size after commit, salt, checksum and content of the second frame.
  for (const size_t at : {0, 4, 8, 12, 16, 20, 24, 24 + 511}) {
    std::string bytes = good;
    bytes[kHeader + kFrame + at] ^= 1;
    EXPECT_EQ(Newest(bytes, 2), 'a') << at;
  }
  for (size_t size = kHeader + kFrame; size < good.size(); size += 53) {
    EXPECT_EQ(Newest(good.substr(0, size), 2), 'a') << size;
  }
}

TEST(SqliteWal, ALogWithoutAHeaderIsEmpty) {
  const std::string good = WalBuilder(kPage).Frame(2, Page('a'), 2).bytes();
  for (size_t at = 0; at < kHeader; ++at) {
    std::string bytes = good;
    bytes[at] ^= 0x40;
    EXPECT_EQ(Newest(bytes, 2), '\0') << at;
    EXPECT_EQ(Open(bytes).page_bytes(), 0U);
  }
  EXPECT_EQ(Open("").page_bytes(), 0U);
  EXPECT_EQ(Open(good.substr(0, 31)).page_bytes(), 0U);
  EXPECT_EQ(Open(std::string(4096, '\0')).page_bytes(), 0U);
}

TEST(SqliteWal, StopsWhenAsked) {
  NameSink sink;
  sink.stop = true;
  EXPECT_EQ(SqliteWal::Open(MemoryFile(WalBuilder(kPage).Frame(2, Page('a'), 2).bytes()), sink).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace rollcall
