#include "collectors/processes/processes_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/processes/process_reader.h"
#include "collectors/processes/testing/fake_process.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Processes : public testing::Test {
 protected:
  Processes() : clock_(absl::FromUnixSeconds(kFakeBootSeconds + 86'400)) {
    CollectorContext context;
    context.files = &files_;
    context.clock = &clock_;
    collector_ = kProcessesCollector.create(context);
    SetFakeSystem(&files_);
    files_.SetFile("/usr/bin/sleeper", "program");
    files_.SetFile("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\n");
    files_.SetFile("/etc/group", "root:x:0:\ndaemon:x:1:\n");
    SetFakeProcess(&files_, {.pid = 1, .comm = "init"});
  }

  pb::RunResult Run(const StopToken& stop = StopToken()) {
    sink_.Clear();
    return RunCollector(*collector_, kProcessesCollector, {}, clock_, stop, sink_);
  }

  std::vector<uint32_t> Pids() const {
    std::vector<uint32_t> pids;
    for (const pb::Record& record : sink_.records()) pids.push_back(record.process().pid());
    return pids;
  }

  pb::Process Find(uint32_t pid) const {
    for (const pb::Record& record : sink_.records()) {
      if (record.process().pid() == pid) return record.process();
    }
    ADD_FAILURE() << "no process " << pid;
    return {};
  }

  MemoryTree files_;
  FakeClock clock_;
  std::unique_ptr<Collector> collector_;
  VectorSink sink_;
};

TEST_F(Processes, FillsEveryField) {
  SetFakeProcess(&files_, {.pid = 42,
                           .ppid = 1,
                           .tty = 34816,
                           .uids = "0\t1\t1\t1",
                           .gids = "1\t0\t0\t0",
                           .ns_pids = "42\t7",
                           .capabilities = "0000000000000401",
                           .command_line = std::string("sleeper\0--for\0\0ever\0", 20),
                           .cwd = "/srv"});
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  const pb::Process process = Find(42);
  EXPECT_EQ(process.start_ticks(), 500U);
  EXPECT_EQ(process.boot_id(), kFakeBootId);
  EXPECT_EQ(process.ppid(), 1U);
  EXPECT_EQ(process.name(), "sleeper");
  EXPECT_EQ(process.exe(), "/usr/bin/sleeper");
  EXPECT_FALSE(process.exe_deleted());
  EXPECT_THAT(process.argv(), ElementsAre("sleeper", "--for", "", "ever"));
  EXPECT_FALSE(process.argv_truncated());
  EXPECT_EQ(process.cwd(), "/srv");
  EXPECT_EQ(process.root(), "");
  EXPECT_EQ(process.state(), "S");
  EXPECT_EQ(process.start_time().seconds(), kFakeBootSeconds + 5);
  EXPECT_EQ(process.uid(), 0U);
  EXPECT_EQ(process.euid(), 1U);
  EXPECT_EQ(process.gid(), 1U);
  EXPECT_EQ(process.egid(), 0U);
  EXPECT_EQ(process.user(), "root");
  EXPECT_EQ(process.effective_user(), "daemon");
  EXPECT_EQ(process.group(), "daemon");
  EXPECT_EQ(process.effective_group(), "root");
  EXPECT_EQ(process.session(), 1U);
  EXPECT_EQ(process.tty(), "pts/0");
  EXPECT_THAT(process.nspid(), ElementsAre(42, 7));
  EXPECT_EQ(process.namespaces().mnt(), 4026531840U);
  EXPECT_EQ(process.namespaces().cgroup(), 4026531831U);
  EXPECT_EQ(process.namespaces().uts(), 4026531836U);
  EXPECT_EQ(process.cgroup_path(), "/system.slice/sleeper.service");
  EXPECT_EQ(process.systemd_unit(), "sleeper.service");
  EXPECT_THAT(process.capabilities_effective(), ElementsAre("CAP_CHOWN", "CAP_NET_BIND_SERVICE"));
  EXPECT_THAT(process.capabilities_bounding(), ElementsAre("ALL"));
  EXPECT_EQ(process.seccomp_mode(), 2U);
  EXPECT_TRUE(process.no_new_privs());
  EXPECT_EQ(process.executable().size_bytes(), 7U);
  EXPECT_EQ(process.rss_bytes(), 10U * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(process.cpu_time().seconds(), 2);
  EXPECT_EQ(process.threads(), 3U);
  EXPECT_EQ(process.fds(), 3U);
  EXPECT_THAT(process.unreadable(), IsEmpty());
}

TEST_F(Processes, NamesMayHoldAnything) {
  for (const std::string comm : {"tmux: server 1)", "a) R 1 (b", "(sd-pam)", " ", ")"}) {
    SetFakeProcess(&files_, {.pid = 2, .comm = comm, .ppid = 1});
    EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE) << comm;
    EXPECT_EQ(Find(2).name(), comm);
    EXPECT_EQ(Find(2).ppid(), 1U);
  }
}

