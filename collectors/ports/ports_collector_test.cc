#include "collectors/ports/ports_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/escaping.h"
#include "collectors/ports/fake_host_test_support.h"
#include "collectors/testing/vector_sink.h"
#include "platform/testing/fake_clock.h"
#include "proto/record_identity.h"

namespace rollcall {
namespace {

using Port = pb::ListeningPort;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PortsCollectorTest : public ::testing::Test {
 protected:
  explicit PortsCollectorTest(const KernelSockets* kernel = nullptr) {
    CollectorContext context;
    context.files = &host_.tree;
    context.clock = &clock_;
    context.sockets = kernel;
    collector_ = kPortsCollector.create(context);
    host_.AddProcess(1, "systemd");
    host_.AddProcess(50, "web", FakeHost::kHostNamespace, 12345);
  }

  // Records of one run by port.
  std::map<uint32_t, Port> Collect() {
    VectorSink sink;
    report_ = RunReport();
    status_ = collector_->Collect(sink, report_, StopToken());
    std::map<uint32_t, Port> ports;
    for (const pb::Record& record : sink.records()) ports[record.listening_port().port()] = record.listening_port();
    return ports;
  }

  FakeHost host_;
  FakeClock clock_;
  RunReport report_;
  absl::Status status_;
  std::unique_ptr<Collector> collector_;
};

TEST_F(PortsCollectorTest, DescribesAPortAndItsOwner) {
  host_.SetTcpTable(1, {{80, 77}});
  host_.OpenSocket(50, 5, 77);
  const auto ports = Collect();
  ASSERT_TRUE(status_.ok()) << status_;
  ASSERT_THAT(ports, SizeIs(1));
  const Port& port = ports.at(80);
  EXPECT_EQ(port.network_namespace(), 0U);
  EXPECT_EQ(port.transport(), Port::TCP);
  EXPECT_EQ(port.address(), "0.0.0.0");
  EXPECT_EQ(port.state(), "LISTEN");
  EXPECT_EQ(port.exposure(), Port::ANY);
  EXPECT_EQ(port.socket_count(), 1U);
  EXPECT_FALSE(port.owners_unknown());
  ASSERT_THAT(port.owners(), SizeIs(1));
  const pb::PortOwner& owner = port.owners(0);
  EXPECT_EQ(owner.pid(), 50U);
  EXPECT_EQ(owner.name(), "web");
  EXPECT_EQ(owner.exe(), "/usr/bin/web");
  EXPECT_EQ(owner.uid(), 33U);
  EXPECT_EQ(owner.user(), "www-data");
  EXPECT_EQ(owner.start_time().seconds(), 1'700'000'000 + 123);
  EXPECT_EQ(owner.start_time().nanos(), 450'000'000);
  EXPECT_EQ(owner.container_id(), "");
  EXPECT_TRUE(report_.complete());
}

TEST_F(PortsCollectorTest, OwnerNamesTheProcessRecord) {
  host_.SetTcpTable(1, {{80, 77}});
  host_.OpenSocket(50, 5, 77);
  pb::Record process;
  process.mutable_scope()->set_type(pb::Scope::HOST);
  process.mutable_process()->set_pid(50);
  process.mutable_process()->set_start_ticks(12345);
  process.mutable_process()->set_boot_id("0f0e0d0c-0b0a-4908-8706-050403020100");
  const AssetKey key = AssetKeyOf(process).value();
  EXPECT_EQ(Collect().at(80).owners(0).process_key(),
            absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(key.data()), key.size())));
}

TEST_F(PortsCollectorTest, UsesThePasswdOfTheOwnersRootAndNamesItsContainer) {
  const std::string id(64, 'a');
  host_.AddProcess(60, "app", 4711);
  host_.tree.SetFile("/proc/60/root/etc/passwd", "inside:x:33:33::/:/bin/sh\n");
  host_.tree.SetFile("/proc/60/cgroup", "0::/system.slice/docker-" + id + ".scope\n");
  host_.tree.SetSymlink("/proc/60/exe", "/app (deleted)");
  host_.SetTcpTable(60, {{8080, 99}});
  host_.OpenSocket(60, 3, 99);
  const auto ports = Collect();
  ASSERT_THAT(ports, SizeIs(1));
  EXPECT_EQ(ports.at(8080).network_namespace(), 4711U);
  ASSERT_THAT(ports.at(8080).owners(), SizeIs(1));
  EXPECT_EQ(ports.at(8080).owners(0).user(), "inside");
  EXPECT_EQ(ports.at(8080).owners(0).container_id(), id);
  EXPECT_EQ(ports.at(8080).owners(0).exe(), "/app");
}

TEST_F(PortsCollectorTest, EmitsASocketWithoutOwner) {
  host_.SetTcpTable(1, {{2049, 5}});  // a server inside the kernel
  const auto ports = Collect();
  ASSERT_THAT(ports, SizeIs(1));
  EXPECT_THAT(ports.at(2049).owners(), IsEmpty());
  EXPECT_FALSE(ports.at(2049).owners_unknown());
}

TEST_F(PortsCollectorTest, SaysWhenOwnersCouldNotBeDetermined) {
  host_.SetTcpTable(1, {{80, 77}, {81, 78}});
  host_.OpenSocket(50, 5, 77);
  host_.tree.SetError("/proc/1/fd", absl::PermissionDeniedError("permission denied"));
  const auto ports = Collect();
  ASSERT_THAT(ports, SizeIs(2));
  EXPECT_FALSE(ports.at(80).owners_unknown());
  EXPECT_TRUE(ports.at(81).owners_unknown());
  EXPECT_TRUE(report_.complete());
  pb::RunResult result;
  report_.FillResult(&result);
  ASSERT_THAT(result.degradations(), SizeIs(1));
  EXPECT_THAT(result.degradations(0).remedy(), ::testing::HasSubstr("CAP_SYS_PTRACE"));
}

TEST_F(PortsCollectorTest, NamesTheSocketUnitOfWhatPid1Holds) {
  host_.tree.SetFile("/usr/lib/systemd/system/ssh.socket", "[Socket]\nListenStream=22\n");
  host_.SetTcpTable(1, {{22, 5}, {80, 77}});
  host_.OpenSocket(1, 40, 5);
  host_.OpenSocket(50, 3, 5);
  host_.OpenSocket(50, 5, 77);
  for (int run = 0; run < 2; ++run) {
    const auto ports = Collect();
    EXPECT_EQ(ports.at(22).socket_unit(), "ssh.socket");
    EXPECT_THAT(ports.at(22).owners(), SizeIs(2));
    EXPECT_EQ(ports.at(80).socket_unit(), "");
  }
}

TEST_F(PortsCollectorTest, EveryRunSaysWhatIsThereNow) {
  host_.SetTcpTable(1, {{80, 77}});
  host_.OpenSocket(50, 5, 77);
  EXPECT_THAT(Collect(), SizeIs(1));
  host_.SetTcpTable(1, {{81, 78}});
  host_.OpenSocket(50, 5, 78);
  const auto ports = Collect();
  ASSERT_THAT(ports, SizeIs(1));
  EXPECT_THAT(ports.at(81).owners(), SizeIs(1));
  host_.SetTcpTable(1, {});
  EXPECT_THAT(Collect(), IsEmpty());
  EXPECT_TRUE(status_.ok());
}

TEST_F(PortsCollectorTest, AnAdjustedClockChangesNoPort) {
  host_.SetTcpTable(1, {{80, 77}});
  host_.OpenSocket(50, 5, 77);
  const int64_t before = Collect().at(80).owners(0).start_time().seconds();
  host_.tree.SetFile("/proc/stat", "btime 1700000003\n");
  EXPECT_EQ(Collect().at(80).owners(0).start_time().seconds(), before);
  host_.tree.SetFile("/proc/stat", "btime 1700003600\n");  // set, not adjusted
  EXPECT_EQ(Collect().at(80).owners(0).start_time().seconds(), before + 3600);
}

TEST_F(PortsCollectorTest, PassesOnThatTheSinkIsFull) {
  host_.SetTcpTable(1, {{80, 77}, {81, 78}});
  VectorSink sink(1);
  EXPECT_TRUE(absl::IsResourceExhausted(collector_->Collect(sink, report_, StopToken())));
}

TEST_F(PortsCollectorTest, StopsWhenAskedAndFailsWithoutProc) {
  StopSource source;
  source.RequestStop();
  VectorSink sink;
  EXPECT_TRUE(absl::IsCancelled(collector_->Collect(sink, report_, source.token())));
  host_.tree.Unset("/proc");
  EXPECT_FALSE(collector_->Collect(sink, report_, StopToken()).ok());
}

TEST_F(PortsCollectorTest, ABadPortRangeIsADegradation) {
  host_.tree.SetFile("/proc/sys/net/ipv4/ip_local_port_range", "many");
  host_.SetTcpTable(1, {{80, 77}});
  EXPECT_THAT(Collect(), SizeIs(1));
  pb::RunResult result;
  report_.FillResult(&result);
  EXPECT_THAT(result.degradations(), SizeIs(1));
}

// A kernel that answers through `kernel_`, which has to be there before the base class is made.
struct KernelHolder {
  FakeKernelSockets kernel_;
};
class PortsCollectorKernelTest : private KernelHolder, public PortsCollectorTest {
 protected:
  PortsCollectorKernelTest() : PortsCollectorTest(&kernel_) {}
  FakeKernelSockets& kernel() { return kernel_; }
};

TEST_F(PortsCollectorKernelTest, ReadsEachNamespaceOnceAndUnprintableNames) {
  host_.AddProcess(70, std::string("bad\xff"), 4711);
  host_.AddProcess(71, "app", 4711);
  SocketTable own;
  own.namespace_inode = FakeHost::kHostNamespace;
  own.sockets = {TcpListener("::", 80, 77)};
  own.sockets[0].v6only = false;
  own.sockets[0].interface_index = 9;
  SocketTable other;
  other.namespace_inode = 4711;
  other.sockets = {TcpListener("10.1.1.1", 81, 78)};
  kernel().tables.emplace(1, own);
  kernel().tables.emplace(70, other);
  host_.OpenSocket(70, 3, 78);
  const auto ports = Collect();
  EXPECT_THAT(kernel().asked, ElementsAre(1, 70));
  ASSERT_THAT(ports, SizeIs(2));
  EXPECT_TRUE(ports.at(80).has_v6only());
  EXPECT_FALSE(ports.at(80).v6only());
  EXPECT_EQ(ports.at(80).interface(), "ifindex:9");  // its name is not to be found
  EXPECT_EQ(ports.at(81).network_namespace(), 4711U);
  EXPECT_EQ(ports.at(81).exposure(), Port::PRIVATE);
  EXPECT_EQ(ports.at(81).owners(0).name(), "bad\uFFFD");
}

}  // namespace
}  // namespace rollcall
