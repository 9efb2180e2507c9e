#include "collectors/accounts/home_keys.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "collectors/accounts/testing/public_keys.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

TEST(RemoteMounts, TheNearestMountDecides) {
  const RemoteMounts mounts(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 0:40 / /home rw - autofs auto.home rw\n"
      "3 2 0:41 / /home/alice rw - nfs4 srv:/alice rw\n"
      "4 2 8:2 / /home/local rw - xfs /dev/sdb rw\n");
  EXPECT_EQ(mounts.TypeOf("/home/alice/.ssh/authorized_keys"), "nfs4");
  EXPECT_EQ(mounts.TypeOf("/home/bob/.ssh/authorized_keys"), "autofs");
  EXPECT_EQ(mounts.TypeOf("/home/local/x"), "");
  EXPECT_EQ(mounts.TypeOf("/homes/x"), "");
  EXPECT_EQ(mounts.TypeOf("/root/.ssh/authorized_keys"), "");
  EXPECT_EQ(RemoteMounts().TypeOf("/x"), "");
}

TEST(RemoteMounts, NothingIsReadThroughAServer) {
  const RemoteMounts mounts(
      "1 0 0:30 / / rw - 9p root rw\n"
      "2 1 0:40 / /net rw - nfs4 srv:/x rw\n"
      "3 2 8:2 / /net/local rw - ext4 /dev/sdb rw\n"
      "4 1 0:41 / /data rw - fuse.bindfs /x rw\n"
      "5 1 0:42 / /new rw - newfs /x rw\n"
      "6 1 0:43 / /tmp rw - tmpfs tmpfs rw\n");
  EXPECT_EQ(mounts.TypeOf("/net/local/a"), "nfs4");
  EXPECT_EQ(mounts.TypeOf("/data/a"), "fuse.bindfs");
  EXPECT_EQ(mounts.TypeOf("/new/a"), "newfs") << "of a type that is not known the worst is assumed";
  EXPECT_EQ(mounts.TypeOf("/tmp/a"), "");
  EXPECT_EQ(mounts.TypeOf("/root/a"), "");
}

TEST(RemoteMounts, ALaterMountHidesAnEarlierOne) {
  const RemoteMounts mounts("2 1 0:40 / /home rw - nfs srv:/home rw\n3 2 8:2 / /home rw - ext4 /dev/sdb rw\n");
  EXPECT_EQ(mounts.TypeOf("/home/a"), "");
}

TEST(HomeKeys, AnUnchangedFileIsReadOnce) {
  MemoryTree files;
  const std::string path = "/home/a/.ssh/authorized_keys";
  files.SetFile(path, absl::StrCat(kEd25519Key, "\n"));
  int accesses = 0;
  files.SetAccessHook([&accesses](absl::string_view) {
    ++accesses;
    return absl::OkStatus();
  });
  HomeKeys keys;
  EXPECT_EQ((*keys.Read(files, path))->key_count, 1U);
  EXPECT_EQ(accesses, 2) << "a stat and a read";
  keys.EndRun();
  EXPECT_EQ((*keys.Read(files, path))->key_count, 1U);
  EXPECT_EQ(accesses, 3) << "a stat";
  files.SetFile(path, absl::StrCat(kEd25519Key, "\n", kRsaKey));
  EXPECT_EQ((*keys.Read(files, path))->key_count, 2U);
  keys.EndRun();
  keys.EndRun();
  accesses = 0;
  EXPECT_TRUE(keys.Read(files, path).ok());
  EXPECT_EQ(accesses, 2) << "what a run did not use is forgotten";
}

TEST(HomeKeys, SaysWhyThereAreNone) {
  MemoryTree files;
  HomeKeys keys;
  EXPECT_TRUE(absl::IsNotFound(keys.Read(files, "/home/a/k").status()));
  files.SetFile("/home/a/k", "x");
  files.SetError("/home/a/k", absl::PermissionDeniedError("permission denied"));
  EXPECT_TRUE(absl::IsPermissionDenied(keys.Read(files, "/home/a/k").status()));
  files.SetSpecial("/home/b/k", FileInfo::Type::kFifo);
  EXPECT_FALSE(keys.Read(files, "/home/b/k").ok());
}

}  // namespace
}  // namespace rollcall