TEST_F(Processes, KernelThreadsAreKnownByTheirFlag) {
  SetFakeProcess(&files_, {.pid = 2, .comm = "kthreadd", .flags = 0x00208040, .command_line = "", .exe = ""});
  SetFakeProcess(&files_, {.pid = 3, .comm = "no exe, no arguments", .command_line = "", .exe = ""});
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Pids(), ElementsAre(1, 3));
}

TEST_F(Processes, AKernelThreadIsRememberedUntilItsPidIsAProcess) {
  const FakeProcess thread = {.pid = 2, .comm = "kworker/0:1", .flags = 0x00208040, .command_line = "", .exe = ""};
  SetFakeProcess(&files_, thread);
  for (int run = 0; run < 3; ++run) {
    EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
    EXPECT_THAT(Pids(), ElementsAre(1));
  }
  SetFakeProcess(&files_, {.pid = 2, .comm = "sleeper"});
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Pids(), ElementsAre(1, 2));
  EXPECT_EQ(Find(2).name(), "sleeper");
  SetFakeProcess(&files_, thread);
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Pids(), ElementsAre(1));
}

TEST_F(Processes, AZombieIsAProcess) {
  SetFakeProcess(&files_, {.pid = 9, .state = 'Z', .command_line = "", .exe = ""});
  files_.Unset("/proc/9/cwd");
  files_.Unset("/proc/9/root");
  files_.Unset("/proc/9/ns");
  files_.Unset("/proc/9/fd");
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Find(9).state(), "Z");
  EXPECT_THAT(Find(9).argv(), IsEmpty());
  EXPECT_THAT(Find(9).unreadable(), IsEmpty());
}

TEST_F(Processes, StatesThatComeAndGoAreFolded) {
  const std::map<char, std::string> cases = {{'R', "S"}, {'S', "S"}, {'D', "S"}, {'I', "S"},
                                             {'T', "T"}, {'t', "t"}, {'Z', "Z"}, {'X', "Z"}};
  for (const auto& [state, want] : cases) {
    SetFakeProcess(&files_, {.pid = 9, .state = state});
    Run();
    EXPECT_EQ(Find(9).state(), want) << state;
  }
}

TEST_F(Processes, ADeletedExecutableIsSaidToBe) {
  SetFakeProcess(&files_, {.pid = 9, .exe = "/usr/bin/old (deleted)"});
  files_.SetFile("/usr/bin/named (deleted)", "x");
  SetFakeProcess(&files_, {.pid = 10, .exe = "/usr/bin/named (deleted)"});
  Run();
  EXPECT_EQ(Find(9).exe(), "/usr/bin/old");
  EXPECT_TRUE(Find(9).exe_deleted());
  EXPECT_EQ(Find(10).exe(), "/usr/bin/named (deleted)") << "the file is there, under that name";
  EXPECT_FALSE(Find(10).exe_deleted());
}

