#include "platform/process_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "platform/host_root.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

constexpr char kStat[] = "9 (a) S 1 9 9 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 500 4096 10 0 1 2 3";

void SetProcess(MemoryTree* files) {
  files->SetFile("/proc/9/stat", kStat);
  files->SetFile("/proc/9/status", "Uid:\t0\t0\t0\t0\n");
  files->SetFile("/proc/9/cmdline", std::string("a\0b\0", 4));
  files->SetFile("/proc/9/cgroup", "0::/\n");
  files->SetFile("/usr/bin/a", "program");
  files->SetSymlink("/proc/9/exe", "/usr/bin/a");
}

const absl::StatusOr<std::string>& Find(const ProcessSighting::Contents& contents, absl::string_view name) {
  static const absl::StatusOr<std::string> kNone = absl::UnknownError("no such entry");
  for (const auto& [candidate, content] : contents) {
    if (candidate == name) return content;
  }
  return kNone;
}

TEST(ReadProcessSighting, KeepsWhatThereIs) {
  MemoryTree files;
  SetProcess(&files);
  const auto sighting = ReadProcessSighting(files, 9);
  ASSERT_EQ(sighting.status(), absl::OkStatus());
  EXPECT_EQ(sighting->pid, 9u);
  EXPECT_EQ(sighting->start_ticks, 500u);
  EXPECT_EQ(Find(sighting->files, "stat").value_or(""), kStat);
  EXPECT_EQ(Find(sighting->files, "cmdline").value_or(""), std::string("a\0b\0", 4));
  EXPECT_EQ(Find(sighting->links, "exe").value_or(""), "/usr/bin/a");
  EXPECT_TRUE(absl::IsNotFound(Find(sighting->links, "cwd").status()));
  ASSERT_TRUE(sighting->executable.ok());
  EXPECT_EQ(sighting->executable->size_bytes, 7u);
}

TEST(ReadProcessSighting, WhatMayNotBeReadHasItsError) {
  MemoryTree files;
  SetProcess(&files);
  files.SetError("/proc/9/exe", absl::PermissionDeniedError("denied"));
  files.SetError("/proc/9/cgroup", absl::DataLossError("I/O error"));
  const auto sighting = ReadProcessSighting(files, 9);
  ASSERT_EQ(sighting.status(), absl::OkStatus());
  EXPECT_TRUE(absl::IsPermissionDenied(Find(sighting->links, "exe").status()));
  EXPECT_TRUE(absl::IsPermissionDenied(sighting->executable.status()));
  EXPECT_TRUE(absl::IsDataLoss(Find(sighting->files, "cgroup").status()));
}

TEST(ReadProcessSighting, GroupsDoNotHideWhatFollowsThem) {
  MemoryTree files;
  SetProcess(&files);
  std::string groups = "Groups:\t";
  for (int i = 0; i < 65'536; ++i) groups += "4294967294 ";
  files.SetFile("/proc/9/status", "Uid:\t0\t0\t0\t0\n" + groups + "\nNSpid:\t9\nSeccomp:\t2\n");
  const auto sighting = ReadProcessSighting(files, 9);
  ASSERT_EQ(sighting.status(), absl::OkStatus());
  EXPECT_EQ(Find(sighting->files, "status").value_or(""), "Uid:\t0\t0\t0\t0\nNSpid:\t9\nSeccomp:\t2\n");
}

TEST(ReadProcessSighting, WhatIsTooLongIsSaidAndNotCut) {
  for (const size_t size : {size_t{17'000}, size_t{2} << 20}) {
    MemoryTree files;
    SetProcess(&files);
    files.SetFile("/proc/9/status", std::string(size, 'x'));
    files.SetFile("/proc/9/cgroup", std::string(size, 'x'));
    const auto sighting = ReadProcessSighting(files, 9);
    ASSERT_EQ(sighting.status(), absl::OkStatus());
    EXPECT_TRUE(absl::IsResourceExhausted(Find(sighting->files, "status").status())) << size;
    EXPECT_TRUE(absl::IsResourceExhausted(Find(sighting->files, "cgroup").status())) << size;
  }
}

TEST(ReadProcessSighting, GoneAndKernelThreadsAreNotFound) {
  MemoryTree files;
  EXPECT_TRUE(absl::IsNotFound(ReadProcessSighting(files, 9).status()));
  SetProcess(&files);
  files.SetFile("/proc/9/stat", "");
  EXPECT_TRUE(absl::IsNotFound(ReadProcessSighting(files, 9).status()));
  files.SetFile("/proc/9/stat", "9 (k) S 2 0 0 0 -1 2129984 0 0 0 0 1 1 0 0 20 0 1 0 500 0 0 0");
  EXPECT_TRUE(absl::IsNotFound(ReadProcessSighting(files, 9).status()));
  files.SetFile("/proc/9/stat", "nonsense");
  EXPECT_TRUE(absl::IsInvalidArgument(ReadProcessSighting(files, 9).status()));
}

TEST(ReadProcessSighting, OfTheRunningKernel) {
  const auto files = HostRoot::Create("/");
  ASSERT_EQ(files.status(), absl::OkStatus());
  const auto sighting = ReadProcessSighting(**files, static_cast<uint32_t>(::getpid()));
  ASSERT_EQ(sighting.status(), absl::OkStatus());
  for (const auto& [name, content] : sighting->files) EXPECT_TRUE(content.ok()) << name;
  for (const auto& [name, content] : sighting->links) EXPECT_TRUE(content.ok()) << name;
  EXPECT_TRUE(sighting->executable.ok());
}

}  // namespace
}  // namespace rollcall
