// Against the running kernel.
#include "agent/watch/process_watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "collectors/processes/processes_collector.h"
#include "collectors/run_collector.h"
#include "collectors/testing/vector_sink.h"
#include "platform/host_root.h"
#include "platform/memory_tree.h"
#include "platform/testing/child_process.h"

namespace rollcall {
namespace {

pid_t StartProgram(const std::vector<const char*>& words) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (const char* word : words) argv.push_back(const_cast<char*>(word));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  return pid;
}

class ProcessWatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "process events take root";
    auto files = HostRoot::Create("/");
    ASSERT_EQ(files.status(), absl::OkStatus());
    files_ = *std::move(files);
  }

  void Start(const ProcessWatcherOptions& options = {}) {
    watcher_ = std::make_unique<ProcessWatcher>(
        files_.get(), &clock_, [this] { ++runs_; }, options);
    ASSERT_EQ(watcher_->status(), absl::OkStatus());
    watcher_->Start();
  }

  // Waits for the report that has process `pid`.
  std::optional<EndedProcess> AwaitEnd(pid_t pid) {
    for (int i = 0; i < 100; ++i) {
      ProcessEventReport report = watcher_->Take([](uint32_t, uint64_t) { return false; });
      for (EndedProcess& ended : report.ended) {
        if (ended.sighting.pid == static_cast<uint32_t>(pid)) return std::move(ended);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return std::nullopt;
  }

  SystemClock clock_;
  std::unique_ptr<HostRoot> files_;
  std::atomic<int> runs_{0};
  std::unique_ptr<ProcessWatcher> watcher_;
};

TEST_F(ProcessWatcherTest, SeesAProcessOfThreeHundredMillisecondsWithItsArgumentsAndEnd) {
  Start();
  const pid_t pid = StartProgram({"/bin/sh", "-c", "sleep 0.3; exit 3", "marker"});
  ::waitpid(pid, nullptr, 0);
  const auto ended = AwaitEnd(pid);
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->wait_status, 3u << 8);
  EXPECT_LT(absl::AbsDuration(clock_.Now() - ended->ended_at), absl::Seconds(10));
  std::string command_line;
  for (const auto& [name, content] : ended->sighting.files) {
    if (name == "cmdline") command_line = content.value_or("");
  }
  EXPECT_EQ(command_line, std::string("/bin/sh\0-c\0sleep 0.3; exit 3\0marker\0", 36));
  EXPECT_GE(watcher_->Stats().starts, 2u);
}

TEST_F(ProcessWatcherTest, ItIsAmongTheRecordsOfTheNextRunAndNotOfTheOneAfter) {
  Start();
  CollectorContext context;
  context.files = files_.get();
  context.clock = &clock_;
  context.process_events = watcher_.get();
  const std::unique_ptr<Collector> collector = kProcessesCollector.create(context);
  const auto find = [&](pid_t pid) -> std::optional<pb::Process> {
    VectorSink sink;
    EXPECT_EQ(RunCollector(*collector, kProcessesCollector, {}, clock_, StopToken(), sink).status(),
              pb::RunResult::COMPLETE);
    for (const pb::Record& record : sink.records()) {
      if (record.process().pid() == static_cast<uint32_t>(pid)) return record.process();
    }
    return std::nullopt;
  };
  find(0);
  const pid_t pid = StartProgram({"/bin/sh", "-c", "sleep 0.3; exit 3", "marker"});
  ::waitpid(pid, nullptr, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // for its end to be told
  const std::optional<pb::Process> process = find(pid);
  ASSERT_TRUE(process.has_value());
  EXPECT_THAT(process->argv(), ::testing::ElementsAre("/bin/sh", "-c", "sleep 0.3; exit 3", "marker"));
  EXPECT_EQ(process->exit_code(), 3u);
  EXPECT_TRUE(process->has_ended_at());
  EXPECT_EQ(process->executable().sha256().size(), 64u) << "the program is still there";
  EXPECT_FALSE(find(pid).has_value());
}

TEST_F(ProcessWatcherTest, SeesWhoForksAndExecutesNothing) {
  Start();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::usleep(300'000);
    ::_exit(0);
  }
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(AwaitEnd(pid).has_value());
}

TEST_F(ProcessWatcherTest, DroppedEventsAreCountedAndItGoesOn) {
  ProcessWatcherOptions options;
  options.socket.receive_bytes = 1;
  Start(options);
  for (int i = 0; i < 300; ++i) ::waitpid(StartProgram({"/bin/true"}), nullptr, 0);
  for (int i = 0; i < 100 && watcher_->Stats().losses == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_GT(watcher_->Take([](uint32_t, uint64_t) { return false; }).losses, 0u);
  EXPECT_EQ(watcher_->status(), absl::OkStatus());
}

TEST_F(ProcessWatcherTest, AProcessThatStaysAsksForARun) {
  ProcessWatcherOptions options;
  options.tracker.long_life = absl::Milliseconds(100);
  Start(options);
  const pid_t pid = StartProgram({"/bin/sleep", "100"});
  for (int i = 0; i < 100 && runs_ == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(runs_, 1);
}

TEST_F(ProcessWatcherTest, StopsAtOnce) {
  Start();
  const absl::Duration begin = clock_.Monotonic();
  watcher_->Stop();
  watcher_->Stop();
  EXPECT_LT(clock_.Monotonic() - begin, absl::Seconds(5));
}

TEST_F(ProcessWatcherTest, WithoutEventsItSaysWhyAndReportsNothing) {
  const ChildProcess child([this] {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    ProcessWatcher watcher(files_.get(), &clock_, [] {});
    watcher.Start();
    return absl::IsUnimplemented(watcher.status()) &&
           watcher.Take([](uint32_t, uint64_t) { return false; }).ended.empty();
  });
  EXPECT_TRUE(child.ready());
}

TEST_F(ProcessWatcherTest, ProcOfAnotherPidNamespaceIsNotOurs) {
  MemoryTree files;
  files.SetSymlink("/proc/self", "999999999");
  EXPECT_TRUE(absl::IsUnavailable(ProcessWatcher(&files, &clock_, [] {}).status()));
  MemoryTree none;
  EXPECT_TRUE(absl::IsNotFound(ProcessWatcher(&none, &clock_, [] {}).status()));
}

}  // namespace
}  // namespace rollcall
