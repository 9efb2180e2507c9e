#include "collectors/os_packages/rpm_sqlite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "collectors/os_packages/sqlite_wal_test_support.h"
#include "platform/memory_tree.h"
#include "platform/sqlite/sqlite_pages.h"
#include "platform/sqlite/sqlite_table.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kRecorded[] = "rpm_sqlite/root/var/lib/rpm/rpmdb.sqlite";
constexpr size_t kPage = 4096;
// The package that is only in the log.
constexpr char kLogged[] = "librollcall-other+plus-2:9.9-0.1";

absl::Status Read(absl::string_view database, const std::string* log, NameSink* sink) {
  const MemoryFile log_file(log == nullptr ? absl::string_view() : absl::string_view(*log));
  return ReadRpmSqlite(MemoryFile(database), log == nullptr ? nullptr : &log_file, *sink);
}

class ReadRpmSqliteTest : public testing::Test {
 protected:
  const std::string database_ = TestData(kRecorded);
  const std::string log_ = TestData(std::string(kRecorded) + "-wal");
  NameSink sink_;
};

using Sqlite = ReadRpmSqliteTest;

TEST_F(Sqlite, ReadsTheDatabaseWithItsLog) {
  EXPECT_EQ(Read(database_, &log_, &sink_), absl::OkStatus());
  EXPECT_EQ(Sorted(sink_.names), RecordedNames(true));
  EXPECT_THAT(sink_.damage, IsEmpty());
}

TEST_F(Sqlite, WithoutTheLogOnlyWhatWasMovedIsThere) {
  EXPECT_EQ(Read(database_, nullptr, &sink_), absl::OkStatus());
  EXPECT_EQ(sink_.names.size(), 6U);
  EXPECT_THAT(sink_.names, Not(Contains(kLogged)));
}

TEST_F(Sqlite, ALogThatIsDamagedOrNotCommittedIsWhatSqliteTakesItFor) {
  std::string torn = log_.substr(0, log_.size() - 1);
  std::string flipped = log_;
  flipped.back() = static_cast<char>(~flipped.back());
  for (const std::string& log : {torn, flipped, std::string("garbage"), std::string(log_.size(), '\0')}) {
    NameSink sink;
    EXPECT_EQ(Read(database_, &log, &sink), absl::OkStatus());
    EXPECT_EQ(sink.names.size(), 6U);
    EXPECT_THAT(sink.damage, IsEmpty());
  }
}

