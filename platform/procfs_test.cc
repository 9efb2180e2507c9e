#include "platform/procfs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "platform/clock.h"
#include "platform/host_root.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr absl::string_view kStat =
    "812 (nginx) S 1 812 812 34816 -1 4194624 1264 0 3 0 11 22 0 0 20 0 4 0 5021 11423744 1777 18446744073709551615 "
    "1 1 0 0 0 0 0 1073746048 402745863 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

TEST(ParseProcStat, ReadsTheFields) {
  auto stat = ParseProcStat(kStat);
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_EQ(stat->pid, 812U);
  EXPECT_EQ(stat->comm, "nginx");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->ppid, 1U);
  EXPECT_EQ(stat->session, 812U);
  EXPECT_EQ(stat->tty, 34816U);
  EXPECT_EQ(stat->flags, 4194624U);
  EXPECT_EQ(stat->user_ticks, 11U);
  EXPECT_EQ(stat->system_ticks, 22U);
  EXPECT_EQ(stat->threads, 4U);
  EXPECT_EQ(stat->start_ticks, 5021U);
  EXPECT_EQ(stat->virtual_bytes, 11423744U);
  EXPECT_EQ(stat->resident_pages, 1777U);
  EXPECT_FALSE(stat->is_kernel_thread());
}

TEST(ParseProcStat, NamesMayHoldAnything) {
  for (const char* name :
       {"a b", "a) R 1 2 (b", "(((", ")))", "new\nline", "", "kworker/0:1-events", "\xff\xfe", "1 (x) S"}) {
    auto stat = ParseProcStat(absl::StrReplaceAll(kStat, {{"nginx", name}}));
    ASSERT_TRUE(stat.ok()) << name << stat.status();
    EXPECT_EQ(stat->comm, name);
    EXPECT_EQ(stat->ppid, 1U);
    EXPECT_EQ(stat->start_ticks, 5021U);
  }
}

TEST(ParseProcStat, KernelThreadsAreKnownByTheirFlag) {
  auto stat = ParseProcStat(
      "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 5 0 0 20 0 1 0 0 0 0 18446744073709551615 0 0 0 0 0 0 0 "
      "2147483647 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0");
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_TRUE(stat->is_kernel_thread());
}

TEST(ParseProcStat, BreaksAreNamed) {
  const struct {
    const char *from, *to, *want;
  } kBreaks[] = {
      {"812 (", "x (", "field 1 "},         {"(nginx) S", "nginx S", "no name"},
      {" S 1 ", " SS 1 ", "field 3 "},      {" S 1 812", " S x 812", "field 4 "},
      {" 4194624 ", " -1 ", "field 9 "},    {" 5021 ", " 99999999999999999999 ", "field 22 "},
      {" 11423744 ", " 1e9 ", "field 23 "}, {" 1777 ", " x ", "field 24 "},
  };
  for (const auto& b : kBreaks) {
    const std::string text = absl::StrReplaceAll(kStat, {{b.from, b.to}});
    auto stat = ParseProcStat(text);
    ASSERT_FALSE(stat.ok()) << text;
    EXPECT_THAT(std::string(stat.status().message()), HasSubstr(b.want));
  }
  EXPECT_FALSE(ParseProcStat("").ok());
  EXPECT_FALSE(ParseProcStat(")(").ok());
  EXPECT_FALSE(ParseProcStat("1 (x)").ok());
  // Cut anywhere before the last field we need, it is bad, never half read.
  const size_t needed = kStat.find(" 1777");
  for (size_t length = 0; length <= needed; ++length) {
    EXPECT_FALSE(ParseProcStat(kStat.substr(0, length)).ok()) << length;
  }
}

TEST(ParseProcStat, NegativeParentsAndGroupsAreNone) {
  auto stat = ParseProcStat(absl::StrReplaceAll(kStat, {{" S 1 812 812 34816 ", " Z 0 -1 -1 0 "}}));
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_EQ(stat->session, 0U);
  EXPECT_EQ(stat->process_group, 0U);
}