TEST_F(Processes, ContainersHaveTheirOwnNames) {
  constexpr char kId[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  SetFakeProcess(&files_, {.pid = 9,
                           .uids = "1\t1\t1\t1",
                           .cgroup = absl::StrCat("0::/docker/", kId, "\n"),
                           .mount_namespace = 4026532000});
  files_.SetFile("/containers/a/etc/passwd", "app:x:1:1::/:/bin/sh\n");
  files_.SetSymlink("/proc/9/root", "/containers/a");
  SetFakeProcess(&files_, {.pid = 10, .uids = "1\t1\t1\t1"});
  Run();
  EXPECT_EQ(Find(9).container_id(), kId);
  EXPECT_EQ(Find(9).user(), "app");
  EXPECT_EQ(Find(9).group(), "");
  EXPECT_EQ(Find(10).user(), "daemon");

  files_.SetFile("/containers/a/etc/passwd", "renamed:x:1:1::/:/bin/sh\n");
  Run();
  EXPECT_EQ(Find(9).user(), "renamed") << "a changed table must be seen";
}

TEST_F(Processes, AProcessThatEndsWhileItIsReadIsNoProblem) {
  SetFakeProcess(&files_, {.pid = 9});
  for (const absl::string_view last : {"/proc/9/stat", "/proc/9/status", "/proc/9/cmdline", "/proc/9/cwd",
                                       "/proc/9/ns/mnt", "/proc/9/cgroup", "/proc/9/fd", "/proc/9/exe"}) {
    SCOPED_TRACE(last);
    SetFakeProcess(&files_, {.pid = 9});
    files_.SetAccessHook([&](absl::string_view path) {
      if (path == last) files_.Unset("/proc/9");
      return absl::OkStatus();
    });
    const pb::RunResult result = Run();
    files_.SetAccessHook(nullptr);
    EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
    EXPECT_THAT(Pids(), ElementsAre(1));
  }
}

TEST_F(Processes, WhatMayNotBeReadIsNamed) {
  SetFakeProcess(&files_, {.pid = 9});
  for (const char* name : {"/proc/9/exe", "/proc/9/cwd", "/proc/9/root", "/proc/9/ns", "/proc/9/fd"}) {
    files_.SetError(name, absl::PermissionDeniedError("permission denied"));
  }
  for (int run = 0; run < 3; ++run) {
    const pb::RunResult result = Run();
    EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
    EXPECT_THAT(Find(9).unreadable(), ElementsAre("cwd", "root", "namespaces", "fds", "exe"));
    EXPECT_EQ(Find(9).user(), "root") << "not in a container: the host's names";
    ASSERT_THAT(result.degradations(), SizeIs(5)) << "in every run, and once for all processes";
    EXPECT_THAT(result.degradations(0).remedy(), HasSubstr("CAP_SYS_PTRACE"));
  }
}

TEST_F(Processes, AProcessWithoutIdentityIsAProblemAndTheOthersStay) {
  SetFakeProcess(&files_, {.pid = 9});
  SetFakeProcess(&files_, {.pid = 10});
  files_.SetError("/proc/9/stat", absl::PermissionDeniedError("permission denied"));
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Pids(), ElementsAre(1, 10));
  ASSERT_EQ(result.problems_size(), 1);
  EXPECT_EQ(result.problems(0).path(), "/proc/9");
  EXPECT_THAT(result.problems(0).remedy(), HasSubstr("hidepid"));
}

TEST_F(Processes, GarbageIsAProblem) {
  SetFakeProcess(&files_, {.pid = 9});
  files_.SetFile("/proc/9/stat", "9 (x) S\n");
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Pids(), ElementsAre(1));
}

