// Whatever a backend forgets, it comes to agree with its agents again without anybody's help, and its
// metrics say why it had to.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/e2e/convergence_fixture.h"

namespace rollcall {
namespace {

TEST_F(ConvergenceTest, ABackendRestoredFromAnOlderBackup) {
  const Packages then = {{"bash", "5.1"}, {"zlib", "1.2"}, {"removed", "1"}};
  const Packages now = {{"bash", "5.2"}, {"zlib", "1.2"}, {"added", "1"}};
  PipelineAgent agent(AgentOptions());
  ASSERT_TRUE(Converges(agent, then));
  StopBackend();
  std::filesystem::copy(path("db"), path("backup"), std::filesystem::copy_options::recursive);
  StartBackend();
  ASSERT_TRUE(Converges(agent, now));
  StopBackend();
  std::filesystem::remove_all(path("db"));
  std::filesystem::rename(path("backup"), path("db"));
  StartBackend();
  EXPECT_EQ(Stored(), then);
  ExpectAgreement(agent, now);
  EXPECT_GE(Resyncs("base_mismatch"), 1u);
}

// The set is the same in the backup; only the run the agent confirms is not.
TEST_F(ConvergenceTest, ABackendRestoredFromABackupOfTheSameSet) {
  const Packages packages = {{"bash", "5.1"}};
  PipelineAgent agent(AgentOptions());
  ASSERT_TRUE(Converges(agent, packages));
  StopBackend();
  std::filesystem::copy(path("db"), path("backup"), std::filesystem::copy_options::recursive);
  StartBackend();
  ASSERT_TRUE(Converges(agent, {{"bash", "5.2"}}));
  ASSERT_TRUE(Converges(agent, packages));
  StopBackend();
  std::filesystem::remove_all(path("db"));
  std::filesystem::rename(path("backup"), path("db"));
  StartBackend();
  ExpectAgreement(agent, packages);
  EXPECT_GE(Resyncs("unconfirmed"), 1u);
}

TEST_F(ConvergenceTest, ABackendThatLostEverything) {
  const Packages packages = {{"bash", "5.1"}, {"zlib", "1.2"}};
  PipelineAgent agent(AgentOptions());
  ASSERT_TRUE(Converges(agent, packages));
  StopBackend();
  std::filesystem::remove_all(path("db"));
  std::filesystem::create_directories(path("db"));
  StartBackend();
  Enroll();
  ExpectAgreement(agent, packages);
}

}  // namespace
}  // namespace rollcall