TEST(BootTime, IsRead) {
  EXPECT_EQ(*ParseBootTime("cpu  1 2 3\nintr 5\nctxt 1\nbtime 1700000000\nprocesses 1\n"),
            absl::FromUnixSeconds(1700000000));
  for (const char* bad : {"", "cpu 1\n", "btime\n", "btime x\n", "btime -5\n", "xbtime 5\n"}) {
    EXPECT_EQ(ParseBootTime(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_EQ(StartTime(absl::FromUnixSeconds(1000), 5021), absl::FromUnixSeconds(1050) + absl::Milliseconds(210));
  EXPECT_GT(TicksToDuration(UINT64_MAX), absl::Hours(1'000'000));
}

constexpr absl::string_view kStatus =
    "Name:\tnginx\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t812\nNgid:\t0\nPid:\t812\nPPid:\t1\nTracerPid:\t0\n"
    "Uid:\t33\t34\t35\t36\nGid:\t43\t44\t45\t46\nFDSize:\t64\nGroups:\t33 44 \nNStgid:\t812\t7\nNSpid:\t812\t7\n"
    "VmPeak:\t   11156 kB\nVmRSS:\t    7108 kB\nVmSwap:\t       4 kB\nThreads:\t4\nCapInh:\t0000000000000000\n"
    "CapPrm:\t000001ffffffffff\nCapEff:\t0000000000000400\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t1\nSeccomp:\t2\n"
    "Seccomp_filters:\t1\n";

TEST(ParseProcStatus, ReadsTheFields) {
  auto status = ParseProcStatus(kStatus);
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->uid.real, 33U);
  EXPECT_EQ(status->uid.effective, 34U);
  EXPECT_EQ(status->gid.saved, 45U);
  EXPECT_EQ(status->gid.filesystem, 46U);
  EXPECT_THAT(status->groups, ElementsAre(33, 44));
  EXPECT_THAT(status->namespace_pids, ElementsAre(812, 7));
  EXPECT_EQ(status->resident_bytes, 7108U * 1024);
  EXPECT_EQ(status->swap_bytes, 4096U);
  EXPECT_EQ(status->threads, 4U);
  EXPECT_EQ(status->capabilities_effective, 0x400U);
  EXPECT_EQ(status->capabilities_bounding, 0x1ffffffffffU);
  EXPECT_EQ(status->no_new_privs, true);
  EXPECT_EQ(status->seccomp, 2U);
}

TEST(ParseProcStatus, OldKernelsAndKernelThreadsSayLess) {
  auto status = ParseProcStatus("Name:\tx\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t\n");
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_FALSE(status->resident_bytes.has_value());
  EXPECT_FALSE(status->seccomp.has_value());
  EXPECT_FALSE(status->no_new_privs.has_value());
  EXPECT_THAT(status->groups, IsEmpty());
  EXPECT_THAT(status->namespace_pids, IsEmpty());
}

TEST(ParseProcStatus, BreaksAreNamed) {
  const struct {
    const char *from, *to, *want;
  } kBreaks[] = {
      {"Uid:\t33\t34", "Uid:\tx\t34", "bad Uid"},
      {"Uid:\t33\t34\t35\t36", "Uid:\t33", "bad Uid"},
      {"Uid:", "Uxd:", "no Uid"},
      {"Gid:", "Gxd:", "no Gid"},
      {"Uid:\t33", "Uid:\t-1", "bad Uid"},
      {"Groups:\t33", "Groups:\tx", "bad Groups"},
      {"NSpid:\t812", "NSpid:\t4294967296", "bad NSpid"},
      {"7108 kB", "99999999999999999999 kB", "bad VmRSS"},
      {"7108 kB", "18446744073709551615 kB", "bad VmRSS"},
      {"CapEff:\t0000000000000400", "CapEff:\tzz", "bad CapEff"},
      {"NoNewPrivs:\t1", "NoNewPrivs:\tyes", "bad NoNewPrivs"},
      {"Seccomp:\t2", "Seccomp:\t", "bad Seccomp"},
  };
  for (const auto& b : kBreaks) {
    auto status = ParseProcStatus(absl::StrReplaceAll(kStatus, {{b.from, b.to}}));
    ASSERT_FALSE(status.ok()) << b.want;
    EXPECT_THAT(std::string(status.status().message()), HasSubstr(b.want));
  }
  EXPECT_FALSE(ParseProcStatus("").ok());
}

TEST(ParseProcStatus, ALaterLineDoesNotReplaceAnEarlierOne) {
  auto status = ParseProcStatus(absl::StrCat(kStatus, "Uid:\t0\t0\t0\t0\n"));
  EXPECT_EQ(status->uid.real, 33U);
}

std::string Nul(std::vector<std::string> parts) {
  std::string text;
  for (const std::string& part : parts) absl::StrAppend(&text, part, absl::string_view("\0", 1));
  return text;
}

TEST(ParseCommandLine, KeepsEveryArgument) {
  EXPECT_THAT(ParseCommandLine(""), IsEmpty());
  EXPECT_THAT(ParseCommandLine(Nul({"ls", "-l"})), ElementsAre("ls", "-l"));
  EXPECT_THAT(ParseCommandLine(Nul({"grep", "", "-e", ""})), ElementsAre("grep", "", "-e", ""));
  EXPECT_THAT(ParseCommandLine(Nul({""})), ElementsAre(""));
  EXPECT_THAT(ParseCommandLine("no terminator"), ElementsAre("no terminator"));
  EXPECT_THAT(ParseCommandLine(Nul({"a\nb", "\xff"})), ElementsAre("a\nb", "\xff"));
  // A title with what is left of the old arguments.
  EXPECT_THAT(ParseCommandLine(Nul({"nginx: worker process", "", "", ""})), ElementsAre("nginx: worker process"));
}

TEST(ParseEnvironment, SplitsAtTheFirstEquals) {
  EXPECT_THAT(ParseEnvironment(Nul({"A=1", "B=x=y", "C=", "D", "", "=E"})),
              ElementsAre(Pair("A", "1"), Pair("B", "x=y"), Pair("C", ""), Pair("D", ""), Pair("", "E")));
}

TEST(ParseCgroup, ReadsBothVersions) {
  CgroupTable table = ParseCgroup("12:cpu,cpuacct:/docker/ab:c\n1:name=systemd:/system.slice/x.service\n0::/\n");
  ASSERT_EQ(table.memberships.size(), 3U);
  EXPECT_THAT(table.problems, IsEmpty());
  EXPECT_THAT(table.memberships[0].controllers, ElementsAre("cpu", "cpuacct"));
  EXPECT_EQ(table.memberships[0].path, "/docker/ab:c");
  EXPECT_EQ(MainCgroupPath(table), "/system.slice/x.service");
  EXPECT_EQ(MainCgroupPath(ParseCgroup("0::/user.slice/a b.scope\n")), "/user.slice/a b.scope");
  EXPECT_EQ(MainCgroupPath(ParseCgroup("5:pids:/docker/ab\n1:name=systemd:/\n")), "/docker/ab");
  EXPECT_EQ(MainCgroupPath(ParseCgroup("0::/\n")), "/");
  EXPECT_EQ(MainCgroupPath(ParseCgroup("")), "");
}

TEST(ParseCgroup, KeepsTheGoodLines) {
  CgroupTable table = ParseCgroup("x:cpu:/a\n4:cpu\n5:cpu:relative\n0::/good\n");
  EXPECT_EQ(table.problems.size(), 3U);
  EXPECT_EQ(MainCgroupPath(table), "/good");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "1:a:/x\n";
  table = ParseCgroup(many);
  EXPECT_EQ(table.memberships.size(), 256U);
  EXPECT_EQ(table.problems.size(), 1U);
}

TEST(ParseBootId, TakesUuidsOnly) {
  EXPECT_EQ(*ParseBootId("1f0e6c5e-5b1d-4d0c-9d0c-0123456789ab\n"), "1f0e6c5e-5b1d-4d0c-9d0c-0123456789ab");
  EXPECT_FALSE(ParseBootId("").ok());
  EXPECT_FALSE(ParseBootId("not-a-uuid").ok());
  EXPECT_FALSE(ParseBootId("zf0e6c5e-5b1d-4d0c-9d0c-0123456789ab").ok());
}

TEST(ParseMountInfo, ReadsLines) {
  MountTable table = ParseMountInfo(
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
      "30 22 0:26 /sub /mnt/with\\040space\\134 ro - btrfs /dev/mapper/a\\011b rw,subvol=/sub\n"
      "31 22 0:27 / /x rw shared:1 master:2 propagate_from:3 unbindable - tmpfs tmpfs rw\n"
      "33 22 0:29 / /z rw - fuse  rw,user_id=0\n");
  ASSERT_EQ(table.mounts.size(), 4U);
  EXPECT_THAT(table.problems, IsEmpty());
  EXPECT_EQ(table.mounts[0].id, 22U);
  EXPECT_EQ(table.mounts[0].parent_id, 1U);
  EXPECT_EQ(table.mounts[0].device_major, 8U);
  EXPECT_EQ(table.mounts[0].fs_type, "ext4");
  EXPECT_EQ(table.mounts[0].source, "/dev/sda1");
  EXPECT_EQ(table.mounts[0].super_options, "rw,errors=remount-ro");
  EXPECT_EQ(table.mounts[1].mount_point, "/mnt/with space\\");
  EXPECT_EQ(table.mounts[1].root, "/sub");
  EXPECT_EQ(table.mounts[1].source, "/dev/mapper/a\tb");
  EXPECT_EQ(table.mounts[2].fs_type, "tmpfs");
  EXPECT_EQ(table.mounts[3].source, "");
  EXPECT_EQ(table.mounts[3].super_options, "rw,user_id=0");
}

TEST(ParseMountInfo, KeepsTheGoodLines) {
  MountTable table = ParseMountInfo(
      "x 1 8:1 / / rw - ext4 a b\n1 2 8 / / rw - ext4 a b\n1 2 8:1 / / rw ext4 a b\n1 2 8:1 / / rw -\n1 2\n"
      "1 2 8:1 / /good rw - ext4 a b");
  ASSERT_EQ(table.mounts.size(), 1U);
  EXPECT_EQ(table.mounts[0].mount_point, "/good");
  ASSERT_EQ(table.problems.size(), 5U);
  EXPECT_EQ(table.problems[1].message(), "parse mountinfo: line 2: device is not MAJOR:MINOR");
}

TEST(ParseMountInfo, IsBounded) {
  std::string many;
  for (size_t i = 0; i <= kMaxMounts; ++i) many += "1 2 8:1 / /m rw - ext4 a b\n";
  MountTable table = ParseMountInfo(many);
  EXPECT_EQ(table.mounts.size(), kMaxMounts);
  ASSERT_EQ(table.problems.size(), 1U);
  EXPECT_EQ(table.problems[0].code(), absl::StatusCode::kResourceExhausted);
  std::string bad;
  for (int i = 0; i < 1000; ++i) bad += "bad\n";
  EXPECT_EQ(ParseMountInfo(bad).problems.size(), 10U);
}

TEST(UnescapeMountText, LeavesWhatIsNoEscape) {
  EXPECT_EQ(UnescapeMountText("a\\040b"), "a b");
  EXPECT_EQ(UnescapeMountText("\\"), "\\");
  EXPECT_EQ(UnescapeMountText("\\04"), "\\04");
  EXPECT_EQ(UnescapeMountText("\\999"), "\\999");
  EXPECT_EQ(UnescapeMountText("\\777"), "\\777");  // no byte
  EXPECT_EQ(UnescapeMountText("\\134040"), "\\040");
}

class ProcfsTest : public ::testing::Test {
 protected:
  ProcfsTest() {
    tree_.SetFile("/proc/stat", "cpu 1\nbtime 1700000000\n");
    tree_.SetFile("/proc/sys/kernel/random/boot_id", "1f0e6c5e-5b1d-4d0c-9d0c-0123456789ab\n");
    tree_.SetFile("/proc/812/stat", kStat);
    tree_.SetFile("/proc/812/status", kStatus);
    tree_.SetFile("/proc/812/cmdline", Nul({"nginx", "-g", "daemon off;"}));
    tree_.SetFile("/proc/812/environ", Nul({"A=1"}));
    tree_.SetFile("/proc/812/cgroup", "0::/system.slice/nginx.service\n");
    tree_.SetFile("/proc/812/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    tree_.SetSymlink("/proc/812/exe", "/usr/sbin/nginx");
    tree_.SetSymlink("/proc/812/ns/net", "net:[4026531840]");
    tree_.SetFile("/usr/sbin/nginx", "binary");
  }

  MemoryTree tree_;
  Procfs procfs_{&tree_};
};

TEST_F(ProcfsTest, ReadsAProcess) {
  auto process = procfs_.OpenProcess(812);
  ASSERT_TRUE(process.ok());
  bool truncated = true;
  EXPECT_EQ(process->ReadStat()->comm, "nginx");
  EXPECT_EQ(process->ReadStatus()->uid.real, 33U);
  EXPECT_THAT(*process->ReadCommandLine(&truncated), ElementsAre("nginx", "-g", "daemon off;"));
  EXPECT_FALSE(truncated);
  EXPECT_EQ(process->ReadEnvironment(100, &truncated)->size(), 1U);
  EXPECT_EQ(MainCgroupPath(*process->ReadCgroup()), "/system.slice/nginx.service");
  EXPECT_EQ(process->ReadMountInfo()->mounts.size(), 1U);
  EXPECT_EQ(*process->ReadLink("exe"), "/usr/sbin/nginx");
  EXPECT_EQ(process->StatExecutable()->size_bytes, 6U);
  EXPECT_EQ(*process->ReadNamespace("net"), 4026531840U);
}

TEST_F(ProcfsTest, ListsNumbersOnly) {
  for (const char* name : {"/proc/1/stat", "/proc/10000/stat", "/proc/2/stat", "/proc/self", "/proc/12a/stat",
                           "/proc/0/stat", "/proc/99999999999/stat", "/proc/+5/stat"}) {
    tree_.SetFile(name, "");
  }
  EXPECT_THAT(*procfs_.ListPids(), ElementsAre(1, 2, 812, 10000));
  tree_.SetError("/proc", absl::PermissionDeniedError("permission denied"));
  EXPECT_EQ(procfs_.ListPids().status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(ProcfsTest, CommandLinesAreCut) {
  tree_.SetFile("/proc/812/cmdline", "java" + std::string(10'000, 'x'));
  bool truncated = false;
  auto argv = procfs_.OpenProcess(812)->ReadCommandLine(&truncated);
  ASSERT_TRUE(argv.ok());
  EXPECT_TRUE(truncated);
  EXPECT_EQ((*argv)[0].size(), kMaxCommandLineBytes);
}

TEST_F(ProcfsTest, EndedProcessesAreNotFound) {
  EXPECT_EQ(procfs_.OpenProcess(813).status().code(), absl::StatusCode::kNotFound);
  auto process = procfs_.OpenProcess(812);
  tree_.SetFile("/proc/812/cgroup", "");
  EXPECT_EQ(process->ReadCgroup().status().code(), absl::StatusCode::kNotFound);
  tree_.Unset("/proc/812");
  EXPECT_EQ(process->ReadStat().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ProcfsTest, BadNamespaceLinksAreRefused) {
  for (const char* bad : {"", "net", "net:[", "net:[]", "net:[x]", "net:[1", "/etc"}) {
    tree_.SetSymlink("/proc/812/ns/net", bad);
    EXPECT_EQ(procfs_.OpenProcess(812)->ReadNamespace("net").status().code(), absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST_F(ProcfsTest, ReadsBootFacts) {
  EXPECT_EQ(*procfs_.ReadBootTime(), absl::FromUnixSeconds(1700000000));
  EXPECT_EQ(*procfs_.ReadBootId(), "1f0e6c5e-5b1d-4d0c-9d0c-0123456789ab");
  tree_.SetFile("/proc/sys/kernel/random/boot_id", "x");
  EXPECT_THAT(std::string(procfs_.ReadBootId().status().message()), HasSubstr("/proc/sys/kernel/random/boot_id"));
  tree_.Unset("/proc/stat");
  EXPECT_EQ(procfs_.ReadBootTime().status().code(), absl::StatusCode::kNotFound);
}

TEST(LiveProcfs, FindsThisProcess) {
  auto root = *HostRoot::Create("/");
  Procfs procfs(root.get());
  auto pids = procfs.ListPids();
  ASSERT_TRUE(pids.ok());
  EXPECT_THAT(*pids, ::testing::Contains(static_cast<uint32_t>(::getpid())));
  auto process = procfs.OpenProcess(static_cast<uint32_t>(::getpid()));
  ASSERT_TRUE(process.ok());
  auto stat = process->ReadStat();
  ASSERT_TRUE(stat.ok()) << stat.status();
  EXPECT_EQ(stat->pid, static_cast<uint32_t>(::getpid()));
  EXPECT_EQ(stat->ppid, static_cast<uint32_t>(::getppid()));
  EXPECT_EQ(process->ReadStatus()->uid.real, ::getuid());
  EXPECT_GT(process->ReadStatus()->resident_bytes.value_or(0), 0U);
  bool truncated = false;
  EXPECT_THAT(process->ReadCommandLine(&truncated)->at(0), HasSubstr("platform_procfs_test"));
  EXPECT_FALSE(process->ReadMountInfo()->mounts.empty());
  EXPECT_THAT(process->ReadMountInfo()->problems, IsEmpty());
  const absl::Time started = StartTime(*procfs.ReadBootTime(), stat->start_ticks);
  EXPECT_LT(absl::AbsDuration(started - SystemClock().Now()), absl::Minutes(10));
}

}  // namespace
}  // namespace rollcall
