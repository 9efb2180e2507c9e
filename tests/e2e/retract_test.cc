// What a faulty collector wrote is retracted by an operator and comes back complete.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "tests/e2e/deployment.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RetractTest : public ::testing::Test {
 protected:
  void SetUp() override {
    deployment_.Init();
    deployment_.SetPackages({{"alpha", "1.0"}, {"beta", "2.0"}});
    deployment_.StartBackend();
    deployment_.StartAgent();
    ASSERT_TRUE(deployment_.StoredPackagesBecome({{"alpha", "1.0"}, {"beta", "2.0"}}, absl::Seconds(60)));
  }

  // One cell of a package's record.
  std::string CellOf(const std::string& package, const std::string& column) const {
    const ProgramOutput out =
        deployment_.Rollcall({"ls", "packages", "--where", "name=" + package, "--format", "csv", "--columns", column});
    const std::vector<std::string> lines = absl::StrSplit(out.out, "\r\n");
    return lines.size() > 1 ? lines[1] : "";
  }
  // `os_packages 1.2` -> `1.2`.
  std::string CollectorVersion() const {
    const std::vector<std::string> words = absl::StrSplit(CellOf("alpha", "collector"), ' ');
    return words.back();
  }
  ProgramOutput Retract(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"retract", "--collector", "os_packages", "--version", CollectorVersion()};
    words.insert(words.end(), more.begin(), more.end());
    return deployment_.Rollcall(words);
  }

  Deployment deployment_;
};

TEST_F(RetractTest, RecordsEndAndTheNextRunsBringThemBack) {
  const std::string alpha = CellOf("alpha", "asset");
  const ProgramOutput preview = Retract({"--dry-run"});
  EXPECT_EQ(preview.exit_code, 0) << preview.err;
  EXPECT_THAT(preview.out, HasSubstr("Would end 2 records on 1 host"));
  EXPECT_THAT(preview.out, HasSubstr("still runs version")) << "this agent is as faulty as ever";
  EXPECT_EQ(deployment_.StoredPackages().size(), 2u);
  EXPECT_EQ(Retract({}).exit_code, 2) << "nobody to ask";
  EXPECT_EQ(deployment_.StoredPackages().size(), 2u);

  // With the agent away nothing can come back before it was looked at.
  deployment_.StopAgent();
  const ProgramOutput retracted = Retract({"--yes"});
  EXPECT_EQ(retracted.exit_code, 0) << retracted.err;
  EXPECT_THAT(retracted.out, HasSubstr("Ended 2 records on 1 host"));
  EXPECT_TRUE(deployment_.StoredPackages().empty());
  const ProgramOutput ended = deployment_.Rollcall({"history", alpha});
  EXPECT_THAT(ended.out, HasSubstr("RETRACTED"));
  EXPECT_THAT(ended.out, Not(HasSubstr("current")));
  const ProgramOutput status = deployment_.Rollcall({"status"});
  EXPECT_THAT(status.out, HasSubstr("2 records of version")) << "an empty unit is not a complete one";
  EXPECT_EQ(deployment_.Rollcall({"status", "--check", "--collectors", "os_packages"}).exit_code, 5);
  EXPECT_THAT(ReadAll(deployment_.backend_log()), HasSubstr("\"event\":\"operate.retract\""));

  deployment_.StartAgent();
  ASSERT_TRUE(deployment_.StoredPackagesBecome({{"alpha", "1.0"}, {"beta", "2.0"}}, absl::Seconds(60)));
  const ProgramOutput history = deployment_.Rollcall({"history", alpha});
  EXPECT_THAT(history.out, HasSubstr("RETRACTED"));
  EXPECT_THAT(history.out, HasSubstr("current"));
  EXPECT_THAT(history.out, HasSubstr("written anew by os_packages"));
  EXPECT_EQ(deployment_.Rollcall({"status", "--check", "--collectors", "os_packages"}).exit_code, 0);
}

TEST_F(RetractTest, AConnectedAgentIsAskedForItsCompleteSet) {
  ASSERT_EQ(Retract({"--yes"}).exit_code, 0);
  // A change makes a DELTA, which names a base that the backend no longer has.
  deployment_.SetPackages({{"alpha", "1.0"}, {"beta", "2.0"}, {"gamma", "3.0"}});
  ASSERT_TRUE(
      deployment_.StoredPackagesBecome({{"alpha", "1.0"}, {"beta", "2.0"}, {"gamma", "3.0"}}, absl::Seconds(60)));
  EXPECT_THAT(ReadAll(deployment_.agent_log()), HasSubstr("session.resync"));
}

}  // namespace
}  // namespace rollcall
