#include "platform/self_usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/host_root.h"
#include "platform/memory_tree.h"
#include "platform/sha256.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

// Fills a tree as a kernel would.
void FillValid(MemoryTree& tree) {
  tree.SetFile("/proc/self/stat", "7 (agent) S 1 7 7 0 -1 0 0 0 0 0 150 50 0 0 20 0 3 0 10 1000 20 0");
  tree.SetFile("/proc/self/status", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nVmRSS:\t  2048 kB\nThreads:\t3\n");
  tree.SetFile("/proc/self/smaps_rollup", "5500-7ff ---p 0 00:00 0 [rollup]\nRss:  2048 kB\nPss:   1024 kB\n");
  tree.SetSymlink("/proc/self/fd/0", "/dev/null");
}

TEST(ReadSelfUsage, ReadsEverything) {
  MemoryTree tree;
  FillValid(tree);
  auto usage = ReadSelfUsage(tree);
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_EQ(usage->resident_bytes, 2048U * 1024);
  EXPECT_EQ(usage->proportional_bytes, 1024U * 1024);
  EXPECT_EQ(usage->cpu_time, absl::Seconds(2));
  EXPECT_EQ(usage->threads, 3U);
  EXPECT_EQ(usage->open_files, 1U);
}

TEST(ReadSelfUsage, OldKernelsHaveNoRollup) {
  MemoryTree tree;
  FillValid(tree);
  tree.Unset("/proc/self/smaps_rollup");
  EXPECT_FALSE(ReadSelfUsage(tree)->proportional_bytes.has_value());
  tree.SetFile("/proc/self/smaps_rollup", "Pss: many kB\n");
  EXPECT_FALSE(ReadSelfUsage(tree)->proportional_bytes.has_value());
}

TEST(ReadSelfUsage, FailsWithoutStat) {
  MemoryTree tree;
  FillValid(tree);
  tree.SetFile("/proc/self/stat", "broken");
  EXPECT_FALSE(ReadSelfUsage(tree).ok());
  FillValid(tree);
  tree.Unset("/proc/self/status");
  EXPECT_EQ(ReadSelfUsage(tree).status().code(), absl::StatusCode::kNotFound);
}

TEST(ReadSelfUsage, OfThisProcess) {
  auto usage = ReadSelfUsage(**HostRoot::Create("/"));
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_GT(usage->resident_bytes, 100'000U);
  EXPECT_GE(usage->threads, 1U);
  EXPECT_GE(usage->open_files, 3U);
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, OfFiles) {
  FixtureTree fixture;
  const std::string content(200'000, 'x');
  fixture.SetFile("/f", content);
  EXPECT_EQ(*Sha256HexOfFd(fixture.tree().Open("/f")->get(), content.size(), StopToken()), Sha256Hex(content));
  EXPECT_EQ(Sha256HexOfFd(fixture.tree().Open("/f")->get(), content.size() - 1, StopToken()).status().code(),
            absl::StatusCode::kResourceExhausted);
  StopSource source;
  source.RequestStop();
  EXPECT_EQ(Sha256HexOfFd(fixture.tree().Open("/f")->get(), content.size(), source.token()).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_FALSE(Sha256HexOfFd(-1, 10, StopToken()).ok());
}

}  // namespace
}  // namespace rollcall
