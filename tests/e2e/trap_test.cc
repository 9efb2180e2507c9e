// Executables planted under every name the agent might be tempted to run: none ever is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/deployment.h"

namespace rollcall {
namespace {

// Package managers and inventory tools, services whose version others ask by running them,
// interpreters and shells. New collectors add what they look for.
constexpr absl::string_view kTempting[] = {
    "sh",           "bash",    "dpkg",  "dpkg-query", "rpm",     "apk",       "pacman",    "opkg",     "ss",
    "netstat",      "lsof",    "ps",    "ip",         "uname",   "lscpu",     "dmidecode", "hostname", "id",
    "getent",       "who",     "last",  "lsmod",      "modinfo", "systemctl", "docker",    "podman",   "crictl",
    "ctr",          "nginx",   "httpd", "apache2",    "mysqld",  "mysql",     "mariadbd",  "postgres", "psql",
    "redis-server", "mongod",  "java",  "python3",    "node",    "php",       "php-fpm",   "ruby",     "perl",
    "go",           "kubelet", "sshd",  "cron",       "file"};

class TrapTest : public ::testing::Test {
 protected:
  // A script that leaves a mark when it runs, at `path`.
  void Plant(const std::string& path) const {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << "#!/bin/sh\necho \"$0\" >> " << mark_ << "\n";
    chmod(path.c_str(), 0755);
  }

  // All traps below `root`, in every place such programs live.
  void PlantBelow(const std::string& root) const {
    for (absl::string_view name : kTempting) {
      for (absl::string_view place :
           {"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/usr/local/bin/", "/opt/app/bin/"}) {
        Plant(absl::StrCat(root, place, name));
      }
    }
  }

  TempFolder folder_;
  const std::string mark_ = folder_.path() + "/mark";
};

TEST_F(TrapTest, TheTrapWouldCatch) {
  Plant(folder_.path() + "/bin/nginx");
  RunProgram({folder_.path() + "/bin/nginx"});
  EXPECT_THAT(ReadAll(mark_), testing::HasSubstr("nginx"));
}

TEST_F(TrapTest, CollectRunsNothingOnTheSearchPathOrInTheRoot) {
  const std::string root = folder_.path() + "/root";
  PlantBelow(root);
  PlantBelow(folder_.path() + "/path");
  const std::vector<std::string> environment = {"PATH=" + folder_.path() + "/path/usr/bin:" + root + "/usr/bin"};
  for (const std::string& tree : {std::string("/"), root}) {
    const ProgramOutput out =
        RunProgram({Program("rollcall-agent"), "collect", "--root", tree, "--format", "jsonl"}, environment);
    EXPECT_THAT(out.out, testing::HasSubstr("run_result")) << out.err;
  }
  EXPECT_FALSE(std::filesystem::exists(mark_)) << "executed: " << ReadAll(mark_);
}

// Every collector the agent has, so that none that is added later is left out.
std::vector<std::string> AllCollectorNames() {
  std::vector<std::string> names;
  const std::string table = RunProgram({Program("rollcall-agent"), "collect", "--list"}).out;
  for (absl::string_view line : absl::StrSplit(table, '\n', absl::SkipEmpty())) {
    const std::string name(line.substr(0, line.find(' ')));
    if (name != "COLLECTOR") names.push_back(name);
  }
  return names;
}

// Counts execve(2) with strace: exactly one, the agent's own start. That every collector completes on the very
// machine the test runs on is what tools/quickstart waits for, too.
TEST_F(TrapTest, TheDaemonMakesNoExecve) {
  ASSERT_TRUE(std::filesystem::exists("/usr/bin/strace")) << "strace is not installed";
  DeploymentOptions options;
  options.live_host = true;
  options.collectors = AllCollectorNames();
  ASSERT_GE(options.collectors.size(), 10u);
  options.interval = "30s";  // a run may take as long, and sanitizers and the tracer need more than a second
  const std::string names = absl::StrJoin(options.collectors, ",");
  const std::string trace = folder_.path() + "/trace";
  options.agent_wrapper = {"/usr/bin/strace",       "-D", "-f", "--seccomp-bpf", "-qq", "-e",
                           "trace=execve,execveat", "-o", trace};
  PlantBelow(folder_.path() + "/path");
  // LeakSanitizer cannot work in a traced process.
  options.agent_environment = {"PATH=" + folder_.path() + "/path/usr/bin", "ASAN_OPTIONS=detect_leaks=0"};
  Deployment deployment(options);
  deployment.Init();
  deployment.StartBackend();
  deployment.StartAgent();
  EXPECT_TRUE(Eventually(absl::Seconds(240),
                         [&] {
                           return deployment.Rollcall({"status", "--check", "--collectors", names}).exit_code == 0;
                         }))
      << deployment.Rollcall({"status"}).out << ReadAll(deployment.agent_log());
  deployment.StopAgent();
  int executed = 0;
  const std::string text = ReadAll(trace);
  for (absl::string_view line : absl::StrSplit(text, '\n')) executed += line.find("execve") != absl::string_view::npos;
  EXPECT_EQ(executed, 1) << text;
  EXPECT_FALSE(std::filesystem::exists(mark_)) << "executed: " << ReadAll(mark_);
}

}  // namespace
}  // namespace rollcall
