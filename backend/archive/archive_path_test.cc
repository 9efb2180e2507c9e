#include "backend/archive/archive_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "backend/archive/testing/made_up_bucket.h"

namespace rollcall {
namespace {

TEST(ArchivePathTest, NamesOfEveryDayStayReadable) {
  EXPECT_EQ(*BucketFolder(MadeUpBucket()), "eu-frankfurt/acme/cvm%3ains-1234/ASSET_BASIC/2023-11-14");
}

TEST(ArchivePathTest, HostileNamesStayInTheirFolder) {
  const std::string names[] = {".",
                               "..",
                               "../../etc",
                               "/",
                               "a/b",
                               ".hidden",
                               std::string("a\0b", 3),
                               "a b",
                               "a\nb",
                               "%2e%2e",
                               "\xff\xfe",
                               "C:\\",
                               "~root",
                               "-rf",
                               "*",
                               "$(reboot)",
                               "a%2fb",
                               "\xe4\xb8\xad\xe6\x96\x87",
                               std::string(5000, '/'),
                               std::string(5000, 'a'),
                               std::string(201, 'a'),
                               std::string(200, 'a')};
  std::set<std::string> folders;
  for (const std::string& name : names) {
    for (const bool as_tenant : {true, false}) {
      pb::BucketName bucket = MadeUpBucket();
      (as_tenant ? *bucket.mutable_tenant() : *bucket.mutable_hosting_service()) = name;
      const auto folder = BucketFolder(bucket);
      ASSERT_TRUE(folder.ok()) << name;
      const std::vector<std::string> parts = absl::StrSplit(*folder, '/');
      ASSERT_EQ(parts.size(), 5u) << *folder;
      for (const std::string& part : parts) {
        EXPECT_FALSE(part.empty() || part[0] == '.' || part.size() > 255) << *folder;
        EXPECT_EQ(part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.%"),
                  std::string::npos)
            << *folder;
      }
      EXPECT_TRUE(folders.insert(*folder).second) << "two buckets share " << *folder;
    }
  }
}

// What a name is written as, is no other name's.
TEST(ArchivePathTest, WrittenNamesAreNotTaken) {
  std::set<std::string> folders;
  pb::BucketName bucket = MadeUpBucket();
  for (const std::string& start : {std::string("a/b"), std::string(300, 'x')}) {
    std::string name = start;
    for (int round = 0; round < 4; ++round) {
      bucket.set_tenant(name);
      const std::string folder = *BucketFolder(bucket);
      EXPECT_TRUE(folders.insert(folder).second) << folder;
      name = std::vector<std::string>(absl::StrSplit(folder, '/'))[1];
    }
  }
}

TEST(ArchivePathTest, RefusesWhatIsNoBucket) {
  const auto refused = [](auto change) {
    pb::BucketName bucket = MadeUpBucket();
    change(&bucket);
    return absl::IsInvalidArgument(BucketFolder(bucket).status());
  };
  EXPECT_TRUE(refused([](pb::BucketName* b) { b->clear_tenant(); }));
  EXPECT_TRUE(refused([](pb::BucketName* b) { b->clear_region(); }));
  EXPECT_TRUE(refused([](pb::BucketName* b) { b->clear_hosting_service(); }));
  EXPECT_TRUE(refused([](pb::BucketName* b) { b->clear_category(); }));
  EXPECT_TRUE(refused([](pb::BucketName* b) { b->set_category(static_cast<pb::Category>(77)); }));
  for (const char* day : {"", "2023-11-14 ", " 2023-11-14", "2023-11-31", "2023-1-14", "../../2023", "20231114",
                          "2023-11-14T10", "day-1"}) {
    EXPECT_TRUE(refused([&](pb::BucketName* b) { b->set_collected_day(day); })) << day;
  }
}

TEST(ArchivePathTest, NamesOfObjects) {
  const std::string hash(64, 'a');
  EXPECT_EQ(*ObjectFileName(hash), hash + ".tar.zst.sealed");
  EXPECT_EQ(HashOfFileName(hash + ".tar.zst.sealed"), hash);
  for (const std::string& bad : {std::string(), std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'),
                                 std::string(64, 'g'), "../" + std::string(61, 'a')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ObjectFileName(bad).status())) << bad;
    EXPECT_EQ(HashOfFileName(bad + ".tar.zst.sealed"), "") << bad;
  }
  EXPECT_EQ(HashOfFileName("upload-1"), "");
  EXPECT_EQ(HashOfFileName(hash), "");
  EXPECT_EQ(HashOfFileName(hash + ".tar.zst.sealed~"), "");
}

}  // namespace
}  // namespace rollcall
