#include "collectors/processes/package_owners.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

constexpr char kInfo[] = "/var/lib/dpkg/info";

TEST(MergedUsrAlias, IsTheOtherSpelling) {
  EXPECT_EQ(MergedUsrAlias("/usr/bin/sh"), "/bin/sh");
  EXPECT_EQ(MergedUsrAlias("/bin/sh"), "/usr/bin/sh");
  EXPECT_EQ(MergedUsrAlias("/usr/sbin/sshd"), "/sbin/sshd");
  EXPECT_EQ(MergedUsrAlias("/usr/lib/systemd/systemd"), "/lib/systemd/systemd");
  EXPECT_EQ(MergedUsrAlias("/lib64/ld.so"), "/usr/lib64/ld.so");
  EXPECT_EQ(MergedUsrAlias("/usr/local/bin/x"), "");
  EXPECT_EQ(MergedUsrAlias("/opt/bin/x"), "");
  EXPECT_EQ(MergedUsrAlias("/usr/libexec/x"), "");
  EXPECT_EQ(MergedUsrAlias("/"), "");
}

class PackageOwnersTest : public testing::Test {
 protected:
  PackageOwnersTest() {
    files_.SetFile("/var/lib/dpkg/info/bash.list", "/.\n/bin\n/bin/bash\n");
    files_.SetFile("/var/lib/dpkg/info/libc6:amd64.list", "/.\n/usr/lib/ld.so");
    files_.SetFile("/var/lib/dpkg/info/bash.md5sums", "/usr/bin/no\n");
    files_.SetAccessHook([this](absl::string_view path) {
      if (path == "/var/lib/dpkg/info/bash.list") ++reads_;
      return absl::OkStatus();
    });
  }

  std::string Owner(absl::string_view path) {
    owners_.Want(path);
    EXPECT_EQ(owners_.LookUp(files_, StopToken()), absl::OkStatus());
    return owners_.Owner(path);
  }

  MemoryTree files_;
  PackageOwners owners_;
  int reads_ = 0;
};

TEST_F(PackageOwnersTest, FindsOwners) {
  EXPECT_EQ(Owner("/usr/bin/bash"), "bash");
  EXPECT_EQ(Owner("/usr/lib/ld.so"), "libc6");
  EXPECT_EQ(Owner("/usr/bin/no"), "");
  EXPECT_EQ(owners_.Owner("/never/asked"), "");
}

TEST_F(PackageOwnersTest, ReadsTheListsOnceForAKnownPath) {
  Owner("/usr/bin/bash");
  Owner("/usr/bin/bash");
  EXPECT_EQ(reads_, 1);
  Owner("/usr/bin/new");
  EXPECT_EQ(reads_, 2);
}

TEST_F(PackageOwnersTest, ReadsThemAgainAfterAnInstallation) {
  EXPECT_EQ(Owner("/opt/tool"), "");
  files_.SetFile("/var/lib/dpkg/info/tool.list", "/opt/tool\n");
  FileInfo changed = *files_.Stat(kInfo);
  changed.mtime_unix_nano += 1;
  files_.SetInfo(kInfo, changed);
  EXPECT_EQ(Owner("/opt/tool"), "tool");
}

TEST_F(PackageOwnersTest, TheFirstOfSeveralOwnersCounts) {
  files_.SetFile("/var/lib/dpkg/info/aaa.list", "/usr/bin/bash\n");
  EXPECT_EQ(Owner("/usr/bin/bash"), "aaa");
}

TEST_F(PackageOwnersTest, ForgetsWhatNobodyWants) {
  Owner("/usr/bin/bash");
  Owner("/usr/lib/ld.so");
  for (uint32_t run = 0; run < PackageOwners::kKeptRuns; ++run) {
    owners_.Want("/usr/lib/ld.so");
    owners_.DropUnwanted();
  }
  EXPECT_EQ(owners_.Owner("/usr/bin/bash"), "bash") << "it may run again soon";
  owners_.DropUnwanted();
  EXPECT_EQ(owners_.Owner("/usr/bin/bash"), "");
  EXPECT_EQ(owners_.Owner("/usr/lib/ld.so"), "libc6");
}

TEST_F(PackageOwnersTest, KeepsOnlySoManyUnwanted) {
  Owner("/usr/bin/bash");
  for (size_t i = 0; i < PackageOwners::kMaxKept; ++i) owners_.Want(absl::StrCat("/usr/bin/", i));
  owners_.DropUnwanted();
  Owner("/usr/lib/ld.so");
  owners_.DropUnwanted();
  EXPECT_EQ(owners_.Owner("/usr/bin/bash"), "");
  EXPECT_EQ(owners_.Owner("/usr/lib/ld.so"), "libc6");
}

TEST_F(PackageOwnersTest, WithoutDpkgThereAreNoOwners) {
  files_.Unset("/var/lib/dpkg");
  EXPECT_EQ(Owner("/usr/bin/bash"), "");
}

TEST_F(PackageOwnersTest, AFailureKeepsTheEarlierAnswers) {
  EXPECT_EQ(Owner("/usr/bin/bash"), "bash");
  owners_.Want("/usr/bin/new");
  files_.SetError("/var/lib/dpkg/info/bash.list", absl::PermissionDeniedError("permission denied"));
  EXPECT_TRUE(absl::IsPermissionDenied(owners_.LookUp(files_, StopToken())));
  EXPECT_EQ(owners_.Owner("/usr/bin/bash"), "bash");
}

TEST_F(PackageOwnersTest, StopsWhenAsked) {
  for (int i = 0; i < 100; ++i) files_.SetFile("/var/lib/dpkg/info/p" + std::to_string(i) + ".list", "/x\n");
  StopSource source;
  source.RequestStop();
  owners_.Want("/usr/bin/bash");
  EXPECT_TRUE(absl::IsCancelled(owners_.LookUp(files_, source.token())));
}

}  // namespace
}  // namespace rollcall