TEST_F(Sqlite, ALogOfAnotherPageSizeIsRefused) {
  const std::string log = WalBuilder(1024).Frame(3, std::string(1024, '\0'), 3).bytes();
  EXPECT_EQ(Read(database_, &log, &sink_).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Sqlite, TheFirstPageMayBeInTheLogOnly) {
  std::string garbled = database_;
  std::fill_n(garbled.begin(), kPage, 'x');
  const std::string log = WalBuilder(kPage).Frame(1, database_.substr(0, kPage), 10).bytes();
  EXPECT_EQ(Read(garbled, &log, &sink_), absl::OkStatus());
  EXPECT_EQ(sink_.names.size(), 6U);
}

TEST_F(Sqlite, RefusesWhatIsNoDatabaseOfRpm) {
  std::string page_size = database_;
  page_size[16] = 3;
  std::string reserved = database_;
  reserved[16] = 2;
  reserved[20] = '\xFF';
  std::string utf16 = database_;
  utf16[59] = 2;
  std::string newer = database_;
  newer[19] = 9;
  std::string other_table = database_;
  for (size_t at = 0; (at = other_table.find("Packages", at)) < kPage;) other_table[at] = 'p';
  for (const std::string& bytes : {std::string(), std::string("SQLite format 3"), std::string(kPage, '\0'), page_size,
                                   reserved, utf16, newer, other_table, database_.substr(0, 99)}) {
    NameSink sink;
    EXPECT_FALSE(Read(bytes, nullptr, &sink).ok());
    EXPECT_THAT(sink.names, IsEmpty());
  }
}

// Root pages of the two tables follow page 1. Which one has the packages is the first
// interior or leaf page that names them; here page 2.
TEST_F(Sqlite, ATableThatContainsItselfEnds) {
  std::string bytes = database_;
  // The root becomes an interior page whose only child is itself.
  for (size_t page = 1; page < 4; ++page) {
    if (bytes[page * kPage] != 0x0d && bytes[page * kPage] != 0x05) continue;
    bytes[page * kPage] = 0x05;
    bytes.replace(page * kPage + 3, 2, std::string(2, '\0'));
    bytes.replace(page * kPage + 8, 4, BigEndian32(static_cast<uint32_t>(page + 1)));
  }
  EXPECT_EQ(Read(bytes, nullptr, &sink_), absl::OkStatus());
  EXPECT_THAT(sink_.names, IsEmpty());
  EXPECT_THAT(sink_.damage, Contains(HasSubstr("used twice, or a loop")));
}

TEST_F(Sqlite, ATruncatedDatabaseGivesWhatItHas) {
  size_t most = 0;
  for (size_t size = kPage; size < database_.size(); size += 509) {
    NameSink sink;
    Read(database_.substr(0, size), nullptr, &sink).IgnoreError();
    most = std::max(most, sink.names.size());
    EXPECT_TRUE(sink.names.size() == 6 || !sink.damage.empty()) << size;
  }
  EXPECT_GE(most, 4U);
}

TEST_F(Sqlite, NoByteThatIsWrongLosesMoreThanItsPackage) {
  std::string bytes = database_;
  for (size_t i = 2 * kPage; i < bytes.size(); i += 61) {
    bytes[i] = static_cast<char>(~bytes[i]);
    NameSink sink;
    EXPECT_EQ(Read(bytes, nullptr, &sink), absl::OkStatus());
    EXPECT_GE(sink.names.size(), 5U) << "a byte belongs to one package, " << i;
    bytes[i] = static_cast<char>(~bytes[i]);
  }
}

TEST_F(Sqlite, StopsWhenAsked) {
  sink_.stop = true;
  EXPECT_EQ(Read(database_, &log_, &sink_).code(), absl::StatusCode::kCancelled);
}

TEST(CheckSqliteJournal, KnowsTheMagicOfAJournalThatIsInUse) {
  constexpr char kJournal[] = "/db-journal";
  MemoryTree files;
  EXPECT_EQ(CheckSqliteJournal(files, kJournal), absl::OkStatus());
  files.SetFile(kJournal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and pages");
  EXPECT_TRUE(absl::IsAborted(CheckSqliteJournal(files, kJournal)));
  for (const std::string& over : {std::string(8, '\0'), std::string("\xd9\xd5\x05"), std::string()}) {
    files.SetFile(kJournal, over);
    EXPECT_EQ(CheckSqliteJournal(files, kJournal), absl::OkStatus());
  }
  files.SetError(kJournal, absl::PermissionDeniedError("permission denied"));
  EXPECT_TRUE(absl::IsPermissionDenied(CheckSqliteJournal(files, kJournal)));
}

TEST(SplitSqliteRow, ReadsEveryTypeOfValue) {
  // null, 8-bit -2, 16-bit 258, 24-bit, 32-bit, 48-bit and 64-bit -1, real, 0, 1, blob, text.
  std::string row("\x0d\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x10\x0f", 13);
  row += "\xFE";
  row += "\x01\x02";
  row += std::string(3 + 4 + 6 + 8, '\xFF');
  row += std::string(8, '\0') + "bb" + "t";
  const auto values = SplitSqliteRow(row, 100);
  ASSERT_TRUE(values.has_value());
  ASSERT_EQ(values->size(), 12U);
  std::vector<int64_t> integers;
  for (const SqliteValue& value : *values) integers.push_back(value.integer);
  EXPECT_THAT(integers, ElementsAre(0, -2, 258, -1, -1, -1, -1, 0, 0, 1, 0, 0));
  EXPECT_EQ((*values)[0].type, SqliteValue::Type::kNull);
  EXPECT_EQ((*values)[7].type, SqliteValue::Type::kReal);
  EXPECT_EQ((*values)[10].type, SqliteValue::Type::kBlob);
  EXPECT_EQ((*values)[10].bytes, "bb");
  EXPECT_EQ((*values)[11].type, SqliteValue::Type::kText);
  EXPECT_EQ((*values)[11].bytes, "t");
  EXPECT_EQ(SplitSqliteRow(row, 2)->size(), 2U);
}

TEST(SplitSqliteRow, RefusesDamagedRows) {
  for (const absl::string_view row :
       {absl::string_view(), absl::string_view("\x00", 1), absl::string_view("\x05"), absl::string_view("\x02\x01"),
        absl::string_view("\x02\x0a"), absl::string_view("\x02\x0b"), absl::string_view("\x02\x0e"),
        absl::string_view("\x02\x80"), absl::string_view("\xFF\xFF"),
        absl::string_view("\x0a\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")}) {
    EXPECT_FALSE(SplitSqliteRow(row, 9).has_value()) << row.size();
  }
}

}  // namespace
}  // namespace rollcall
