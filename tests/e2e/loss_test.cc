// Nothing is lost and nothing doubled: bursts, kill -9 at any moment, a backend that is away.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/e2e/delivered.h"
#include "tests/e2e/deployment.h"

namespace rollcall {
namespace {

void Pause(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

TEST(Loss, TwentyThousandRecordsInOneBurst) {
  // A run may take as long as its interval: sanitizers need more than the usual second for this one.
  Deployment deployment({.interval = "60s"});
  deployment.Init();
  const auto packages = ManyPackages(20000, "1.0");
  deployment.SetPackages(packages);
  deployment.StartBackend();
  deployment.StartAgent();
  EXPECT_TRUE(deployment.StoredPackagesBecome(packages, absl::Seconds(240)));
  deployment.StopAgent();
  deployment.StopBackend();
  ExpectNothingDoubled(deployment.data_dir());
}

// Kills the agent or the backend at random moments while packages change.
TEST(Loss, KillNineAtAnyMoment) {
  Deployment deployment;
  deployment.Init();
  auto packages = ManyPackages(1500, "1.0");
  deployment.SetPackages(packages);
  deployment.StartBackend();
  deployment.StartAgent();
  const char* rounds_text = std::getenv("ROLLCALL_KILL_ROUNDS");
  int rounds = 12;
  if (rounds_text != nullptr) {
    ASSERT_TRUE(absl::SimpleAtoi(rounds_text, &rounds));
  }
  std::mt19937 random(20261123);
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 40; ++i) packages[absl::StrCat("churn", random() % 60)] = absl::StrCat(random() % 5);
    packages.erase(absl::StrCat("churn", random() % 60));
    deployment.SetPackages(packages);
    Pause(static_cast<int>(random() % 1500));
    if (random() % 2 == 0) {
      deployment.agent().KillHard();
      deployment.StartAgent();
    } else {
      deployment.backend().KillHard();
      deployment.StartBackend();
    }
  }
  EXPECT_TRUE(deployment.StoredPackagesBecome(packages, absl::Seconds(60)));
  deployment.StopAgent();
  deployment.StopBackend();
  ExpectNothingDoubled(deployment.data_dir());
}

TEST(Loss, SixtySecondsWithoutABackend) {
  Deployment deployment;
  deployment.Init();
  auto packages = ManyPackages(300, "1.0");
  deployment.SetPackages(packages);
  deployment.StartBackend();
  deployment.StartAgent();
  ASSERT_TRUE(deployment.StoredPackagesBecome(packages, absl::Seconds(60)));
  deployment.StopBackend();
  // The agent goes on: each of these changes is collected while nobody listens.
  for (int i = 0; i < 12; ++i) {
    packages[absl::StrCat("while-away-", i)] = "1";
    deployment.SetPackages(packages);
    Pause(5000);
    ASSERT_TRUE(deployment.agent().running()) << ReadAll(deployment.agent_log());
  }
  deployment.StartBackend();
  EXPECT_TRUE(deployment.StoredPackagesBecome(packages, absl::Seconds(60)));
  // Each was seen when it appeared, not only at the end.
  const ProgramOutput early = deployment.Rollcall(
      {"ls", "packages", "--at", "25s", "--format", "csv", "--columns", "name", "--where", "name~^while-away"});
  EXPECT_NE(early.out.find("while-away-1\r"), std::string::npos) << early.out << early.err;
  EXPECT_EQ(early.out.find("while-away-11\r"), std::string::npos) << early.out;
  deployment.StopAgent();
  deployment.StopBackend();
  ExpectNothingDoubled(deployment.data_dir());
}

}  // namespace
}  // namespace rollcall
