#include "collectors/host/host_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "collectors/run_report.h"
#include "collectors/testing/vector_sink.h"
#include "platform/host_root.h"
#include "platform/memory_tree.h"
#include "platform/testing/fake_clock.h"
#include "platform/testing/fixture_tree.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

template <typename Tree>
void FillValid(Tree& tree) {
  tree.SetFile("/etc/hostname", "web-1\n");
  tree.SetFile("/etc/os-release", "ID=debian\nVERSION_ID=12\n");
  tree.SetFile("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  tree.SetFile("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  tree.SetFile("/proc/sys/kernel/hostname", "kernel-name\n");
  tree.SetFile("/proc/sys/kernel/random/boot_id", "1f0e6c5e-5b1d-4d0c-9d0c-0123456789ab\n");
  tree.SetFile("/proc/cpuinfo", "processor : 0\nmodel name : CPU\nphysical id : 0\ncore id : 0\nflags : lm\n");
  tree.SetFile("/proc/meminfo", "MemTotal: 1024 kB\n");
  tree.SetFile("/proc/stat", "btime 1700000000\n");
  tree.SetFile("/proc/uptime", "60.5 1.0\n");
  tree.SetFile("/proc/1/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  tree.SetFile("/proc/1/net/route", "eth0 0000000A 00000000 0001 0 0 100 00FFFFFF 0 0 0\n");
  tree.SetFile("/proc/1/net/fib_trie", "|-- 10.0.0.5\n/32 host LOCAL\n");
  tree.SetFile("/sys/class/net/eth0/address", "52:54:00:12:34:56\n");
  tree.SetFile("/sys/class/net/eth0/mtu", "1500\n");
  tree.SetFile("/sys/class/net/eth0/flags", "0x1003\n");
  tree.SetFile("/sys/class/net/eth0/operstate", "up\n");
  tree.SetFile("/sys/class/net/eth0/device/vendor", "0x1af4\n");
  tree.SetFile("/sys/class/dmi/id/product_serial", "SER-1\n");
  tree.SetFile("/boot/vmlinuz-6.1.0-18-amd64", "");
}

class HostCollectorTest : public ::testing::Test {
 protected:
  HostCollectorTest() { FillValid(tree_); }

  std::unique_ptr<Collector> Make(const FileTree& tree) {
    CollectorContext context;
    context.files = &tree;
    context.clock = &clock_;
    context.host_id = host_id_;
    context.host_id_source = "machine-id";
    context.agent_version = "1.0";
    context.host_clone_of = clone_of_;
    context.cloud_facts = cloud_facts_;
    return kHostCollector.create(context);
  }

  // One run of a new collector; its degradations go to `result_`.
  absl::StatusOr<pb::Host> Run(const FileTree& tree) {
    RunReport report;
    VectorSink sink;
    const absl::Status status = Make(tree)->Collect(sink, report, StopToken());
    result_.Clear();
    report.FillResult(&result_);
    if (!status.ok()) return status;
    EXPECT_THAT(sink.records(), SizeIs(1));
    return sink.records().at(0).host();
  }
  pb::Host RunValid() {
    auto host = Run(tree_);
    EXPECT_TRUE(host.ok()) << host.status();
    return host.value_or(pb::Host());
  }

  FakeClock clock_;
  MemoryTree tree_;
  std::string host_id_ = "id-1";
  std::string clone_of_;
  bool cloud_facts_ = true;
  pb::RunResult result_;
};

// Asking for a size there would wait for the server.
TEST_F(HostCollectorTest, NoSizeIsAskedForThroughAServer) {
  tree_.SetFile("/proc/1/mountinfo",
                "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                "23 22 0:40 / /net rw - nfs4 server:/x rw\n"
                "24 23 8:2 / /net/local rw - ext4 /dev/sdb rw\n"
                "25 22 8:3 / /networked rw - ext4 /dev/sdc rw\n");
  for (const auto& [path, minor] : {std::pair("/net/local", 2U), std::pair("/networked", 3U)}) {
    FilesystemSpace space;
    space.device = makedev(8, minor);
    space.total_bytes = 1'000;
    tree_.SetDirectory(path);
    tree_.SetFilesystemSpace(path, space);
  }
  const pb::Host host = RunValid();
  ASSERT_EQ(host.filesystems_size(), 4);
  EXPECT_EQ(host.filesystems(2).mount_path(), "/net/local");
  EXPECT_EQ(host.filesystems(2).size_bytes(), 0U);
  EXPECT_EQ(host.filesystems(3).mount_path(), "/networked");
  EXPECT_EQ(host.filesystems(3).size_bytes(), 1'000U);
}

TEST_F(HostCollectorTest, ReadsAHost) {
  const pb::Host host = RunValid();
  EXPECT_EQ(host.host_id(), "id-1");
  EXPECT_EQ(host.host_id_source(), "machine-id");
  EXPECT_EQ(host.machine_id(), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(host.hostname(), "web-1");
  EXPECT_EQ(host.boot_time().seconds(), 1700000000);
  EXPECT_EQ(host.uptime_seconds(), 60U);
  EXPECT_FALSE(host.reboot_required());
  EXPECT_FALSE(host.has_clock_synchronized());  // not this machine's tree
  EXPECT_EQ(host.interfaces(0).addresses(0), "10.0.0.5/24");
  EXPECT_EQ(host.filesystems(0).mount_path(), "/");
  EXPECT_THAT(result_.problems(), IsEmpty());
  EXPECT_THAT(result_.degradations(), IsEmpty());
}

TEST_F(HostCollectorTest, TheKernelsHostNameCountsOnlyInPid1sNamespace) {
  tree_.SetSymlink("/proc/self/ns/uts", "uts:[1]");
  tree_.SetSymlink("/proc/1/ns/uts", "uts:[2]");
  EXPECT_EQ(RunValid().hostname(), "web-1");
  tree_.SetSymlink("/proc/1/ns/uts", "uts:[1]");
  EXPECT_EQ(RunValid().hostname(), "kernel-name");
  tree_.SetSymlink("/proc/1/ns/uts", "uts:[2]");
  tree_.SetFile("/etc/hostname", "localhost\n");
  EXPECT_EQ(RunValid().hostname(), "kernel-name");
  tree_.Unset("/etc/hostname");
  EXPECT_EQ(RunValid().hostname(), "kernel-name");
}

TEST_F(HostCollectorTest, RebootIsRequiredForANewerKernelOrAMark) {
  tree_.SetFile("/boot/vmlinuz-6.9.0-1-cloud-amd64", "");
  EXPECT_FALSE(RunValid().reboot_required());  // another flavour
  tree_.SetFile("/lib/modules/6.1.0-99-amd64/modules.dep", "");
  EXPECT_FALSE(RunValid().reboot_required());  // what a removed kernel left behind
  tree_.SetFile("/lib/modules/6.1.0-99-amd64/vmlinuz", "");
  const pb::Host host = RunValid();
  EXPECT_TRUE(host.reboot_required());
  EXPECT_EQ(host.kernel().newest_installed(), "6.1.0-99-amd64");
  tree_.Unset("/lib/modules");
  tree_.SetFile("/run/reboot-required", "");
  EXPECT_TRUE(RunValid().reboot_required());
}

TEST_F(HostCollectorTest, ContainerEndsAreNoInterfaces) {
  tree_.SetFile("/sys/class/net/veth1/ifindex", "7\n");
  tree_.SetFile("/sys/class/net/veth1/iflink", "6\n");
  tree_.SetFile("/sys/class/net/eth0.5/ifindex", "8\n");
  tree_.SetFile("/sys/class/net/eth0.5/iflink", "2\n");
  tree_.SetSymlink("/sys/class/net/eth0.5/lower_eth0", "../eth0");
  tree_.SetFile("/sys/class/net/bonding_masters", "");
  const pb::Host host = RunValid();
  ASSERT_EQ(host.interfaces_size(), 2);
  EXPECT_EQ(host.interfaces(0).name(), "eth0");
  EXPECT_EQ(host.interfaces(1).name(), "eth0.5");
}

TEST_F(HostCollectorTest, DigestTellsClonesApart) {
  const std::string digest = RunValid().hardware_digest();
  EXPECT_THAT(digest, SizeIs(64));
  EXPECT_EQ(RunValid().hardware_digest(), digest);
  tree_.SetFile("/etc/hostname", "renamed\n");
  tree_.SetFile("/sys/class/net/docker0/address", "02:42:00:00:00:01\n");
  EXPECT_EQ(RunValid().hardware_digest(), digest);  // not hardware
  tree_.SetFile("/sys/class/net/eth0/address", "52:54:00:99:99:99\n");
  EXPECT_NE(RunValid().hardware_digest(), digest);
  tree_.Unset("/sys");
  EXPECT_EQ(RunValid().hardware_digest(), "");  // nothing known is no digest, not that of nothing
}

TEST_F(HostCollectorTest, ACloneSaysWhose) {
  EXPECT_EQ(RunValid().clone_of(), "");
  clone_of_ = "id-0";
  EXPECT_EQ(RunValid().clone_of(), "id-0");
}

TEST_F(HostCollectorTest, TheCloudIsAskedAfterOnlyIfThatIsAllowed) {
  tree_.SetFile("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
  tree_.SetFile("/sys/class/dmi/id/board_asset_tag", "i-0dmi\n");
  EXPECT_EQ(RunValid().cloud().instance_id(), "i-0dmi");
  cloud_facts_ = false;
  tree_.SetError("/run/cloud-init", absl::InternalError("read though it is not allowed"));
  EXPECT_FALSE(RunValid().has_cloud());
  EXPECT_THAT(result_.degradations(), IsEmpty());
}

TEST_F(HostCollectorTest, BootTimeDoesNotFlicker) {
  const std::unique_ptr<Collector> collector = Make(tree_);
  const auto boot_seconds = [&](const char* stat) {
    tree_.SetFile("/proc/stat", stat);
    RunReport report;
    VectorSink sink;
    EXPECT_TRUE(collector->Collect(sink, report, StopToken()).ok());
    return sink.records().at(0).host().boot_time().seconds();
  };
  EXPECT_EQ(boot_seconds("btime 1700000000\n"), 1700000000);
  EXPECT_EQ(boot_seconds("btime 1700000001\n"), 1700000000);
  EXPECT_EQ(boot_seconds("btime 1700009999\n"), 1700009999);
}

TEST_F(HostCollectorTest, BrokenFilesDegradeAndTheRestStays) {
  const struct {
    const char *path, *content;
  } kBreaks[] = {
      {"/proc/stat", "garbage"},          {"/proc/meminfo", "garbage"},
      {"/proc/cpuinfo", "garbage"},       {"/proc/sys/kernel/random/boot_id", "garbage"},
      {"/proc/1/mountinfo", "garbage\n"}, {"/run/cloud-init/instance-data.json", "{"},
  };
  for (const auto& b : kBreaks) {
    tree_.SetFile(b.path, b.content);
    const pb::Host host = RunValid();
    EXPECT_EQ(host.hostname(), "web-1") << b.path;
    EXPECT_THAT(result_.degradations(), SizeIs(1)) << b.path;
    EXPECT_THAT(result_.problems(), IsEmpty());
    tree_.Unset("/run/cloud-init");
    FillValid(tree_);
  }
}

TEST_F(HostCollectorTest, UnreadableFilesDegradeAndSayWhatHelps) {
  for (const char* path : {"/sys/class/dmi/id/product_serial", "/boot", "/etc/os-release", "/proc/1/mountinfo",
                           "/proc/cpuinfo", "/sys/class/net", "/proc/1/net/route"}) {
    tree_.SetError(path, absl::PermissionDeniedError("permission denied"));
    const pb::Host host = RunValid();
    EXPECT_EQ(host.hostname(), "web-1") << path;
    ASSERT_GE(result_.degradations_size(), 1) << path;
    EXPECT_EQ(result_.degradations(0).code(), "PERMISSION_DENIED");
    EXPECT_THAT(result_.degradations(0).remedy(), HasSubstr("CAP_DAC_READ_SEARCH"));
    tree_.SetError(path, absl::OkStatus());
  }
}

TEST_F(HostCollectorTest, MissingFilesAreAnswers) {
  for (const char* path : {"/etc/hostname", "/etc/machine-id", "/proc/1", "/sys", "/boot", "/proc/stat", "/proc/uptime",
                           "/proc/cpuinfo", "/proc/meminfo"}) {
    tree_.Unset(path);
    EXPECT_EQ(RunValid().os().id(), "debian") << path;
    EXPECT_THAT(result_.degradations(), IsEmpty()) << path;
  }
}

TEST_F(HostCollectorTest, AnEmptyTreeIsNoHost) {
  MemoryTree empty;
  EXPECT_EQ(Run(empty).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(HostCollectorTest, NeverHasAnEmptyId) {
  host_id_ = "";
  EXPECT_EQ(Run(tree_).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(HostCollectorTest, HostileBytesStayDecodable) {
  for (const char* path : {"/etc/hostname", "/etc/os-release", "/proc/sys/kernel/osrelease", "/proc/cmdline",
                           "/proc/cpuinfo", "/sys/class/dmi/id/sys_vendor", "/sys/class/net/eth0/address",
                           "/etc/timezone", "/run/systemd/container", "/proc/1/mountinfo"}) {
    tree_.SetFile(path, "ID=\xff\xfe: \xc3\x28\n22 1 8:1 / /\xff rw - ext4 \xff rw\n");
  }
  const pb::Host host = RunValid();
  pb::Host decoded;
  EXPECT_TRUE(decoded.ParseFromString(host.SerializeAsString()));
}

TEST_F(HostCollectorTest, StopsWhenTold) {
  StopSource source;
  source.RequestStop();
  RunReport report;
  VectorSink sink;
  EXPECT_EQ(Make(tree_)->Collect(sink, report, source.token()).code(), absl::StatusCode::kCancelled);
  EXPECT_THAT(sink.records(), IsEmpty());
}

TEST_F(HostCollectorTest, PassesOnAFullSink) {
  RunReport report;
  VectorSink sink(0);
  EXPECT_EQ(Make(tree_)->Collect(sink, report, StopToken()).code(), absl::StatusCode::kResourceExhausted);
}

// The same files as a host's `/`, as a container's `/host`, and by either resolver.
TEST_F(HostCollectorTest, SaysTheSameWhereverTheTreeIs) {
  FixtureTree fixture(PathResolver::kComponentWalk);
  FillValid(fixture);
  auto below = fixture.tree().Subtree("/");
  ASSERT_TRUE(below.ok());
  auto outer = HostRoot::Create("/");
  ASSERT_TRUE(outer.ok());
  auto as_host = (*outer)->Subtree(fixture.root());
  ASSERT_TRUE(as_host.ok());
  const std::string want = RunValid().SerializeAsString();
  EXPECT_EQ(Run(fixture.tree())->SerializeAsString(), want);
  EXPECT_EQ(Run(**below)->SerializeAsString(), want);
  EXPECT_EQ(Run(**as_host)->SerializeAsString(), want);
}

TEST_F(HostCollectorTest, ReadsThisMachine) {
  auto root = HostRoot::Create("/");
  ASSERT_TRUE(root.ok());
  auto host = Run(**root);
  ASSERT_TRUE(host.ok()) << host.status();
  EXPECT_GT(host->hardware().threads(), 0U);
  EXPECT_GT(host->hardware().memory_bytes(), 0U);
  EXPECT_FALSE(host->kernel().release().empty());
}

}  // namespace
}  // namespace rollcall
