#include "platform/memory_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr size_t kLimit = 1024;

TEST(MemoryTree, ReadsListsAndStats) {
  MemoryTree tree;
  tree.SetFile("/etc/hostname", "web-1\n");
  tree.SetDirectory("/etc/empty.d");
  tree.SetSymlink("/etc/link", "hostname");
  EXPECT_EQ(*tree.ReadFile("/etc/hostname", kLimit), "web-1\n");
  EXPECT_EQ(*tree.ReadFile("//etc/../etc/./link", kLimit), "web-1\n");
  auto entries = tree.List("/etc");
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].name, "empty.d");
  EXPECT_EQ((*entries)[0].type, FileInfo::Type::kDirectory);
  EXPECT_EQ(tree.List("/")->size(), 1U);
  EXPECT_EQ(tree.Stat("/etc/link")->size_bytes, 6U);
  EXPECT_EQ(tree.Lstat("/etc/link")->type, FileInfo::Type::kSymlink);
  EXPECT_EQ(*tree.ReadLink("/etc/link"), "hostname");
  EXPECT_EQ(tree.Open("/etc/hostname").status().code(), absl::StatusCode::kUnimplemented);
}

TEST(MemoryTree, LinksStayInside) {
  MemoryTree tree;
  tree.SetFile("/a/f", "a");
  tree.SetFile("/f", "root");
  tree.SetSymlink("/a/absolute", "/f");
  tree.SetSymlink("/a/climb", "../../../f");
  tree.SetSymlink("/dir", "a");
  EXPECT_EQ(*tree.ReadFile("/a/absolute", kLimit), "root");
  EXPECT_EQ(*tree.ReadFile("/a/climb", kLimit), "root");
  EXPECT_EQ(*tree.ReadFile("/dir/f", kLimit), "a");
  auto subtree = tree.Subtree("/dir");
  ASSERT_TRUE(subtree.ok());
  EXPECT_EQ(*(*subtree)->ReadFile("/absolute", kLimit), "a");
  EXPECT_EQ(*(*subtree)->ReadFile("/climb", kLimit), "a");
  EXPECT_EQ((*subtree)->ReadFile("/a/f", kLimit).status().code(), absl::StatusCode::kNotFound);
}