TEST_F(Processes, AFieldThatFailsIsAProblemAndTriedAgain) {
  SetFakeProcess(&files_, {.pid = 9});
  files_.SetError("/proc/9/cwd", absl::UnavailableError("too many open files"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(Find(9).cwd(), "");
  files_.SetError("/proc/9/cwd", absl::OkStatus());
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_EQ(Find(9).cwd(), "/");
}

TEST_F(Processes, HiddenProcessesAreAProblem) {
  files_.Unset("/proc/1");
  SetFakeProcess(&files_, {.pid = 9});
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_THAT(Pids(), ElementsAre(9));
  EXPECT_THAT(result.problems(0).remedy(), HasSubstr("hidepid"));
}

TEST_F(Processes, ATreeWithoutProcessesIsUnsupported) {
  files_.Unset("/proc/1");
  EXPECT_EQ(Run().status(), pb::RunResult::UNSUPPORTED);
  files_.Unset("/proc");
  EXPECT_EQ(Run().status(), pb::RunResult::UNSUPPORTED);
}

TEST_F(Processes, WithoutTheBootNothingCanBeIdentified) {
  files_.Unset("/proc/sys/kernel/random/boot_id");
  EXPECT_EQ(Run().status(), pb::RunResult::FAILED);
  EXPECT_THAT(Pids(), IsEmpty());
}

TEST_F(Processes, LongCommandLinesAreCut) {
  SetFakeProcess(&files_, {.pid = 9, .command_line = std::string(100'000, 'x')});
  Run();
  ASSERT_THAT(Find(9).argv(), SizeIs(1));
  EXPECT_EQ(Find(9).argv(0).size(), 4096U);
  EXPECT_TRUE(Find(9).argv_truncated());
}

TEST_F(Processes, TheSecondRunReadsOnlyWhatChanges) {
  SetFakeProcess(&files_, {.pid = 9});
  Run();
  const pb::Process before = Find(9);
  std::map<std::string, int> accesses;
  files_.SetAccessHook([&](absl::string_view path) {
    ++accesses[std::string(path)];
    return absl::OkStatus();
  });
  Run();
  EXPECT_EQ(Find(9).SerializeAsString(), before.SerializeAsString());
  EXPECT_GT(accesses["/proc/9/stat"], 0);
  for (const char* name : {"status", "cmdline", "exe", "cgroup", "cwd", "ns/mnt"}) {
    EXPECT_EQ(accesses[absl::StrCat("/proc/9/", name)], 0) << name;
  }
}

TEST_F(Processes, RunsOfEveryDepthSayTheSame) {
  SetFakeProcess(&files_, {.pid = 9,
                           .tty = 34816,
                           .uids = "0\t1\t1\t1",
                           .ns_pids = "9\t7",
                           .capabilities = "0000000000000401",
                           .command_line = std::string("sleeper\0\0", 9)});
  Run();
  const std::string first = Find(9).SerializeAsString();
  for (uint32_t run = 0; run < 2 * ProcessReader::kFullPeriod; ++run) {
    EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
    EXPECT_EQ(Find(9).SerializeAsString(), first) << run;
  }
}

TEST_F(Processes, WhatLeavesNoTraceInStatIsReadInTime) {
  SetFakeProcess(&files_, {.pid = 9});
  Run();
  SetFakeProcess(&files_, {.pid = 9, .uids = "1\t1\t1\t1", .command_line = "postgres: idle"});
  for (uint32_t run = 0; run < ProcessReader::kStatusPeriod; ++run) Run();
  EXPECT_EQ(Find(9).user(), "daemon");
  EXPECT_THAT(Find(9).argv(), ElementsAre("postgres: idle"));
}

TEST_F(Processes, ARenamedUserIsSeenAtOnce) {
  SetFakeProcess(&files_, {.pid = 9, .uids = "1\t1\t1\t1"});
  Run();
  files_.SetFile("/etc/passwd", "root:x:0:0::/root:/bin/sh\nrenamed:x:1:1::/:/bin/false\n");
  Run();
  EXPECT_EQ(Find(9).user(), "renamed");
  EXPECT_EQ(Find(9).group(), "root");
}

TEST_F(Processes, AFailureInALaterRunIsAProblemToo) {
  SetFakeProcess(&files_, {.pid = 9});
  Run();
  SetFakeProcess(&files_, {.pid = 9, .ppid = 1});
  files_.SetError("/proc/9/cmdline", absl::UnavailableError("too many open files"));
  EXPECT_EQ(Run().status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(Find(9).ppid(), 1U);
  files_.SetError("/proc/9/cmdline", absl::OkStatus());
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Find(9).argv(), ElementsAre("sleeper"));
}

TEST_F(Processes, AKnownProcessThatEndsIsNoProblem) {
  SetFakeProcess(&files_, {.pid = 9});
  Run();
  files_.SetAccessHook([&](absl::string_view path) {
    if (path == "/proc/9/stat") files_.Unset("/proc/9");
    return absl::OkStatus();
  });
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Pids(), ElementsAre(1));
}

TEST_F(Processes, WhatSeldomChangesIsReadAgainInTime) {
  SetFakeProcess(&files_, {.pid = 9, .cwd = "/before"});
  Run();
  SetFakeProcess(&files_, {.pid = 9, .cwd = "/after"});
  for (uint32_t run = 0; run < ProcessReader::kFullPeriod; ++run) Run();
  EXPECT_EQ(Find(9).cwd(), "/after");
}

TEST_F(Processes, AnExecIsNoticedThoughTheStartTimeStays) {
  SetFakeProcess(&files_, {.pid = 9});
  files_.SetFile("/usr/bin/other", "another");
  Run();
  SetFakeProcess(&files_, {.pid = 9, .image = 2, .exe = "/usr/bin/other"});
  Run();
  EXPECT_EQ(Find(9).exe(), "/usr/bin/other");
}

TEST_F(Processes, AnExecIsNoticedWhereTheKernelHidesAddresses) {
  SetFakeProcess(&files_, {.pid = 9, .image = 0});
  files_.SetFile("/usr/bin/other", "another");
  Run();
  SetFakeProcess(&files_, {.pid = 9, .image = 0, .exe = "/usr/bin/other"});
  Run();
  EXPECT_EQ(Find(9).exe(), "/usr/bin/other");
}

TEST_F(Processes, AReusedPidIsAnotherProcess) {
  SetFakeProcess(&files_, {.pid = 9, .start_ticks = 500, .cwd = "/first"});
  Run();
  SetFakeProcess(&files_, {.pid = 9, .start_ticks = 900, .cwd = "/second"});
  Run();
  EXPECT_EQ(Find(9).start_ticks(), 900U);
  EXPECT_EQ(Find(9).cwd(), "/second");
}

TEST_F(Processes, AYoungProcessIsReadCompletelyAgain) {
  clock_.JumpWallClock(absl::FromUnixSeconds(kFakeBootSeconds + 6));
  SetFakeProcess(&files_, {.pid = 9, .start_ticks = 500, .cgroup = "0::/user.slice\n"});
  Run();
  SetFakeProcess(&files_, {.pid = 9, .start_ticks = 500});
  Run();
  EXPECT_EQ(Find(9).systemd_unit(), "sleeper.service") << "moved to its group after it was started";
}

TEST_F(Processes, OfAProcessThatRanTitleAndIdentitiesAreReadAtOnce) {
  SetFakeProcess(&files_, {.pid = 9, .ppid = 4});
  Run();
  SetFakeProcess(&files_, {.pid = 9,
                           .comm = "renamed",
                           .ppid = 1,
                           .uids = "1\t1\t1\t1",
                           .capabilities = "0000000000000001",
                           .command_line = "postgres: idle"});
  Run();
  EXPECT_EQ(Find(9).name(), "renamed");
  EXPECT_EQ(Find(9).ppid(), 1U);
  EXPECT_EQ(Find(9).user(), "daemon");
  EXPECT_THAT(Find(9).argv(), ElementsAre("postgres: idle"));
  EXPECT_THAT(Find(9).capabilities_effective(), ElementsAre("CAP_CHOWN"));
}

TEST_F(Processes, AnAdjustedClockMovesNoStartTime) {
  SetFakeProcess(&files_, {.pid = 9});
  Run();
  files_.SetFile("/proc/stat", absl::StrCat("btime ", kFakeBootSeconds + 2, "\n"));
  SetFakeProcess(&files_, {.pid = 10});
  Run();
  EXPECT_EQ(Find(10).start_time().seconds(), kFakeBootSeconds + 5);
}

TEST_F(Processes, PackagesOwnTheHostsFilesOnly) {
  files_.SetFile("/var/lib/dpkg/info/sleep-tools:amd64.list", "/.\n/bin\n/bin/sleeper\n");
  SetFakeProcess(&files_, {.pid = 9, .exe = "/usr/bin/sleeper (deleted)"});
  SetFakeProcess(&files_, {.pid = 10, .exe = "/usr/bin/unowned"});
  Run();
  EXPECT_EQ(Find(1).package(), "sleep-tools") << "listed without /usr";
  EXPECT_EQ(Find(9).package(), "sleep-tools") << "replaced by an upgrade";
  EXPECT_EQ(Find(10).package(), "");
}

TEST_F(Processes, MoreThanTheLimitIsCounted) {
  constexpr uint32_t kMany = 20'010;
  for (uint32_t pid = 2; pid <= kMany; ++pid) {
    FakeProcess process = {.pid = pid};
    const std::string folder = absl::StrCat("/proc/", pid);
    files_.SetFile(folder + "/stat", FakeStat(process));
    files_.SetFile(folder + "/status", FakeStatus(process));
    files_.SetFile(folder + "/cmdline", "");
  }
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.record_count(), 20'000U);
  EXPECT_TRUE(result.truncated());
  EXPECT_EQ(result.observed_count(), kMany);
}

TEST_F(Processes, StopsWhenAsked) {
  StopSource source;
  source.RequestStop();
  const pb::RunResult result = Run(source.token());
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  EXPECT_EQ(result.problems(0).code(), "CANCELLED");
}

}  // namespace
}  // namespace rollcall
