#include "collectors/ports/process_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/ports/fake_host_test_support.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint32_t kKernelThread = 0x00208040;

TEST(ReadProcessTable, GroupsProcessesByNamespaceHostFirst) {
  FakeHost host;
  host.AddProcess(1, "init", 900);
  host.AddProcess(2, "kthreadd", 900, 0, kKernelThread);
  host.AddProcess(30, "web", 100, 777);
  host.AddProcess(200, "app", 900);
  host.AddProcess(1000, "web: worker) 2", 100);
  RunReport report;
  const absl::StatusOr<ProcessTable> table = ReadProcessTable(host.tree, report, StopToken());
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_THAT(table->processes, SizeIs(4));
  EXPECT_EQ(table->processes[1].pid, 30U);
  EXPECT_EQ(table->processes[1].start_ticks, 777U);
  EXPECT_EQ(table->processes[3].name, "web: worker) 2");
  ASSERT_THAT(table->namespaces, SizeIs(2));
  EXPECT_TRUE(table->namespaces[0].is_host);
  EXPECT_EQ(table->namespaces[0].record_number(), 0U);
  EXPECT_THAT(table->namespaces[0].members, ElementsAre(1, 200));
  EXPECT_EQ(table->namespaces[1].record_number(), 100U);
  EXPECT_THAT(table->namespaces[1].members, ElementsAre(30, 1000));
  EXPECT_TRUE(report.complete());
}

TEST(ReadProcessTable, LeavesOutProcessesThatEndMeanwhile) {
  FakeHost host;
  host.AddProcess(1, "init");
  host.AddProcess(5, "gone");
  host.AddProcess(6, "half gone");
  host.tree.Unset("/proc/5/stat");
  host.tree.Unset("/proc/6/ns/net");
  RunReport report;
  const absl::StatusOr<ProcessTable> table = ReadProcessTable(host.tree, report, StopToken());
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(table->processes, SizeIs(2));
  ASSERT_THAT(table->namespaces, SizeIs(1));
  EXPECT_THAT(table->namespaces[0].members, ElementsAre(1));
  EXPECT_TRUE(report.complete());
}

TEST(ReadProcessTable, ReportsAProcessItCannotRead) {
  FakeHost host;
  host.AddProcess(1, "init");
  host.tree.SetFile("/proc/7/stat", "nonsense");
  RunReport report;
  ASSERT_TRUE(ReadProcessTable(host.tree, report, StopToken()).ok());
  EXPECT_EQ(report.problem_count(), 1U);
}

TEST(ReadProcessTable, AKernelWithoutNamespacesHasTheHostsOnly) {
  FakeHost host;
  for (const uint32_t pid : {1, 9}) {
    host.AddProcess(pid, "app");
    host.tree.Unset(absl::StrCat("/proc/", pid, "/ns"));
  }
  RunReport report;
  const absl::StatusOr<ProcessTable> table = ReadProcessTable(host.tree, report, StopToken());
  ASSERT_TRUE(table.ok());
  ASSERT_THAT(table->namespaces, SizeIs(1));
  EXPECT_TRUE(table->namespaces[0].is_host);
  EXPECT_THAT(table->namespaces[0].members, ElementsAre(1, 9));
}

class UnreadableNamespaceTest : public ::testing::Test {
 protected:
  // A process of the namespace whose files have inode `file`; its link may be denied.
  void Add(uint32_t pid, uint64_t ns, uint64_t file, bool readable) {
    host_.AddProcess(pid, "app", ns);
    const std::string path = absl::StrCat("/proc/", pid, "/net/unix");
    host_.tree.SetFile(path, "");
    FileInfo info;
    info.inode = file;
    host_.tree.SetInfo(path, info);
    const std::string link = absl::StrCat("/proc/", pid, "/ns/net");
    if (!readable) host_.tree.SetError(link, absl::PermissionDeniedError("permission denied"));
  }
  ProcessTable Read() { return ReadProcessTable(host_.tree, report_, StopToken()).value_or(ProcessTable()); }

  FakeHost host_;
  RunReport report_;
};

TEST_F(UnreadableNamespaceTest, ProcessesAreToldApartByTheFilesOfTheirNamespace) {
  Add(1, 900, 11, false);
  Add(20, 900, 11, true);  // the reader's own process, on the host
  Add(30, 900, 11, false);
  const ProcessTable table = Read();
  ASSERT_THAT(table.namespaces, SizeIs(1));
  EXPECT_TRUE(table.namespaces[0].is_host);
  EXPECT_THAT(table.namespaces[0].members, ElementsAre(20, 1, 30));
  EXPECT_TRUE(report_.complete());
}

TEST_F(UnreadableNamespaceTest, WithNothingReadableTheHostIsStillThere) {
  Add(1, 900, 11, false);
  Add(30, 900, 11, false);
  const ProcessTable table = Read();
  ASSERT_THAT(table.namespaces, SizeIs(1));
  EXPECT_TRUE(table.namespaces[0].is_host);
  EXPECT_THAT(table.namespaces[0].members, ElementsAre(1, 30));
}

TEST_F(UnreadableNamespaceTest, ANamespaceWithoutNumberMakesTheRunPartial) {
  Add(1, 900, 11, false);
  Add(30, 100, 12, false);
  const ProcessTable table = Read();
  ASSERT_THAT(table.namespaces, SizeIs(1));
  EXPECT_EQ(report_.problem_count(), 1U);
}

TEST(ReadProcessTable, FailsWithoutProcAndStopsWhenAsked) {
  const MemoryTree empty;
  RunReport report;
  EXPECT_FALSE(ReadProcessTable(empty, report, StopToken()).ok());
  FakeHost host;
  host.AddProcess(1, "init");
  StopSource source;
  source.RequestStop();
  EXPECT_TRUE(absl::IsCancelled(ReadProcessTable(host.tree, report, source.token()).status()));
}

TEST(InodeInLink, TakesTheGivenTypeOnly) {
  EXPECT_EQ(InodeInLink("socket:[77]", "socket"), 77U);
  EXPECT_EQ(InodeInLink("net:[4026531840]", "net"), 4026531840U);
  for (const char* bad : {"", "socket:", "socket:[", "socket:[]", "socket:[x]", "socket:[77", "pipe:[77]",
                          "/socket:[77]", "socket:[-1]", "socket:[99999999999999999999999]"}) {
    EXPECT_EQ(InodeInLink(bad, "socket"), 0U) << bad;
  }
}

}  // namespace
}  // namespace rollcall
