#include "backend/backup/backup_notes.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "backend/backup/backup_files.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

pb::BackupNote Note(const std::string& id, absl::Duration left, const std::vector<std::string>& keys) {
  pb::BackupNote note;
  note.set_backup_id(id);
  *note.mutable_taken_at() = ToWire(kNow);
  *note.mutable_expires_at() = ToWire(kNow + left);
  for (const std::string& key : keys) note.add_key_ids(key);
  return note;
}

class BackupNotesTest : public testing::Test {
 protected:
  BackupNotesTest() { std::filesystem::remove_all(folder_); }
  ~BackupNotesTest() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ = testing::TempDir() + "backup_notes";
  BackupNotes notes_{folder_};
};

TEST_F(BackupNotesTest, CountsWhoHoldsAKey) {
  EXPECT_EQ(notes_.Holding({"a"}, kNow)->backups, 0u) << "there is no folder yet";
  ASSERT_TRUE(notes_.Add(Note("1", absl::Hours(1), {"a", "c"})).ok());
  ASSERT_TRUE(notes_.Add(Note("2", absl::Hours(3), {"b", "c"})).ok());
  EXPECT_EQ(notes_.Holding({"a"}, kNow)->backups, 1u);
  const auto both = notes_.Holding({"c", "x"}, kNow);
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->backups, 2u);
  EXPECT_EQ(both->last_expiry, kNow + absl::Hours(3));
  EXPECT_EQ(notes_.Holding({"x"}, kNow)->backups, 0u);
  EXPECT_EQ(notes_.Holding({}, kNow)->backups, 0u);
  EXPECT_EQ(notes_.Holding({"c"}, kNow + absl::Hours(1))->backups, 1u) << "the first has expired";
}

TEST_F(BackupNotesTest, ExpiredNotesGo) {
  ASSERT_TRUE(notes_.Add(Note("1", absl::Hours(1), {"a"})).ok());
  ASSERT_TRUE(notes_.Add(Note("2", absl::Hours(3), {"a"})).ok());
  ASSERT_TRUE(notes_.Prune(kNow + absl::Hours(2)).ok());
  const auto left = notes_.List();
  ASSERT_TRUE(left.ok());
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ(left->front().backup_id(), "2");
}

TEST_F(BackupNotesTest, NotesArePrivateAndDamageIsNoticed) {
  ASSERT_TRUE(notes_.Add(Note("1", absl::Hours(1), {"a"})).ok());
  struct stat info {};
  ASSERT_EQ(::stat(folder_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  std::ofstream(folder_ + "/1.note.pb", std::ios::trunc) << "no note";
  EXPECT_EQ(notes_.Holding({"a"}, kNow).status().code(), absl::StatusCode::kDataLoss);
}

TEST(BackupFilesTest, PathsThatLeadOutAreNotPlain) {
  for (const char* plain : {"a", "a/b", "a..b/.c"}) EXPECT_TRUE(IsPlainPath(plain)) << plain;
  for (const char* other : {"", "/a", "a/", "a//b", "..", "a/../b", "./a"}) EXPECT_FALSE(IsPlainPath(other)) << other;
}

TEST(BackupFilesTest, APlaceHasANameAndAFolderAbove) {
  EXPECT_EQ(FindPlace("/").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FindPlace("/tmp/..").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FindPlace("/nowhere/at/all").status().code(), absl::StatusCode::kNotFound);
  const auto place = FindPlace(testing::TempDir() + "new//");
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->name, "new");
}

}  // namespace
}  // namespace rollcall
