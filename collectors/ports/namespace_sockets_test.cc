#include "collectors/ports/namespace_sockets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/ports/fake_host_test_support.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr uint64_t kInode = 100;

SocketTable Table(uint64_t namespace_inode, uint16_t port) {
  SocketTable table;
  table.namespace_inode = namespace_inode;
  table.sockets = {TcpListener("0.0.0.0", port, 7)};
  return table;
}

class NamespaceSocketsTest : public ::testing::Test {
 protected:
  NamespaceSocketsTest() {
    for (const uint32_t pid : {10, 20, 30}) {
      host_.AddProcess(pid, "app", kInode);
      host_.SetTcpTable(pid, {{static_cast<uint16_t>(1000 + pid), 70 + pid}});
    }
  }
  std::vector<ListeningSocket> Read(const KernelSockets* kernel) {
    return NamespaceSockets(host_.tree, kernel).Read(ns_, report_);
  }

  FakeHost host_;
  FakeKernelSockets kernel_;
  const NetworkNamespace ns_ = {.inode = kInode, .members = {10, 20, 30}};
  RunReport report_;
};

TEST_F(NamespaceSocketsTest, AsksTheKernelThroughTheFirstMember) {
  kernel_.tables.emplace(10, Table(kInode, 80));
  EXPECT_THAT(Read(&kernel_), ElementsAre(Field(&ListeningSocket::port, 80)));
  EXPECT_THAT(kernel_.asked, ElementsAre(10));
  EXPECT_TRUE(report_.complete());
}

TEST_F(NamespaceSocketsTest, TriesTheNextMemberWhenOneHasEndedOrMoved) {
  kernel_.tables.emplace(20, Table(kInode + 1, 81));
  kernel_.tables.emplace(30, Table(kInode, 82));
  EXPECT_THAT(Read(&kernel_), ElementsAre(Field(&ListeningSocket::port, 82)));
  EXPECT_THAT(kernel_.asked, ElementsAre(10, 20, 30));
}

TEST_F(NamespaceSocketsTest, FallsBackToProcWithoutPermissionOrDiagnostics) {
  for (const absl::Status& status : {absl::PermissionDeniedError("denied"), absl::UnimplementedError("none")}) {
    FakeKernelSockets kernel;
    kernel.tables.emplace(10, status);
    EXPECT_THAT(Read(&kernel), ElementsAre(Field(&ListeningSocket::port, 1010)));
    EXPECT_TRUE(report_.complete());
  }
}

TEST_F(NamespaceSocketsTest, ReportsWhatTheKernelCouldNotGive) {
  SocketTable table = Table(kInode, 80);
  table.problems.push_back(absl::AbortedError("dump tcp sockets: the table kept changing"));
  kernel_.tables.emplace(10, table);
  EXPECT_THAT(Read(&kernel_), SizeIs(1));
  EXPECT_EQ(report_.problem_count(), 1U);
}

TEST_F(NamespaceSocketsTest, AKernelErrorIsReportedAndProcRead) {
  kernel_.tables.emplace(10, absl::DataLossError("read netlink:sock_diag: message cut off"));
  EXPECT_THAT(Read(&kernel_), ElementsAre(Field(&ListeningSocket::port, 1010)));
  EXPECT_EQ(report_.problem_count(), 1U);
}

TEST_F(NamespaceSocketsTest, ReadsSctpFromProcWhereTheKernelHasNoDiagnosticsForIt) {
  host_.tree.SetFile("/proc/10/net/sctp/eps", "header\na b 2 10 29 3868 101 12345 0.0.0.0\n");
  SocketTable table = Table(kInode, 80);
  table.without_sctp = true;
  kernel_.tables.emplace(10, table);
  EXPECT_THAT(Read(&kernel_), ElementsAre(Field(&ListeningSocket::port, 80), Field(&ListeningSocket::port, 3868)));
}

