// A token from the backend's command line to a login on somebody's desk, and its end: all real programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/deployment.h"
#include "tests/e2e/process.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LoginTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(Backend({"init", "--data-dir", data_dir(), "--tenant", "acme"}).exit_code, 0); }
  void StartBackend() {
    backend_.Start({Program("rollcall-backend"), "serve", "--data-dir", data_dir(), "--listen", "127.0.0.1:0",
                    "--people-listen", "127.0.0.1:0"},
                   log());
    ASSERT_TRUE(Eventually(absl::Seconds(60), [&] { return PeoplePort() > 0; })) << ReadAll(log());
  }

  std::string data_dir() const { return folder_.path() + "/data"; }
  std::string log() const { return folder_.path() + "/backend.log"; }
  // As the backend's log says it; 0 before that.
  int PeoplePort() const {
    const std::string text = ReadAll(log());
    const std::string name = "\"people_port\":";
    const size_t at = text.find(name);
    if (at == std::string::npos) return 0;
    int port = 0;
    const size_t begin = at + name.size();
    return absl::SimpleAtoi(text.substr(begin, text.find_first_not_of("0123456789", begin) - begin), &port) ? port : 0;
  }
  static ProgramOutput Backend(std::vector<std::string> words) {
    words.insert(words.begin(), Program("rollcall-backend"));
    return RunProgram(words);
  }
  // `rollcall` of somebody who has this folder as a home and nothing else.
  ProgramOutput Rollcall(std::vector<std::string> words) const {
    words.insert(words.begin(), Program("rollcall"));
    // c-ares keeps a few bytes of a name it looked up.
    return RunProgram(words, {"HOME=" + folder_.path(), "PATH=/usr/bin:/bin", "ASAN_OPTIONS=detect_leaks=0"});
  }

  TempFolder folder_;
  ChildProcess backend_;
};

TEST_F(LoginTest, ATokenIsMadeUsedAndRevokedBesideARunningBackend) {
  const std::string file = folder_.path() + "/alice.login";
  // Which port it will be is not known yet.
  const ProgramOutput made = Backend({"operator", "token", "create", "--data-dir", data_dir(), "--tenant", "acme",
                                      "--name", "alice", "--role", "viewer", "--server", "localhost:1", "--out", file});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  StartBackend();
  struct stat info;
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const std::string server = absl::StrCat("localhost:", PeoplePort());
  const ProgramOutput login = Rollcall({"login", file, "--server", server});
  ASSERT_EQ(login.exit_code, 0) << login.err;
  EXPECT_THAT(login.out, HasSubstr("Logged in as alice"));
  EXPECT_THAT(Rollcall({"whoami"}).out, HasSubstr("acme"));
  const ProgramOutput hosts = Rollcall({"hosts"});
  EXPECT_EQ(hosts.exit_code, 0) << hosts.err;
  EXPECT_EQ(Rollcall({"service", "list"}).exit_code, 4) << "a viewer's token";
  EXPECT_EQ(Rollcall({"context", "list", "--names"}).out, "alice@localhost\n");
  const std::string config = folder_.path() + "/.config/rollcall/config.yaml";
  ASSERT_EQ(::stat(config.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  const std::string text = ReadAll(file);
  const std::string id = text.substr(text.find("rct1.") + 5, 16);
  const std::string secret = text.substr(text.find("rct1.") + 22, 64);
  EXPECT_THAT(Backend({"operator", "token", "list", "--data-dir", data_dir()}).out, HasSubstr(id));
  EXPECT_EQ(Backend({"operator", "token", "revoke", "--data-dir", data_dir(), id}).exit_code, 0);
  ProgramOutput refused;
  EXPECT_TRUE(Eventually(absl::Seconds(30), [&] {
    refused = Rollcall({"hosts"});
    return refused.exit_code != 0;
  }));
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("was revoked"));
  EXPECT_EQ(Rollcall({"login", file, "--server", server}).exit_code, 4);
  EXPECT_EQ(Rollcall({"logout"}).exit_code, 0);
  EXPECT_THAT(ReadAll(config), Not(HasSubstr(secret)));

  backend_.Signal(SIGTERM);
  EXPECT_EQ(backend_.Wait(absl::Seconds(60)), 0);
  EXPECT_THAT(ReadAll(log()), Not(HasSubstr(secret)));
  // Both are in the ledger, by then, and the secret is not.
  std::string ledger;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir() + "/ledger")) {
    if (entry.is_regular_file()) ledger += ReadAll(entry.path().string());
  }
  const size_t first = ledger.find(id);
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(ledger.find(id, first + 1), std::string::npos) << "made and revoked";
  EXPECT_THAT(ledger, Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace rollcall