TEST(MemoryTree, ErrorsAreThoseOfADisk) {
  MemoryTree tree;
  tree.SetFile("/f", std::string(100, 'x'));
  tree.SetSymlink("/loop", "loop");
  tree.SetSpecial("/fifo", FileInfo::Type::kFifo);
  bool truncated = false;
  EXPECT_EQ(tree.ReadFile("/none", kLimit).status(), absl::NotFoundError("read /none: no such file or directory"));
  EXPECT_EQ(tree.ReadFile("/f/below", kLimit).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree.ReadFile("/loop", kLimit).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree.ReadFile("/fifo", kLimit).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree.ReadFile("/", kLimit).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree.ReadFile("/f", 99).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(tree.ReadPrefix("/f", 10, &truncated)->size(), 10U);
  EXPECT_TRUE(truncated);
  EXPECT_EQ(tree.List("/f").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree.ReadLink("/f").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tree.ReadFile("f", kLimit).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(MemoryTree, InjectsErrors) {
  MemoryTree tree;
  tree.SetFile("/etc/shadow", "x");
  tree.SetFile("/root/.ssh/authorized_keys", "x");
  tree.SetError("/etc/shadow", absl::PermissionDeniedError("permission denied"));
  tree.SetError("/root", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(tree.ReadFile("/etc/shadow", kLimit).status(),
            absl::PermissionDeniedError("read /etc/shadow: permission denied"));
  EXPECT_EQ(tree.ReadFile("/root/.ssh/authorized_keys", kLimit).status().code(), absl::StatusCode::kPermissionDenied);
  tree.SetError("/etc/shadow", absl::OkStatus());
  EXPECT_TRUE(tree.ReadFile("/etc/shadow", kLimit).ok());
}

TEST(MemoryTree, HookSeesAndChangesAccesses) {
  MemoryTree tree;
  tree.SetFile("/proc/1/stat", "s");
  tree.SetFile("/proc/1/status", "s");
  tree.SetAccessHook([&tree](absl::string_view path) {
    if (path == "/proc/1/stat") tree.Unset("/proc/1");  // the process ends
    return path == "/slow" ? absl::DataLossError("input/output error") : absl::OkStatus();
  });
  EXPECT_TRUE(tree.ReadFile("/proc/1/status", kLimit).ok());
  EXPECT_EQ(tree.ReadFile("/proc/1/stat", kLimit).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(tree.ReadFile("/proc/1/status", kLimit).status().code(), absl::StatusCode::kNotFound);
  tree.SetFile("/slow", "");
  EXPECT_EQ(tree.ReadFile("/slow", kLimit).status().code(), absl::StatusCode::kDataLoss);
}

TEST(MemoryTree, ChangesShowInStat) {
  MemoryTree tree;
  tree.SetFile("/f", "one");
  const FileInfo before = *tree.Stat("/f");
  tree.SetFile("/f", "two");
  const FileInfo after = *tree.Stat("/f");
  EXPECT_EQ(before.inode, after.inode);
  EXPECT_NE(before.mtime_unix_nano, after.mtime_unix_nano);
  FileInfo wanted;
  wanted.uid = 33;
  wanted.mode = 0600;
  tree.SetInfo("/f", wanted);
  EXPECT_EQ(tree.Stat("/f")->uid, 33U);
  EXPECT_EQ(tree.Stat("/f")->type, FileInfo::Type::kRegular);
  EXPECT_EQ(tree.Stat("/f")->size_bytes, 3U);
}

TEST(MemoryTree, UnsetTakesOnlyWhatIsBelow) {
  MemoryTree tree;
  tree.SetFile("/a/f", "");
  tree.SetFile("/a-b/f", "");
  tree.SetFile("/ab", "");
  tree.Unset("/a");
  EXPECT_FALSE(tree.Stat("/a").ok());
  EXPECT_FALSE(tree.Stat("/a/f").ok());
  EXPECT_TRUE(tree.Stat("/a-b/f").ok());
  EXPECT_TRUE(tree.Stat("/ab").ok());
}

TEST(MemoryTree, DefaultViewBehavesAsAnOpenDirectory) {
  MemoryTree tree;
  tree.SetFile("/proc/1/stat", "1 (init) S");
  tree.SetFile("/proc/1/ns/x", "y");
  tree.SetSymlink("/proc/1/exe", "/bin/init");
  tree.SetFile("/bin/init", "binary");
  auto view = tree.OpenDirectory("/proc/1");
  ASSERT_TRUE(view.ok());
  std::string text;
  bool truncated = false;
  ASSERT_TRUE((*view)->Read("stat", 3, &text, &truncated).ok());
  EXPECT_EQ(text, "1 (");
  EXPECT_TRUE(truncated);
  EXPECT_TRUE((*view)->Read("ns/x", kLimit, &text, &truncated).ok());
  EXPECT_EQ((*view)->Read("exe", kLimit, &text, &truncated).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ((*view)->Read("../1/stat", kLimit, &text, &truncated).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*(*view)->ReadLink("exe"), "/bin/init");
  EXPECT_EQ((*view)->StatTarget("exe")->size_bytes, 6U);
  EXPECT_EQ((*view)->List("")->size(), 3U);
  EXPECT_TRUE((*view)->OpenDirectory("ns").ok());
  EXPECT_FALSE((*view)->OpenDirectory("stat").ok());
  EXPECT_FALSE(tree.OpenDirectory("/proc/1/stat").ok());
  EXPECT_THAT(std::string((*view)->Read("none", kLimit, &text, &truncated).message()), HasSubstr("/proc/1/none"));
}

}  // namespace
}  // namespace rollcall