TEST_F(NamespaceSocketsTest, ReadsEveryTableOfProc) {
  const std::string header = "header\n";
  const std::string tail = " 00:00000000 00000000 0 0 5 1 0\n";
  host_.tree.SetFile("/proc/10/net/tcp6", header + "0: 00000000000000000000000000000000:0050 " + std::string(32, '0') +
                                              ":0000 0A 0:0" + tail);
  host_.tree.SetFile("/proc/10/net/udp", header + "0: 00000000:0035 00000000:0000 07 0:0" + tail);
  host_.tree.SetFile("/proc/10/net/udp6", header + "0: 00000000000000000000000000000000:0035 " + std::string(32, '0') +
                                              ":0000 07 0:0" + tail);
  host_.tree.SetFile("/proc/10/net/unix", header + "0: 00000002 00000000 00010000 0001 01 6 /run/x\n");
  EXPECT_THAT(Read(nullptr), SizeIs(5));
  EXPECT_TRUE(report_.complete());
}

TEST_F(NamespaceSocketsTest, KeepsTheRestOfABrokenTableAndSaysSo) {
  host_.tree.SetFile("/proc/10/net/udp", "header\nbroken\n");
  host_.tree.SetError("/proc/10/net/tcp6", absl::DataLossError("read: I/O error"));
  EXPECT_THAT(Read(nullptr), SizeIs(1));
  EXPECT_EQ(report_.problem_count(), 2U);
}

TEST_F(NamespaceSocketsTest, OfProcTooTriesTheNextMember) {
  host_.tree.Unset("/proc/10");
  host_.tree.SetSymlink("/proc/20/ns/net", "net:[555]");
  EXPECT_THAT(Read(nullptr), ElementsAre(Field(&ListeningSocket::port, 1030)));
  host_.tree.Unset("/proc/30");
  EXPECT_THAT(Read(nullptr), IsEmpty());
  EXPECT_TRUE(report_.complete());
}

TEST_F(NamespaceSocketsTest, NamesInterfaces) {
  host_.tree.SetFile("/sys/class/net/eth0/ifindex", "2\n");
  host_.tree.SetFile("/proc/20/net/igmp", "Idx\tDevice    : Count Querier\n3\tveth1     :     1      V3\n");
  const NamespaceSockets sockets(host_.tree, nullptr);
  EXPECT_THAT(sockets.InterfaceNames(ns_), ElementsAre(Pair(3, "veth1")));
  EXPECT_THAT(sockets.InterfaceNames({.inode = kInode, .is_host = true, .members = {20}}),
              ElementsAre(Pair(2, "eth0"), Pair(3, "veth1")));
}

TEST(NamespaceSocketsNamed, ReadsNamespacesWithoutProcesses) {
  FixtureTree files;
  files.SetFile("/run/netns/blue", "");
  files.SetFile("/run/netns/seen", "");
  const uint64_t seen = files.tree().Stat("/run/netns/seen")->inode;
  FakeKernelSockets kernel;
  kernel.named = Table(4711, 80);
  RunReport report;
  const auto named = NamespaceSockets(files.tree(), &kernel).ReadNamed({seen}, report);
  ASSERT_THAT(named, SizeIs(1));
  EXPECT_EQ(named[0].inode, 4711U);
  EXPECT_THAT(named[0].sockets, SizeIs(1));

  kernel.named = absl::InvalidArgumentError("not one");  // what a failed `ip netns add` leaves
  EXPECT_THAT(NamespaceSockets(files.tree(), &kernel).ReadNamed({seen}, report), IsEmpty());
  kernel.named = absl::PermissionDeniedError("denied");
  EXPECT_THAT(NamespaceSockets(files.tree(), &kernel).ReadNamed({seen}, report), IsEmpty());
  EXPECT_TRUE(report.complete());
  EXPECT_THAT(NamespaceSockets(files.tree(), nullptr).ReadNamed({}, report), IsEmpty());
}

}  // namespace
}  // namespace rollcall
