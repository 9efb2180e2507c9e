#include "collectors/processes/executable_hasher.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

// SHA-256 of "program".
constexpr char kSha256[] = "1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8";

// Takes as long for a file as the test says.
class SlowTree : public MemoryTree {
 public:
  SlowTree(const HostRoot& files, FakeClock* clock) : files_(files), clock_(clock) {}
  absl::StatusOr<ScopedFd> Open(absl::string_view path) const override {
    ++opens;
    clock_->Advance(open_time);
    return files_.Open(path);
  }
  absl::Duration open_time;
  mutable int opens = 0;

 private:
  const HostRoot& files_;
  FakeClock* const clock_;
};

class ExecutableHasherTest : public testing::Test {
 protected:
  ExecutableHasherTest() : slow_(files_.tree(), &clock_), hasher_(&clock_) {
    files_.SetFile("/a", "program");
    files_.SetFile("/b", "another");
    hasher_.BeginRun();
  }

  rollcall::v1::Executable Fill(absl::string_view path) {
    rollcall::v1::Executable executable;
    EXPECT_EQ(hasher_.Fill(slow_, path, *files_.tree().Stat(path), StopToken(), &executable), absl::OkStatus());
    return executable;
  }

  FixtureTree files_;
  FakeClock clock_;
  SlowTree slow_;
  ExecutableHasher hasher_;
};

TEST_F(ExecutableHasherTest, HashesAFileOnce) {
  for (int i = 0; i < 2; ++i) {
    const rollcall::v1::Executable executable = Fill("/a");
    EXPECT_EQ(executable.sha256(), kSha256);
    EXPECT_EQ(executable.size_bytes(), 7U);
    EXPECT_GT(executable.modified_at().seconds(), 0);
    EXPECT_EQ(executable.hash_skipped(), "");
    hasher_.BeginRun();
  }
  EXPECT_EQ(slow_.opens, 1);
  EXPECT_NE(Fill("/a").sha256(), Fill("/b").sha256());
}

TEST_F(ExecutableHasherTest, AnotherFileUnderTheSamePathIsHashed) {
  const std::string before = Fill("/a").sha256();
  files_.Unset("/a");
  files_.SetFile("/a", "updated");
  EXPECT_NE(Fill("/a").sha256(), before);
}

TEST_F(ExecutableHasherTest, WhatTheTimeDoesNotSufficeForWaitsForTheNextRun) {
  slow_.open_time = ExecutableHasher::kBudget;
  EXPECT_EQ(Fill("/a").hash_skipped(), "");
  EXPECT_EQ(Fill("/b").hash_skipped(), ExecutableHasher::kPending);
  EXPECT_EQ(Fill("/a").hash_skipped(), "") << "known hashes cost nothing";
  hasher_.BeginRun();
  EXPECT_EQ(Fill("/b").hash_skipped(), "");
  EXPECT_EQ(Fill("/b").sha256().size(), 64U);
}

TEST_F(ExecutableHasherTest, LargeFilesAreNotRead) {
  FileInfo info = *files_.tree().Stat("/a");
  info.size_bytes = ExecutableHasher::kMaxBytes + 1;
  rollcall::v1::Executable executable;
  EXPECT_EQ(hasher_.Fill(slow_, "/a", info, StopToken(), &executable), absl::OkStatus());
  EXPECT_EQ(executable.hash_skipped(), "larger than 256 MiB");
  EXPECT_EQ(slow_.opens, 0);
}

TEST_F(ExecutableHasherTest, AFileThatWasReplacedMeanwhileHasNoHash) {
  const FileInfo before = *files_.tree().Stat("/a");
  rollcall::v1::Executable executable;
  EXPECT_EQ(hasher_.Fill(slow_, "/b", before, StopToken(), &executable), absl::OkStatus());
  EXPECT_EQ(executable.sha256(), "");
  EXPECT_EQ(executable.hash_skipped(), "changed while it was read");
}

TEST_F(ExecutableHasherTest, SaysWhyThereIsNoHash) {
  const MemoryTree memory;
  rollcall::v1::Executable executable;
  EXPECT_TRUE(absl::IsNotFound(hasher_.Fill(slow_, "/gone", *files_.tree().Stat("/a"), StopToken(), &executable)));
  MemoryTree files;
  files.SetFile("/a", "x");
  EXPECT_EQ(hasher_.Fill(files, "/a", *files.Stat("/a"), StopToken(), &executable), absl::OkStatus());
  EXPECT_EQ(executable.hash_skipped(), "not a file on disk");
}

TEST_F(ExecutableHasherTest, StopsWhenAsked) {
  StopSource source;
  source.RequestStop();
  rollcall::v1::Executable executable;
  EXPECT_TRUE(absl::IsCancelled(hasher_.Fill(slow_, "/a", *files_.tree().Stat("/a"), source.token(), &executable)));
  EXPECT_EQ(Fill("/a").sha256().size(), 64U) << "the half hash must not be remembered";
}

}  // namespace
}  // namespace rollcall
