// What came and went between two runs, through the whole collector.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/processes/processes_collector.h"
#include "collectors/processes/testing/fake_process.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/process_events.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Gives what the test puts in.
class TestProcessEvents : public ProcessEvents {
 public:
  absl::Status status() const override { return status_value; }
  ProcessEventReport Take(const Known& known) override {
    if (on_take) on_take();
    ProcessEventReport taken = std::exchange(report, {});
    std::erase_if(taken.ended,
                  [&](const EndedProcess& ended) { return known(ended.sighting.pid, ended.sighting.start_ticks); });
    return taken;
  }
  absl::Status status_value;
  ProcessEventReport report;
  std::function<void()> on_take;
};

class EndedProcessesTest : public testing::Test {
 protected:
  EndedProcessesTest() : clock_(absl::FromUnixSeconds(kFakeBootSeconds + 86'400)) {
    CollectorContext context;
    context.files = &files_;
    context.clock = &clock_;
    context.process_events = &events_;
    collector_ = kProcessesCollector.create(context);
    SetFakeSystem(&files_);
    files_.SetFile("/usr/bin/sleeper", "program");
    files_.SetFile("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\n");
    files_.SetFile("/etc/group", "root:x:0:\n");
    files_.SetFile("/var/lib/dpkg/info/sleepers.list", "/usr\n/usr/bin\n/usr/bin/sleeper\n");
    SetFakeProcess(&files_, {.pid = 1, .comm = "init"});
  }

  // A process that was seen and has ended; its folder is gone.
  void AddEnded(const FakeProcess& process, std::optional<uint32_t> wait_status = 0) {
    SetFakeProcess(&files_, process);
    auto sighting = ReadProcessSighting(files_, process.pid);
    ASSERT_EQ(sighting.status(), absl::OkStatus());
    files_.Unset(absl::StrCat("/proc/", process.pid));
    events_.report.ended.push_back({*std::move(sighting), clock_.Now() - absl::Seconds(30), wait_status});
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

  MemoryTree files_;
  FakeClock clock_;
  TestProcessEvents events_;
  std::unique_ptr<Collector> collector_;
  VectorSink sink_;
};

TEST_F(EndedProcessesTest, HasTheFieldsOfAScanAndItsEnd) {
  const FakeProcess process = {.pid = 42,
                               .ppid = 1,
                               .uids = "1\t1\t1\t1",
                               .command_line = std::string("sleeper\0--for\0a bit\0", 20),
                               .cwd = "/srv"};
  SetFakeProcess(&files_, process);
  ASSERT_EQ(Run().status(), pb::RunResult::COMPLETE);
  ASSERT_THAT(sink_.records(), SizeIs(2));
  pb::Process scanned = sink_.records()[1].process();

  files_.Unset("/proc/42");
  AddEnded(process, 3 << 8);
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(result.degradations(), IsEmpty());
  ASSERT_THAT(Pids(), ElementsAre(1, 42));
  pb::Process ended = sink_.records()[1].process();
  EXPECT_EQ(ended.ended_at().seconds(), absl::ToUnixSeconds(clock_.Now()) - 30);
  EXPECT_EQ(ended.exit_code(), 3u);
  EXPECT_EQ(ended.exit_signal(), 0u);
  EXPECT_EQ(ended.state(), "X");
  EXPECT_EQ(ended.package(), "sleepers");
  EXPECT_THAT(ended.argv(), ElementsAre("sleeper", "--for", "a bit"));
  // All else is as the scan has it. Content is hashed on disks only, which this tree is not.
  ended.clear_ended_at();
  ended.clear_exit_code();
  ended.set_state(scanned.state());
  scanned.clear_fds();  // nobody counted them
  EXPECT_EQ(ended.DebugString(), scanned.DebugString());

  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  EXPECT_THAT(Pids(), ElementsAre(1)) << "the next run retires it";
}

TEST_F(EndedProcessesTest, ASignalIsNoExitCodeAndAnUntoldEndIsNeither) {
  AddEnded({.pid = 42}, 9);
  AddEnded({.pid = 43}, std::nullopt);
  Run();
  ASSERT_THAT(Pids(), ElementsAre(1, 42, 43));
  EXPECT_EQ(sink_.records()[1].process().exit_signal(), 9u);
  EXPECT_FALSE(sink_.records()[1].process().has_exit_code());
  EXPECT_EQ(sink_.records()[2].process().exit_signal(), 0u);
  EXPECT_FALSE(sink_.records()[2].process().has_exit_code());
  EXPECT_TRUE(sink_.records()[2].process().has_ended_at());
}

TEST_F(EndedProcessesTest, WhoTheScanHasFoundIsNotEmittedTwice) {
  AddEnded({.pid = 42});
  SetFakeProcess(&files_, {.pid = 42});
  Run();
  ASSERT_THAT(Pids(), ElementsAre(1, 42));
  EXPECT_FALSE(sink_.records()[1].process().has_ended_at());
  // Another process with the same pid is another asset, and neither takes the other's data.
  AddEnded({.pid = 42, .start_ticks = 700, .command_line = std::string("first\0", 6)});
  SetFakeProcess(&files_, {.pid = 42, .start_ticks = 900, .command_line = std::string("second\0", 7)});
  Run();
  ASSERT_THAT(Pids(), ElementsAre(1, 42, 42));
  EXPECT_THAT(sink_.records()[1].process().argv(), ElementsAre("second"));
  EXPECT_THAT(sink_.records()[2].process().argv(), ElementsAre("first"));
}

TEST_F(EndedProcessesTest, AReplacedExecutableIsNotTakenForItsOwn) {
  AddEnded({.pid = 42});
  files_.SetFile("/usr/bin/sleeper", "another program");
  FileInfo other;
  other.inode = 4'711;
  files_.SetInfo("/usr/bin/sleeper", other);
  Run();
  ASSERT_THAT(Pids(), ElementsAre(1, 42));
  const pb::Process& process = sink_.records()[1].process();
  EXPECT_EQ(process.executable().size_bytes(), 7u);
  EXPECT_EQ(process.executable().sha256(), "");
  EXPECT_EQ(process.executable().hash_skipped(), "process ended");
  EXPECT_EQ(process.package(), "");
}

TEST_F(EndedProcessesTest, WhatWasNotShownIsSaid) {
  SetFakeProcess(&files_, {.pid = 42});
  files_.SetError("/proc/42/cmdline", absl::PermissionDeniedError("denied"));
  files_.SetError("/proc/42/exe", absl::PermissionDeniedError("denied"));
  auto sighting = ReadProcessSighting(files_, 42);
  ASSERT_EQ(sighting.status(), absl::OkStatus());
  files_.SetError("/proc/42/cmdline", absl::OkStatus());
  files_.SetError("/proc/42/exe", absl::OkStatus());
  files_.Unset("/proc/42");
  events_.report.ended.push_back({*std::move(sighting), clock_.Now(), 0});
  EXPECT_EQ(Run().status(), pb::RunResult::COMPLETE);
  ASSERT_THAT(Pids(), ElementsAre(1, 42));
  EXPECT_THAT(sink_.records()[1].process().unreadable(), testing::Contains("argv"));
  EXPECT_THAT(sink_.records()[1].process().unreadable(), testing::Contains("exe"));
}

TEST_F(EndedProcessesTest, ADamagedSightingIsADegradationAndTheOthersStay) {
  AddEnded({.pid = 42});
  AddEnded({.pid = 43});
  events_.report.ended[0].sighting.files[1].second = std::string("no status\n");
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(result.degradations_size(), 1);
  EXPECT_EQ(result.degradations(0).path(), "/proc/42");
  EXPECT_EQ(result.degradations(0).code(), "INVALID_ARGUMENT");
  EXPECT_THAT(Pids(), ElementsAre(1, 43));
}

TEST_F(EndedProcessesTest, WithoutEventsScansGoOnAndSayWhatIsMissing) {
  for (const auto& [status, remedy] : std::vector<std::pair<absl::Status, std::string>>{
           {absl::PermissionDeniedError("open process events: operation not permitted"), "CAP_NET_ADMIN"},
           {absl::UnimplementedError("open process events: not in this network namespace"), "network and pid"},
           {absl::UnavailableError("open process events: no answer"), "network and pid"}}) {
    events_.status_value = status;
    const pb::RunResult result = Run();
    EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
    EXPECT_THAT(Pids(), ElementsAre(1));
    ASSERT_EQ(result.degradations_size(), 1);
    EXPECT_THAT(result.degradations(0).remedy(), HasSubstr(remedy));
  }
}

TEST_F(EndedProcessesTest, LossesAreDegradationsWithTheirNumbers) {
  events_.report.losses = 2;
  events_.report.skipped = 70;
  events_.report.missed = 3;
  const pb::RunResult result = Run();
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE);
  ASSERT_EQ(result.degradations_size(), 3);
  EXPECT_THAT(result.degradations(0).message(), HasSubstr("dropped events 2 times"));
  EXPECT_THAT(result.degradations(1).message(), HasSubstr("70 since the last run were too many"));
  EXPECT_THAT(result.degradations(2).message(), HasSubstr("3 ended before it was their turn"));
  EXPECT_THAT(Run().degradations(), IsEmpty());
}

TEST_F(EndedProcessesTest, AStopIsHeeded) {
  AddEnded({.pid = 42});
  StopSource stop;
  // The scan is over by then.
  events_.on_take = [&] { stop.RequestStop(); };
  const pb::RunResult result = Run(stop.token());
  EXPECT_EQ(result.status(), pb::RunResult::PARTIAL);
  ASSERT_EQ(result.problems_size(), 1);
  EXPECT_EQ(result.problems(0).code(), "CANCELLED");
  EXPECT_THAT(result.problems(0).message(), HasSubstr("read ended processes: stopped"));
}

}  // namespace
}  // namespace rollcall
