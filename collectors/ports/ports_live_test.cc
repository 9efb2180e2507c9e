// The collector against the running kernel: every arrangement of sockets that is easily
// missed, and the same table as `ss` prints.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collectors/ports/ports_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/clock.h"
#include "platform/host_root.h"
#include "platform/netlink_kernel_sockets.h"
#include "platform/testing/child_process.h"
#include "platform/testing/sockets.h"

namespace rollcall {
namespace {

using Port = pb::ListeningPort;
using ::testing::ElementsAre;

using ::testing::SizeIs;

uint64_t InodeOf(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

uint64_t NamespaceOf(uint32_t pid) { return InodeOf(absl::StrCat("/proc/", pid, "/ns/net")); }

// Pid 1 need not let even root read its link; the files of a namespace tell the same.
bool InNamespaceOfPid1() { return InodeOf("/proc/1/net/unix") == InodeOf("/proc/self/net/unix"); }

// Whether sockets are read through netlink or, as on a tree of files, through /proc.
class PortsLiveTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "other processes' sockets take root";
    auto files = HostRoot::Create("/");
    ASSERT_TRUE(files.ok()) << files.status();
    files_ = *std::move(files);
    sockets_ = NewNetlinkKernelSockets();
    CollectorContext context;
    context.files = files_.get();
    context.clock = &clock_;
    context.sockets = GetParam() ? sockets_.get() : nullptr;
    collector_ = kPortsCollector.create(context);
    self_ = static_cast<uint32_t>(::getpid());
    own_namespace_ = InNamespaceOfPid1() ? 0 : NamespaceOf(self_);
  }

  void Collect() {
    VectorSink sink;
    RunReport report;
    const absl::Status status = collector_->Collect(sink, report, StopToken());
    ASSERT_TRUE(status.ok()) << status;
    records_ = sink.records();
  }

  // The one record of that address and port; a failure and an empty one otherwise.
  Port Find(Port::Transport transport, const std::string& address, uint32_t port, uint64_t ns) const {
    std::vector<Port> found;
    for (const pb::Record& record : records_) {
      const Port& candidate = record.listening_port();
      if (candidate.transport() == transport && candidate.address() == address && candidate.port() == port &&
          candidate.network_namespace() == ns) {
        found.push_back(candidate);
      }
    }
    EXPECT_EQ(found.size(), 1U) << Port::Transport_Name(transport) << " " << address << " " << port;
    return found.size() == 1 ? found[0] : Port();
  }
  Port Find(Port::Transport transport, const std::string& address, uint32_t port) const {
    return Find(transport, address, port, own_namespace_);
  }

  static std::vector<uint32_t> Pids(const Port& port) {
    std::vector<uint32_t> pids;
    for (const pb::PortOwner& owner : port.owners()) pids.push_back(owner.pid());
    return pids;
  }

