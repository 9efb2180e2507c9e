// Against the running kernel, with real sockets.
#include "platform/netlink_kernel_sockets.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "platform/testing/child_process.h"
#include "platform/testing/sockets.h"

namespace rollcall {
namespace {

using Protocol = ListeningSocket::Protocol;

uint64_t InodeOf(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

uint64_t SocketInode(const ScopedFd& fd) { return InodeOf(absl::StrCat("/proc/self/fd/", fd.get())); }

// The entry of that socket; nullptr if there is none.
const ListeningSocket* Find(const SocketTable& table, uint64_t inode) {
  const auto it = std::find_if(table.sockets.begin(), table.sockets.end(),
                               [&](const ListeningSocket& socket) { return socket.inode == inode; });
  return it == table.sockets.end() ? nullptr : &*it;
}

TEST(NetlinkKernelSockets, ListsSocketsOfTheOwnNamespace) {
  const ScopedFd tcp = BindTestSocket({.backlog = 77});
  const ScopedFd tcp6 = BindTestSocket({.address = "::1", .port = PortOf(tcp)});
  const ScopedFd dual = BindTestSocket({.address = "::", .v6only = false});
  const ScopedFd udp = BindTestSocket({.type = SOCK_DGRAM, .port = PortOf(tcp)});
  const ScopedFd connected = BindTestSocket({.type = SOCK_DGRAM});
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(9);
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(connected.get(), reinterpret_cast<sockaddr*>(&peer), sizeof(peer)), 0);
  const std::string name = absl::StrCat("@rollcall-test-", ::getpid());
  const ScopedFd abstract = ListenOnUnixSocket(name, SOCK_SEQPACKET);
  ASSERT_TRUE(tcp.valid() && tcp6.valid() && dual.valid() && udp.valid() && abstract.valid());

  const absl::StatusOr<SocketTable> table = NewNetlinkKernelSockets()->Listening(0);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->source, "netlink");
  EXPECT_EQ(table->namespace_inode, InodeOf("/proc/self/ns/net"));
  EXPECT_THAT(table->problems, ::testing::IsEmpty());

  ListeningSocket expected;
  expected.address = "127.0.0.1";
  expected.port = PortOf(tcp);
  expected.inode = SocketInode(tcp);
  expected.uid = ::getuid();
  expected.backlog_limit = 77;
  const ListeningSocket* found = Find(*table, SocketInode(tcp));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(*found, expected);

  found = Find(*table, SocketInode(tcp6));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->address, "::1");
  EXPECT_EQ(found->port, PortOf(tcp));
  EXPECT_EQ(found->v6only, true);
  found = Find(*table, SocketInode(dual));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->v6only, false);
  found = Find(*table, SocketInode(udp));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->protocol, Protocol::kUdp);
  EXPECT_EQ(found->port, PortOf(tcp));
  EXPECT_EQ(Find(*table, SocketInode(connected)), nullptr);
  found = Find(*table, SocketInode(abstract));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->protocol, Protocol::kUnixStream);
  EXPECT_EQ(found->address, name);
}

TEST(NetlinkKernelSockets, ListsAllOfALongTable) {
  std::vector<ScopedFd> sockets;
  for (int i = 0; i < 700; ++i) sockets.push_back(BindTestSocket({}));  // several datagrams of answers
  const absl::StatusOr<SocketTable> table = NewNetlinkKernelSockets()->Listening(0);
  ASSERT_TRUE(table.ok()) << table.status();
  for (const ScopedFd& socket : sockets) ASSERT_NE(Find(*table, SocketInode(socket)), nullptr);
}

TEST(NetlinkKernelSockets, EntersAnotherNamespaceAndStaysInItsOwn) {
  if (::geteuid() != 0) GTEST_SKIP() << "entering a network namespace takes root";
  const ChildProcess child([] {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    return BindTestSocket({.address = "0.0.0.0", .port = 4711}).Release() >= 0;
  });
  ASSERT_TRUE(child.ready());
  const uint64_t own = InodeOf("/proc/thread-self/ns/net");
  const auto sockets = NewNetlinkKernelSockets();

  const absl::StatusOr<SocketTable> table = sockets->Listening(child.pid());
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->namespace_inode, InodeOf(absl::StrCat("/proc/", child.pid(), "/ns/net")));
  EXPECT_NE(table->namespace_inode, own);
  const auto is_ours = [](const ListeningSocket& s) { return s.protocol == Protocol::kTcp && s.port == 4711; };
  EXPECT_EQ(std::count_if(table->sockets.begin(), table->sockets.end(), is_ours), 1);

  const ScopedFd by_descriptor(::open(absl::StrCat("/proc/", child.pid(), "/ns/net").c_str(), O_RDONLY | O_CLOEXEC));
  const absl::StatusOr<SocketTable> same = sockets->ListeningIn(by_descriptor.get());
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->namespace_inode, table->namespace_inode);

  EXPECT_EQ(InodeOf("/proc/thread-self/ns/net"), own);
  const absl::StatusOr<SocketTable> after = sockets->Listening(0);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->namespace_inode, own);
}

TEST(NetlinkKernelSockets, SaysPermissionDeniedWithoutThePrivilege) {
  if (::geteuid() != 0) GTEST_SKIP() << "dropping privileges takes some";
  const ChildProcess other([] { return ::unshare(CLONE_NEWNET) == 0; });
  ASSERT_TRUE(other.ready());
  const std::string path = absl::StrCat("/proc/", other.pid(), "/ns/net");
  const ScopedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // The child looks for itself: ready() is whether it was refused in both ways.
  const ChildProcess unprivileged([&] {
    if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0) return false;
    const auto sockets = NewNetlinkKernelSockets();
    return absl::IsPermissionDenied(sockets->Listening(other.pid()).status()) &&
           absl::IsPermissionDenied(sockets->ListeningIn(fd.get()).status()) && sockets->Listening(0).ok();
  });
  EXPECT_TRUE(unprivileged.ready());
}

TEST(NetlinkKernelSockets, TellsAMissingProcessFromAWrongDescriptor) {
  const auto sockets = NewNetlinkKernelSockets();
  EXPECT_TRUE(absl::IsNotFound(sockets->Listening(4'190'000'000).status()));
  const ScopedFd null_device(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(absl::IsInvalidArgument(sockets->ListeningIn(null_device.get()).status()));
  EXPECT_FALSE(sockets->ListeningIn(-1).ok());
}

TEST(NetlinkKernelSockets, WorksFromSeveralThreads) {
  const ScopedFd tcp = BindTestSocket({});
  const auto sockets = NewNetlinkKernelSockets();
  std::vector<std::thread> threads;
  std::vector<char> seen(4, 0);
  for (size_t i = 0; i < seen.size(); ++i) {
    threads.emplace_back([&, i] {
      const absl::StatusOr<SocketTable> table = sockets->Listening(0);
      seen[i] = table.ok() && Find(*table, SocketInode(tcp)) != nullptr;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(seen, ::testing::Each(1));
}

}  // namespace
}  // namespace rollcall
