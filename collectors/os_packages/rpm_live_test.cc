// The rpm reader against rpm itself, on databases that rpm writes here: every field the same,
// with everything in the database and with packages that are only in the write-ahead log.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include "collectors/os_packages/rpm_qa_test_support.h"
#include "collectors/os_packages/rpm_test_support.h"
#include "collectors/testing/tool_output.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

const char kScripts[] = ROLLCALL_SOURCE_DIR "/collectors/os_packages/testdata/rpm/";

class RpmLiveTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "rpm_live_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    packages_ = name + "/packages";
    database_ = name + "/var/lib/rpm";
    fs::create_directories(database_);
    const auto version = ToolOutput({"rpm", "--version"});
    ASSERT_TRUE(version.ok()) << "tools/test installs it: " << version.status();
    const auto built = ToolOutput({absl::StrCat(kScripts, "build_packages.sh"), packages_});
    ASSERT_TRUE(built.ok()) << built.status();
  }
  void TearDown() override { fs::remove_all(root_); }

  absl::StatusOr<std::string> Rpm(std::vector<std::string> arguments) const {
    std::vector<std::string> command = {"rpm", "--dbpath", database_};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return ToolOutput(command);
  }

  void Install(absl::string_view package) const {
    const auto done = Rpm({"-i", "--justdb", "--nodeps", "--nosignature", absl::StrCat(packages_, "/", package)});
    ASSERT_TRUE(done.ok()) << done.status();
  }

  std::set<std::string> SaidByRpm() const {
    const auto said = Rpm({"-qa", "--qf", TestData("rpm/qa_format")});
    EXPECT_TRUE(said.ok()) << said.status();
    return said.ok() ? QaLines(*said) : std::set<std::string>();
  }

  // Names, sizes and times of what lies beside the database.
  std::map<std::string, std::pair<uintmax_t, fs::file_time_type>> Files() const {
    std::map<std::string, std::pair<uintmax_t, fs::file_time_type>> files;
    for (const auto& entry : fs::directory_iterator(database_)) {
      files[entry.path().filename()] = {entry.file_size(), entry.last_write_time()};
    }
    return files;
  }

  std::string root_;
  std::string packages_;
  std::string database_;
};

TEST_F(RpmLiveTest, SaysTheSameAsRpm) {
  ASSERT_TRUE(ToolOutput({absl::StrCat(kScripts, "install_packages.sh"), packages_, database_}).ok());
  pb::RunResult result;
  const std::set<std::string> found = CollectedQaLines(root_, &result);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  EXPECT_EQ(found, SaidByRpm());
  EXPECT_EQ(found.size(), 6U);
}

// Reads the database in a transaction, so that nobody can empty the log; has rpm install two
// packages, which it does and then waits for the log; keeps both until its input ends.
constexpr char kKeepLog[] = R"py(
import os, sqlite3, subprocess, sys, time
root = sys.argv[1]
database = root + "/var/lib/rpm"
def connect():
    return sqlite3.connect(database + "/rpmdb.sqlite", isolation_level=None)
def count(connection):
    return connection.execute("SELECT count(*) FROM Packages").fetchone()[0]
reader = connect()
reader.execute("BEGIN")
assert count(reader) == 1
rpm = subprocess.Popen(
    ["rpm", "--dbpath", database, "-i", "--justdb", "--nodeps", "--nosignature"]
    + [root + "/packages/" + p for p in ("rollcall-epoch-3.4~rc1.rpm", "rollcall-files-20240101.rpm")],
    stderr=subprocess.DEVNULL)
other = connect()
while count(other) != 3:
    time.sleep(0.01)
open(root + "/ready", "w").close()
sys.stdin.read()
rpm.kill()
)py";

TEST_F(RpmLiveTest, SeesPackagesThatAreOnlyInTheLog) {
  Install("rollcall-plain-1.0.rpm");
  int to_child[2];
  ASSERT_EQ(pipe2(to_child, O_CLOEXEC), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(to_child[0], STDIN_FILENO);
    execlp("python3", "python3", "-c", kKeepLog, root_.c_str(), nullptr);
    _exit(1);
  }
  close(to_child[0]);
  // Far more than it takes: a busy disk slows rpm down.
  for (int i = 0; i < 12'000 && !fs::exists(root_ + "/ready"); ++i) usleep(10'000);
  ASSERT_TRUE(fs::exists(root_ + "/ready"));

  EXPECT_GT(fs::file_size(database_ + "/rpmdb.sqlite-wal"), 32U);
  const std::set<std::string> said = SaidByRpm();
  EXPECT_EQ(said.size(), 3U);
  const auto before = Files();
  pb::RunResult result;
  EXPECT_EQ(CollectedQaLines(root_, &result), said);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  EXPECT_EQ(Files(), before) << "something was written beside the database";

  // Without the log only the first is there: the others really are in it alone.
  fs::create_directories(root_ + "/copy/var/lib/rpm");
  fs::copy_file(database_ + "/rpmdb.sqlite", root_ + "/copy/var/lib/rpm/rpmdb.sqlite");
  EXPECT_EQ(CollectedQaLines(root_ + "/copy", &result).size(), 1U);
  close(to_child[1]);
  waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace rollcall
