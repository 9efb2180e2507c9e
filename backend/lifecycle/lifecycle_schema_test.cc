#include "backend/lifecycle/lifecycle_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

class LifecycleSchemaTest : public ::testing::Test {
 protected:
  LifecycleSchemaTest() : folder_((std::filesystem::temp_directory_path() / "lifecycle_schema_XXXXXX").string()) {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~LifecycleSchemaTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/lifecycle.db"; }
  void Run(const std::string& sql) {
    const auto db = Connection::Open(path(), Connection::Mode::kReadWrite);
    ASSERT_TRUE(db.ok());
    ASSERT_TRUE((*db)->Execute(sql.c_str()).ok()) << sql;
  }

  std::string folder_;
};

TEST_F(LifecycleSchemaTest, IsMadeOnceAndOpenedAgain) {
  for (int i = 0; i < 2; ++i) {
    const auto db = OpenLifecycleDatabase(path());
    ASSERT_TRUE(db.ok()) << db.status();
    EXPECT_EQ((*db)->QueryInt("PRAGMA user_version").value(), kLifecycleSchemaVersion);
    EXPECT_EQ((*db)->QueryInt("PRAGMA synchronous").value(), 2);  // FULL
    EXPECT_EQ((*db)->QueryInt("SELECT count(*) FROM tenant").value(), 0);
  }
}

// A database of the first version keeps what it has.
TEST_F(LifecycleSchemaTest, IsMigrated) {
  ASSERT_TRUE(OpenLifecycleDatabase(path()).ok());
  Run("INSERT INTO tenant VALUES(1, 'acme', 'eu-frankfurt', 0)");
  Run("INSERT INTO bucket VALUES(1, 'cvm:1', 1, '2024-01-01', 1, 0, 0, NULL, 0, 0, NULL, '', 0, '', NULL, 7, 70, 0)");
  Run("ALTER TABLE bucket DROP COLUMN late");
  Run("PRAGMA user_version=1");
  const auto db = OpenLifecycleDatabase(path());
  ASSERT_TRUE(db.ok()) << db.status();
  EXPECT_EQ((*db)->QueryInt("PRAGMA user_version").value(), kLifecycleSchemaVersion);
  EXPECT_EQ((*db)->QueryInt("SELECT records + late FROM bucket").value(), 7);
}

TEST_F(LifecycleSchemaTest, RefusesNewerAndForeignDatabases) {
  ASSERT_TRUE(OpenLifecycleDatabase(path()).ok());
  Run(absl::StrCat("PRAGMA user_version=", kLifecycleSchemaVersion + 1));
  const absl::Status newer = OpenLifecycleDatabase(path()).status();
  EXPECT_EQ(newer.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(newer.message()), HasSubstr(path() + ": its schema version 3 is newer"));
  Run("PRAGMA application_id=7");
  EXPECT_THAT(std::string(OpenLifecycleDatabase(path()).status().message()), HasSubstr("another program"));
}

}  // namespace
}  // namespace rollcall