  SystemClock clock_;
  std::unique_ptr<HostRoot> files_;
  std::unique_ptr<KernelSockets> sockets_;
  std::unique_ptr<Collector> collector_;
  uint32_t self_ = 0;
  uint64_t own_namespace_ = 0;
  std::vector<pb::Record> records_;
};

TEST_P(PortsLiveTest, TransportsAndAddressesOfOnePort) {
  const ScopedFd tcp = BindTestSocket({});
  const uint16_t port = PortOf(tcp);
  const ScopedFd udp = BindTestSocket({.type = SOCK_DGRAM, .port = port});
  const ScopedFd tcp6 = BindTestSocket({.address = "::1", .port = port});
  const ScopedFd second_address = BindTestSocket({.address = "127.0.0.2", .port = port});
  ASSERT_TRUE(tcp.valid() && udp.valid() && tcp6.valid() && second_address.valid());
  Collect();
  const struct {
    Port::Transport transport;
    const char* address;
  } kExpected[] = {{Port::TCP, "127.0.0.1"}, {Port::UDP, "127.0.0.1"}, {Port::TCP, "::1"}, {Port::TCP, "127.0.0.2"}};
  for (const auto& expected : kExpected) {
    const Port found = Find(expected.transport, expected.address, port);
    EXPECT_THAT(Pids(found), ElementsAre(self_));
    EXPECT_EQ(found.exposure(), Port::LOOPBACK);
    EXPECT_EQ(found.socket_count(), 1U);
  }
  EXPECT_EQ(Find(Port::TCP, "::1", port).has_v6only(), GetParam());
}

TEST_P(PortsLiveTest, SharedPortsAndForkedWorkers) {
  const ScopedFd shared = BindTestSocket({.reuse_port = true});
  const uint16_t shared_port = PortOf(shared);
  const ScopedFd inherited = BindTestSocket({});
  Collect();  // so that the children below are news to a collector with a cache
  EXPECT_THAT(Pids(Find(Port::TCP, "127.0.0.1", shared_port)), ElementsAre(self_));
  const ChildProcess other([&] {
    ::close(shared.get());
    return BindTestSocket({.port = shared_port, .reuse_port = true}).Release() >= 0;
  });
  const ChildProcess worker([&] { return ::close(shared.get()) == 0; });
  ASSERT_TRUE(other.ready() && worker.ready());

  Collect();
  const Port reused = Find(Port::TCP, "127.0.0.1", shared_port);
  EXPECT_EQ(reused.socket_count(), 2U);
  EXPECT_THAT(Pids(reused), ElementsAre(self_, other.pid()));
  const Port forked = Find(Port::TCP, "127.0.0.1", PortOf(inherited));
  EXPECT_EQ(forked.socket_count(), 1U);
  EXPECT_THAT(Pids(forked), ElementsAre(self_, other.pid(), worker.pid()));
}

TEST_P(PortsLiveTest, DescriptorAbove1024) {
  const ScopedFd low = BindTestSocket({});
  rlimit limit = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 4096));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  const ScopedFd high(::fcntl(low.get(), F_DUPFD_CLOEXEC, 2000));
  ASSERT_GE(high.get(), 2000);
  ::close(low.get());  // the high one is the only one now
  Collect();
  EXPECT_THAT(Pids(Find(Port::TCP, "127.0.0.1", PortOf(high))), ElementsAre(self_));
}

TEST_P(PortsLiveTest, AnotherNetworkNamespace) {
  const ScopedFd here = BindTestSocket({.address = "0.0.0.0"});
  const uint16_t port = PortOf(here);
  const ChildProcess child([&] {
    ::close(here.get());
    return ::unshare(CLONE_NEWNET) == 0 && BindTestSocket({.address = "0.0.0.0", .port = port}).Release() >= 0 &&
           BindTestSocket({.address = "::", .port = 4712}).Release() >= 0;
  });
  ASSERT_TRUE(child.ready());
  const uint64_t ns = NamespaceOf(child.pid());
  Collect();
  EXPECT_THAT(Pids(Find(Port::TCP, "0.0.0.0", port)), ElementsAre(self_));
  EXPECT_THAT(Pids(Find(Port::TCP, "0.0.0.0", port, ns)), ElementsAre(child.pid()));
  EXPECT_THAT(Pids(Find(Port::TCP, "::", 4712, ns)), ElementsAre(child.pid()));
}

TEST_P(PortsLiveTest, UnixListeners) {
  const std::string abstract = absl::StrCat("@rollcall-ports-", self_);
  const std::string path = absl::StrCat(::testing::TempDir(), "rollcall-ports-", self_, ".sock");
  const ScopedFd stream = ListenOnUnixSocket(path);
  const ScopedFd packets = ListenOnUnixSocket(abstract, SOCK_SEQPACKET);
  ASSERT_TRUE(stream.valid() && packets.valid());
  Collect();
  ::unlink(path.c_str());
  for (const std::string& address : {path, abstract}) {
    const Port found = Find(Port::UNIX_STREAM, address, 0);
    EXPECT_THAT(Pids(found), ElementsAre(self_));
    EXPECT_EQ(found.exposure(), Port::LOCAL);
  }
}

