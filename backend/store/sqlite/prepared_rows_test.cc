#include "backend/store/sqlite/prepared_rows.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

class PreparedRowsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto db = Connection::Open(":memory:", Connection::Mode::kReadWrite);
    ASSERT_TRUE(db.ok()) << db.status();
    db_ = *std::move(db);
    ASSERT_TRUE(AddPreparedRows(db_.get()).ok());
  }
  static PreparedRecord Record(int number) {
    PreparedRecord record;
    record.kind = 100 + number;
    record.asset_key.fill(static_cast<uint8_t>(number));
    record.fingerprint.fill(static_cast<uint8_t>(number + 100));
    record.collected_at = absl::FromUnixNanos(1'000 + number);
    record.clock_suspect = number % 2 != 0;
    record.payload = absl::StrCat("payload ", number);
    return record;
  }

  std::unique_ptr<Connection> db_;
};

TEST_F(PreparedRowsTest, GiveEachColumnOfEachRow) {
  const std::vector<PreparedRecord> records = {Record(1), Record(2), Record(3)};
  const PreparedRows rows = {{&records[0], 10, 11}, {&records[1], 20, 21}, {&records[2], 30, 31}};
  Statement select = db_->Prepare(
      "SELECT kind, asset_key, fingerprint, collected_at, first_seen, valid_from, clock_suspect, payload"
      " FROM prepared_rows(?)");
  select.Pointer(&rows, kPreparedRowsPointer);
  for (const PreparedRow& row : rows) {
    const auto found = select.Step();
    ASSERT_TRUE(found.ok() && *found) << found.status();
    EXPECT_EQ(select.ColumnInt(0), row.record->kind);
    AssetKey key;
    ASSERT_TRUE(select.ColumnBytes(1, &key).ok());
    EXPECT_EQ(key, row.record->asset_key);
    Fingerprint fingerprint;
    ASSERT_TRUE(select.ColumnBytes(2, &fingerprint).ok());
    EXPECT_EQ(fingerprint, row.record->fingerprint);
    EXPECT_EQ(select.ColumnInt(3), absl::ToUnixNanos(row.record->collected_at));
    EXPECT_EQ(select.ColumnInt(4), row.first_seen);
    EXPECT_EQ(select.ColumnInt(5), row.valid_from);
    EXPECT_EQ(select.ColumnInt(6), row.record->clock_suspect ? 1 : 0);
    EXPECT_EQ(select.ColumnBlob(7), row.record->payload);
  }
  EXPECT_FALSE(select.Step().value());
}

TEST_F(PreparedRowsTest, MayBeNone) {
  const PreparedRows none;
  Statement count = db_->Prepare("SELECT count(*) FROM prepared_rows(?)");
  count.Pointer(&none, kPreparedRowsPointer);
  ASSERT_TRUE(count.Step().value());
  EXPECT_EQ(count.ColumnInt(0), 0);
}

// Numbers, text, pointers to something else: none is taken for rows.
TEST_F(PreparedRowsTest, AreTakenFromNothingElse) {
  const int other = 7;
  EXPECT_FALSE(db_->Prepare("SELECT kind FROM prepared_rows(1234)").Run().ok());
  EXPECT_FALSE(db_->Prepare("SELECT kind FROM prepared_rows").Run().ok());
  EXPECT_FALSE(db_->Prepare("SELECT kind, 1 FROM prepared_rows(?)").Pointer(&other, "something else").Run().ok());
}

}  // namespace
}  // namespace rollcall
