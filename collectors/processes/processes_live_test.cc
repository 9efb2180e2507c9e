// The collector on the running kernel: against ps, and what recorded trees cannot show.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "collectors/processes/processes_collector.h"
#include "collectors/run_collector.h"
#include "collectors/testing/tool_output.h"
#include "collectors/testing/vector_sink.h"
#include "platform/clock.h"
#include "platform/host_root.h"
#include "platform/sha256.h"
#include "platform/testing/child_process.h"

namespace rollcall {
namespace {

class ProcessesLive : public testing::Test {
 protected:
  void SetUp() override {
    auto files = HostRoot::Create("/");
    ASSERT_TRUE(files.ok()) << files.status();
    files_ = *std::move(files);
    CollectorContext context;
    context.files = files_.get();
    context.clock = &clock_;
    collector_ = kProcessesCollector.create(context);
  }

  void Run() {
    VectorSink sink;
    const pb::RunResult result = RunCollector(*collector_, kProcessesCollector, {}, clock_, StopToken(), sink);
    EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
    processes_.clear();
    for (const pb::Record& record : sink.records()) processes_[record.process().pid()] = record.process();
  }

  SystemClock clock_;
  std::unique_ptr<HostRoot> files_;
  std::unique_ptr<Collector> collector_;
  std::map<uint32_t, pb::Process> processes_;
};

// `pid ppid uid comm` of everything but kernel threads, whose ancestor is kthreadd.
std::set<std::string> Ps() {
  std::set<std::string> lines;
  const auto output = ToolOutput({"ps", "-eo", "pid=,ppid=,uid=,comm="});
  if (!output.ok()) return lines;
  for (absl::string_view line : absl::StrSplit(*output, '\n', absl::SkipEmpty())) {
    line = absl::StripAsciiWhitespace(line);
    std::vector<std::string> fields;
    for (int i = 0; i < 3; ++i) {
      const size_t end = line.find(' ');
      fields.emplace_back(line.substr(0, end));
      line = absl::StripLeadingAsciiWhitespace(line.substr(end));
    }
    if (fields[0] == "2" || fields[1] == "2") continue;
    lines.insert(absl::StrCat(fields[0], " ", fields[1], " ", fields[2], " ", absl::StripSuffix(line, " <defunct>")));
  }
  return lines;
}

TEST_F(ProcessesLive, SaysTheSameAsPs) {
  const std::set<std::string> before = Ps();
  ASSERT_FALSE(before.empty()) << "no ps: install procps";
  Run();
  const std::set<std::string> after = Ps();
  std::set<std::string> actual;
  for (const auto& [pid, process] : processes_) {
    actual.insert(absl::StrCat(pid, " ", process.ppid(), " ", process.euid(), " ", process.name()));
  }
  size_t compared = 0;
  for (const std::string& line : before) {
    if (after.count(line) == 0) continue;  // came, went or changed meanwhile
    EXPECT_EQ(actual.count(line), 1U) << line;
    ++compared;
  }
  EXPECT_GT(compared, 1U);
}

TEST_F(ProcessesLive, KernelThreadsAreNotAmongThem) {
  Run();
  EXPECT_EQ(processes_.count(2), 0U) << "kthreadd";
  EXPECT_EQ(processes_.count(static_cast<uint32_t>(::getpid())), 1U);
}

TEST_F(ProcessesLive, ASecondRunSaysTheSameOfAProcessThatDoesNothing) {
  const ChildProcess child([] { return ::prctl(PR_SET_NAME, "a) R 1 (b") == 0; });
  ASSERT_TRUE(child.ready());
  Run();
  pb::Process before = processes_[child.pid()];
  EXPECT_EQ(before.name(), "a) R 1 (b");
  EXPECT_EQ(before.executable().sha256().size(), 64U);
  EXPECT_EQ(before.ppid(), static_cast<uint32_t>(::getpid()));
  EXPECT_GE(before.fds(), 3U);
  EXPECT_NE(before.namespaces().mnt(), 0U);
  Run();
  pb::Process after = processes_[child.pid()];
  for (pb::Process* process : {&before, &after}) process->clear_cpu_time();
  EXPECT_EQ(after.DebugString(), before.DebugString());
}

TEST_F(ProcessesLive, AProgramThatWasDeletedIsStillHashed) {
  // A copy, so that deleting it harms nobody.
  const auto content = files_->ReadFile("/bin/sleep", kMaxFileBytes);
  ASSERT_TRUE(content.ok()) << content.status();
  std::string path = testing::TempDir() + "deleted_program_XXXXXX";
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::write(fd, content->data(), content->size()), static_cast<ssize_t>(content->size()));
  ASSERT_EQ(::fchmod(fd, 0755), 0);
  ::close(fd);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl(path.c_str(), "sleep", "60", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  char ignored = 0;
  EXPECT_EQ(::read(ends[0], &ignored, 1), 0) << "closed by the exec";
  ::close(ends[0]);
  EXPECT_EQ(::unlink(path.c_str()), 0);
  Run();
  const pb::Process process = processes_[static_cast<uint32_t>(pid)];
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(process.exe(), path);
  EXPECT_TRUE(process.exe_deleted());
  EXPECT_EQ(process.executable().sha256(), Sha256Hex(*content));
  EXPECT_EQ(process.package(), "");
}

}  // namespace
}  // namespace rollcall