TEST_P(PortsLiveTest, AnEndedOwnerIsForgotten) {
  const ScopedFd listener = BindTestSocket({});
  ChildProcess worker([] { return true; });
  ASSERT_TRUE(worker.ready());
  Collect();
  EXPECT_THAT(Pids(Find(Port::TCP, "127.0.0.1", PortOf(listener))), ElementsAre(self_, worker.pid()));
  worker.End();
  Collect();
  EXPECT_THAT(Pids(Find(Port::TCP, "127.0.0.1", PortOf(listener))), ElementsAre(self_));
}

TEST_P(PortsLiveTest, DescribesItsOwnProcess) {
  const ScopedFd listener = BindTestSocket({});
  Collect();
  const Port found = Find(Port::TCP, "127.0.0.1", PortOf(listener));
  ASSERT_THAT(found.owners(), SizeIs(1));
  char exe[4096];
  const ssize_t size = ::readlink("/proc/self/exe", exe, sizeof(exe));
  ASSERT_GT(size, 0);
  EXPECT_EQ(found.owners(0).exe(), std::string(exe, static_cast<size_t>(size)));
  EXPECT_EQ(found.owners(0).uid(), 0U);
  EXPECT_EQ(found.owners(0).user(), "root");
  EXPECT_EQ(found.owners(0).process_key().size(), 32U);
  const absl::Duration age = clock_.Now() - absl::FromUnixSeconds(found.owners(0).start_time().seconds());
  EXPECT_LT(absl::AbsDuration(age), absl::Hours(1));
}

// Runs `ss`; empty if there is none.
std::string RunSs() {
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
  std::string name = "ss";
  std::string flags = "-ltnuH";
  char* const argv[] = {name.data(), flags.data(), nullptr};
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, "ss", &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_fds[1]);
  const ScopedFd output(pipe_fds[0]);
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; error == 0 && (n = ::read(output.get(), buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(n));
  }
  if (error == 0) ::waitpid(pid, nullptr, 0);
  return text;
}

// `TCP 127.0.0.1 80` for each line of `ss`, which prints `*` for `::` that takes IPv4 too.
std::set<std::string> PortsOfSs(const std::string& text) {
  std::set<std::string> ports;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 5) continue;
    const size_t colon = words[4].rfind(':');
    std::string address(words[4].substr(0, colon));
    address = address.substr(0, address.find('%'));
    if (address.front() == '[') address = address.substr(1, address.find(']') - 1);
    if (address == "*") address = "::";
    ports.insert(absl::StrCat(words[0] == "tcp" ? "TCP " : "UDP ", address, " ", words[4].substr(colon + 1)));
  }
  return ports;
}

std::set<std::string> PortsOfRecords(const std::vector<pb::Record>& records, uint64_t ns) {
  std::set<std::string> ports;
  for (const pb::Record& record : records) {
    const Port& port = record.listening_port();
    if (port.network_namespace() != ns || (port.transport() != Port::TCP && port.transport() != Port::UDP)) continue;
    ports.insert(absl::StrCat(Port::Transport_Name(port.transport()), " ", port.address(), " ", port.port()));
  }
  return ports;
}

TEST_P(PortsLiveTest, AgreesWithSs) {
  const ScopedFd listener = BindTestSocket({.address = "::", .v6only = false});
  const ScopedFd datagram = BindTestSocket({.type = SOCK_DGRAM, .address = "::1"});
  ASSERT_TRUE(listener.valid() && datagram.valid());
  std::set<std::string> expected;
  std::set<std::string> actual;
  for (int attempt = 0; attempt < 5; ++attempt) {  // other programs open and close sockets meanwhile
    const std::string before = RunSs();
    ASSERT_NE(before, "") << "ss did not answer: install iproute2";
    Collect();
    expected = PortsOfSs(before);
    actual = PortsOfRecords(records_, own_namespace_);
    if (expected == actual) break;
  }
  EXPECT_EQ(actual, expected);
  EXPECT_GE(expected.size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Source, PortsLiveTest, ::testing::Values(true, false),
                         [](const auto& info) { return info.param ? "Netlink" : "Proc"; });

}  // namespace
}  // namespace rollcall
