// The chain ends at the person: from a changed host to what `rollcall` prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_split.h"
#include "tests/e2e/deployment.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ChainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    deployment_.Init();
    deployment_.SetPackages({{"alpha", "1.0"}, {"beta", "2.0"}});
    deployment_.StartBackend();
    deployment_.StartAgent();
    ASSERT_TRUE(deployment_.StoredPackagesBecome({{"alpha", "1.0"}, {"beta", "2.0"}}, absl::Seconds(30)));
  }

  std::string AssetOf(const std::string& package) {
    const ProgramOutput out =
        deployment_.Rollcall({"ls", "packages", "--where", "name=" + package, "--format", "csv", "--columns", "asset"});
    const std::vector<std::string> lines = absl::StrSplit(out.out, "\r\n");
    return lines.size() > 1 ? lines[1] : "";
  }

  Deployment deployment_;
};

TEST_F(ChainTest, AChangedHostReachesLsAndHistory) {
  const std::string beta = AssetOf("beta");
  ASSERT_EQ(beta.size(), 32u);
  // A hold is a change of the same asset; a new version of a package is another asset.
  WriteAll(deployment_.root() + "/var/lib/dpkg/status",
           "Package: beta\nStatus: hold ok installed\nArchitecture: amd64\nVersion: 2.0\n"
           "Maintainer: Nobody <nobody@example.org>\nDescription: test package beta\n\n"
           "Package: gamma\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0\nDescription: new\n\n");
  ASSERT_TRUE(deployment_.StoredPackagesBecome({{"beta", "2.0"}, {"gamma", "3.0"}}, absl::Seconds(30)));

  const ProgramOutput list = deployment_.Rollcall({"ls", "packages", "--where", "name=gamma"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("gamma"));
  EXPECT_THAT(list.out, HasSubstr("3.0"));

  const ProgramOutput history = deployment_.Rollcall({"history", beta.substr(0, 8)});
  EXPECT_EQ(history.exit_code, 0) << history.err;
  EXPECT_THAT(history.out, HasSubstr("first seen"));
  EXPECT_THAT(history.out, HasSubstr("held: (unset) -> true"));
  EXPECT_THAT(history.out, HasSubstr("current"));

  const ProgramOutput diff = deployment_.Rollcall({"diff", "made-up", "--from", "1h", "--kind", "packages"});
  EXPECT_EQ(diff.exit_code, 0) << diff.err;
  EXPECT_THAT(diff.out, HasSubstr("name=gamma"));
}

TEST_F(ChainTest, WhatIsGoneStaysInHistoryAndInThePast) {
  const std::string alpha = AssetOf("alpha");
  deployment_.SetPackages({{"beta", "2.0"}});
  ASSERT_TRUE(deployment_.StoredPackagesBecome({{"beta", "2.0"}}, absl::Seconds(30)));
  EXPECT_THAT(deployment_.Rollcall({"history", alpha}).out, HasSubstr("gone"));
  EXPECT_THAT(deployment_.Rollcall({"show", alpha}).out, HasSubstr("ended"));
}

TEST_F(ChainTest, AnUnreadableDatabaseRetiresNothing) {
  std::filesystem::remove(deployment_.root() + "/var/lib/dpkg/status");
  std::filesystem::create_directory(deployment_.root() + "/var/lib/dpkg/status");  // not a file: cannot be read
  ASSERT_TRUE(Eventually(absl::Seconds(30), [&] {
    return deployment_.Rollcall({"status"}).out.find("failed") != std::string::npos;
  })) << deployment_.Rollcall({"status"}).out;
  EXPECT_EQ(deployment_.StoredPackages().size(), 2u);
  EXPECT_EQ(deployment_.Rollcall({"status", "--check"}).exit_code, 5);
}

TEST_F(ChainTest, RetentionIsExplainedWithClauses) {
  const ProgramOutput explained = deployment_.Rollcall({"retention", "explain", AssetOf("alpha")});
  EXPECT_EQ(explained.exit_code, 0) << explained.err;
  EXPECT_THAT(explained.out, HasSubstr("180"));
  EXPECT_THAT(explained.out, HasSubstr("not to be deleted before"));
  EXPECT_THAT(explained.out, HasSubstr("in service"));
}

TEST_F(ChainTest, StatusIsCompleteAndAnEmptyAnswerSaysWhy) {
  EXPECT_TRUE(Eventually(absl::Seconds(30), [&] {
    return deployment_.Rollcall({"status", "--check", "--collectors", "host,os_packages"}).exit_code == 0;
  })) << deployment_.Rollcall({"status"}).out;
  const ProgramOutput none = deployment_.Rollcall({"ls", "packages", "--where", "name=nothing-of-that-name"});
  EXPECT_EQ(none.exit_code, 0);
  EXPECT_THAT(none.out, HasSubstr("No os_package records match"));
  EXPECT_THAT(none.out, HasSubstr("complete"));
}

TEST_F(ChainTest, AnUnchangedHostSendsNoRecordsAgainAfterARestart) {
  deployment_.StopAgent();
  deployment_.StartAgent();
  ASSERT_TRUE(Eventually(absl::Seconds(30), [&] {
    return deployment_.Rollcall({"status", "--check", "--since", "2s"}).exit_code == 0;
  }));
  EXPECT_THAT(deployment_.Rollcall({"history", AssetOf("alpha")}).out, Not(HasSubstr("observed again")));
  EXPECT_EQ(deployment_.StoredPackages().size(), 2u);
}

TEST_F(ChainTest, ErrorsSayWhatIsWrong) {
  EXPECT_EQ(deployment_.Rollcall({"ls", "packages", "--where", "nmae=x"}).exit_code, 2);
  EXPECT_THAT(deployment_.Rollcall({"ls", "packages", "--where", "nmae=x"}).err, HasSubstr("name"));
  EXPECT_EQ(deployment_.Rollcall({"show", "ffffffffffffffff"}).exit_code, 3);
  EXPECT_EQ(deployment_.Rollcall({"ls", "packages", "--host", "no-such-host"}).exit_code, 3);
  deployment_.StopBackend();
  const ProgramOutput down = deployment_.Rollcall({"hosts"});
  EXPECT_EQ(down.exit_code, 1);
  EXPECT_THAT(down.err, HasSubstr("reach the backend"));
}

}  // namespace
}  // namespace rollcall
