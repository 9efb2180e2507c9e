// What hostile tables may cost. Against SQLite itself they are read with rpm's databases.
#include "platform/sqlite/sqlite_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NotingSink : public DamageSink {
 public:
  void TakeDamage(const absl::Status& status) override { damage.push_back(std::string(status.message())); }
  bool stop_requested() const override { return stop; }

  std::vector<std::string> damage;
  bool stop = false;
};

constexpr size_t kPage = 65536;

void Put16(std::string* page, size_t at, size_t number) {
  (*page)[at] = static_cast<char>(number >> 8);
  (*page)[at + 1] = static_cast<char>(number & 0xFF);
}

// A first page that has nothing but the header.
std::string FirstPage() {
  std::string page(kPage, '\0');
  page.replace(0, 16, "SQLite format 3", 16);
  Put16(&page, 16, 1);  // pages of 64 KiB
  page[18] = page[19] = 1;
  page[59] = 1;
  return page;
}

// A page of type `type` with as many cells as its header can name, all of them at `place`.
std::string PageOfOneCell(char type, size_t header_bytes, size_t place, absl::string_view cell) {
  std::string page(kPage, '\0');
  page[0] = type;
  const size_t count = (place - header_bytes) / 2;
  Put16(&page, 3, count);
  for (size_t i = 0; i < count; ++i) Put16(&page, header_bytes + i * 2, place);
  page.replace(place, cell.size(), std::string(cell));
  return page;
}

absl::Status Read(absl::string_view bytes, NotingSink* sink, std::vector<size_t>* rows) {
  const MemoryFile file(bytes);
  const auto pages = SqlitePages::Open(file, nullptr, *sink);
  if (!pages.ok()) return pages.status();
  return ReadSqliteTable(*pages, 2, size_t{1} << 20, *sink, [rows](absl::string_view row) {
    rows->push_back(row.size());
    return absl::OkStatus();
  });
}

// The root, page 2, has thousands of children, each of them itself.
std::string SelfishTree() {
  return FirstPage() + PageOfOneCell('\x05', 12, kPage - 8, absl::string_view("\0\0\0\2\1", 5));
}

TEST(ReadSqliteTable, ChildrenThatAreOnePageAreNoMoreThanFitInTheirParent) {
  NotingSink sink;
  std::vector<size_t> rows;
  EXPECT_EQ(Read(SelfishTree(), &sink, &rows), absl::OkStatus());
  EXPECT_THAT(rows, IsEmpty());
  EXPECT_LE(sink.damage.size(), kPage / 6 + 2);
  EXPECT_THAT(sink.damage, Contains(HasSubstr("impossible number of rows")));
}

TEST(ReadSqliteTable, DamageAloneIsReasonEnoughToAskWhetherToStop) {
  NotingSink sink;
  sink.stop = true;
  std::vector<size_t> rows;
  EXPECT_EQ(Read(SelfishTree(), &sink, &rows).code(), absl::StatusCode::kCancelled);
}

TEST(ReadSqliteTable, RowsThatShareBytesCostNoMoreThanTheirPage) {
  // 20,000 bytes, row 1.
  const std::string bytes =
      FirstPage() + PageOfOneCell('\x0d', 8, kPage - 21'000, absl::string_view("\x81\x9c\x20\x01", 4));
  NotingSink sink;
  std::vector<size_t> rows;
  EXPECT_EQ(Read(bytes, &sink, &rows), absl::OkStatus());
  EXPECT_THAT(rows, Each(20'000U));
  EXPECT_EQ(rows.size(), (kPage - 8) / 20'004);
  EXPECT_THAT(sink.damage, Contains(HasSubstr("overlaps other rows")));
}

TEST(ReadSqliteTable, RowsWithoutBytesAreNoMoreThanFitInTheirPage) {
  NotingSink sink;
  std::vector<size_t> rows;
  EXPECT_EQ(Read(FirstPage() + PageOfOneCell('\x0d', 8, kPage - 4, absl::string_view("\0\1", 2)), &sink, &rows),
            absl::OkStatus());
  EXPECT_LE(rows.size(), kPage / 6);
}

}  // namespace
}  // namespace rollcall
