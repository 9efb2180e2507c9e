// The collector on the running kernel against what tr(1) shows of a process, and the reader of
// /etc/environment against pam_env's rules written down a second time, in Python.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collectors/environment/environment_collector.h"
#include "collectors/environment/pam_files.h"
#include "collectors/run_collector.h"
#include "collectors/testing/tool_output.h"
#include "collectors/testing/vector_sink.h"
#include "platform/clock.h"
#include "platform/host_root.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

class EnvironmentLive : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "environment_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = fs::canonical(name);
  }
  void TearDown() override {
    for (const pid_t pid : children_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    fs::remove_all(folder_);
  }

  // A program of its own name that sleeps, so that no other process has that executable.
  std::string Program() {
    const fs::path program = folder_ / "sleeper";
    if (!fs::exists(program)) fs::copy_file(fs::canonical("/bin/sleep"), program);
    return program.string();
  }

  // Starts it with that environment and waits until it has executed.
  pid_t Start(std::vector<std::string> environment) {
    std::vector<char*> envp;
    for (std::string& entry : environment) envp.push_back(entry.data());
    envp.push_back(nullptr);
    std::string program = Program();
    // Longer than the slowest machine takes for the test.
    char seconds[] = "3600";
    char* const argv[] = {program.data(), seconds, nullptr};
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::execve(program.c_str(), argv, envp.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    char ignored = 0;
    EXPECT_EQ(::read(ends[0], &ignored, 1), 0) << "closed by the exec";
    ::close(ends[0]);
    children_.push_back(pid);
    return pid;
  }

  fs::path folder_;
  std::vector<pid_t> children_;
};

TEST_F(EnvironmentLive, SaysOfProcessesWhatTrShows) {
  const pid_t first = Start({"LANG=C.UTF-8", "PATH=/usr/bin:/bin", "DB_PASSWORD=x", "EMPTY=", "N=1", "no equals"});
  const pid_t second = Start({"LANG=C.UTF-8", "PATH=/usr/sbin", "N=text"});
  std::multiset<std::string> expected;
  for (const pid_t pid : {first, second}) {
    const auto output = ToolOutput({"sh", "-c", absl::StrCat("tr '\\0' '\\n' < /proc/", pid, "/environ")});
    ASSERT_TRUE(output.ok()) << output.status();
    for (const absl::string_view line : absl::StrSplit(*output, '\n', absl::SkipEmpty())) {
      const size_t equals = line.find('=');
      if (equals != absl::string_view::npos) expected.emplace(line.substr(0, equals));
    }
  }
  ASSERT_EQ(expected.size(), 8U);

  const auto files = HostRoot::Create("/");
  ASSERT_TRUE(files.ok()) << files.status();
  // In two minutes they will be old enough.
  const FakeClock clock(SystemClock().Now() + absl::Minutes(2));
  CollectorContext context;
  context.files = files->get();
  context.clock = &clock;
  VectorSink sink;
  const pb::RunResult result =
      RunCollector(*kEnvironmentCollector.create(context), kEnvironmentCollector, {}, clock, StopToken(), sink);
  std::multiset<std::string> actual;
  for (const pb::Record& record : sink.records()) {
    const pb::EnvironmentVariable& variable = record.environment_variable();
    if (variable.owner() != Program()) continue;
    for (uint32_t i = 0; i < variable.process_count(); ++i) actual.insert(variable.name());
    if (variable.name() == "PATH") {
      EXPECT_EQ(variable.value(), "/usr/bin:/bin");
      EXPECT_EQ(variable.distinct_values(), 2U);
    }
  }
  EXPECT_EQ(actual, expected) << result.DebugString();
}

constexpr char kPamEnvInPython[] = R"py(
import sys
text = open(sys.argv[1], encoding='latin-1', newline='').read().replace('\\\n', '')
for line in text.split('\n'):
    line = line.lstrip(' \n\t')
    if line.startswith('#'):
        continue
    if line.startswith('export '):
        line = line[len('export '):]
    line = line.split('#', 1)[0]
    key, equals, value = line.partition('=')
    if not equals or not key or not all(c.isascii() and (c.isalnum() or c == '_') for c in key):
        continue
    if value[:1] in ('"', "'"):
        inner = value[1:]
        value = ''.join(c for i, c in enumerate(inner) if c not in '"\'' or i + 1 < len(inner))
    sys.stdout.write(key + '=' + value + '\n')
)py";

TEST_F(EnvironmentLive, ReadsEtcEnvironmentAsPamDoes) {
  std::string text;
  for (const char* key : {"A", "export B", " C", "D ", "E-F", "", "#G"}) {
    for (const char* value : {"x", "\"x y\"", "'x'", "\"x\"y\"", " x ", "x#y", "\"x#y\"", "", "\"\"", "a=b", "\\x"}) {
      absl::StrAppend(&text, key, "=", value, "\n");
    }
  }
  text += "H=one\\\nI=two\nno equals\n\n   \nJ=\ttab\t\nK='it''s'\n";
  std::ofstream(folder_ / "environment", std::ios::binary) << text;
  const auto expected = ToolOutput({"python3", "-c", kPamEnvInPython, (folder_ / "environment").string()});
  ASSERT_TRUE(expected.ok()) << expected.status();
  std::string actual;
  for (const Variable& variable : ParsePamEnvironment(text).variables) {
    absl::StrAppend(&actual, variable.name, "=", variable.value, "\n");
  }
  EXPECT_EQ(actual, *expected);
}

}  // namespace
}  // namespace rollcall
