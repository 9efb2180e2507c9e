// Whatever an agent forgets, is copied to or becomes, the backend comes to agree with it again without
// anybody's help, and its metrics say why it had to.
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "platform/testing/fake_clock.h"
#include "tests/e2e/convergence_fixture.h"

namespace rollcall {
namespace {

TEST_F(ConvergenceTest, AResetAgent) {
  {
    PipelineAgent agent(AgentOptions());
    ASSERT_TRUE(Converges(agent, {{"bash", "5.1"}, {"removed", "1"}}));
  }
  std::filesystem::remove_all(path("agent"));
  PipelineAgent agent(AgentOptions());
  ExpectAgreement(agent, {{"bash", "5.1"}, {"added", "1"}});
  EXPECT_GE(Metric("rollcall_greetings_total{agent=\"later_life\"}"), 1u);
}

// The state directory, the certificate and all, on two hosts at once.
TEST_F(ConvergenceTest, AClonedAgent) {
  const Packages common = {{"bash", "5.1"}};
  const Packages first = {{"bash", "5.1"}, {"first", "1"}};
  const Packages second = {{"bash", "5.1"}, {"second", "2"}};
  {
    PipelineAgent agent(AgentOptions());
    ASSERT_TRUE(Converges(agent, common));
  }
  std::filesystem::copy(path("agent"), path("clone"), std::filesystem::copy_options::recursive);
  PipelineAgent agent(AgentOptions());
  {
    PipelineAgentOptions options = AgentOptions("clone");
    options.host_id = "host-2";
    options.boot_id = "boot-2";
    PipelineAgent clone(options);
    // Both are heard, in turn.
    for (int round = 0; round < 2; ++round) {
      EXPECT_TRUE(Converges(clone, second));
      EXPECT_TRUE(Converges(agent, first));
    }
  }
  EXPECT_TRUE(store_->ListAgents("acme")->front().clone_suspected) << "an operator can see it";
  EXPECT_GE(Metric("rollcall_sessions_refused_total{reason=\"superseded\"}"), 1u);
  EXPECT_GE(Resyncs(), 1u);
  ExpectAgreement(agent, first);
}

// A virtual machine's memory was put back: the same life of the agent, at an earlier run.
TEST_F(ConvergenceTest, AnAgentWhoseMemoryWasPutBack) {
  FakeClock one_life(clock_.Now());
  PipelineAgentOptions options = AgentOptions();
  options.epoch_clock = &one_life;
  Packages packages;
  {
    PipelineAgent agent(options);
    for (int i = 0; i < 200; ++i) {
      packages[absl::StrCat("package-", i)] = "1";
      agent.Collect(packages);
    }
    ASSERT_TRUE(Converges(agent, packages));
  }
  std::filesystem::remove_all(path("agent"));
  PipelineAgent agent(options);
  packages = {{"bash", "5.1"}};
  // Its runs 1, 2, ... of that life are taken for those the backend has, until it confirms one.
  ExpectAgreement(agent, packages);
  EXPECT_GE(Resyncs("epoch_behind"), 1u);
}

TEST_F(ConvergenceTest, AnUpgradedRecordSchema) {
  const Packages packages = {{"bash", "5.1"}, {"zlib", "1.2"}};
  {
    PipelineAgent agent(AgentOptions());
    ASSERT_TRUE(Converges(agent, packages));
  }
  // The next version of the agent fills in one field more.
  PipelineAgentOptions options = AgentOptions();
  options.edit = [](pb::Record* record) { record->mutable_os_package()->set_summary("+"); };
  PipelineAgent agent(options);
  const Packages upgraded = {{"bash", "5.1+"}, {"zlib", "1.2+"}};
  EXPECT_TRUE(Converges(agent, packages, upgraded));
  EXPECT_EQ(store_->ListUnits("acme", kAgentId)->front().digest.count(), 2u) << "no asset was doubled";
}

TEST_F(ConvergenceTest, AnAgentThatIsNewerThanItsBackend) {
  const Packages packages = {{"bash", "5.1"}};
  {
    PipelineAgentOptions options = AgentOptions();
    options.edit = [](pb::Record* record) {
      record->GetReflection()->MutableUnknownFields(record)->AddVarint(12345, 1);
    };
    PipelineAgent newer(options);
    newer.Collect(packages);
    EXPECT_TRUE(Eventually(kPatience, [&] { return Resyncs("rejected") >= 1; }));
    EXPECT_GE(Resyncs(), 1u) << "every cause is one of any";
    EXPECT_EQ(Stored(), Packages());
  }
  PipelineAgent agent(AgentOptions());
  ExpectAgreement(agent, packages);
}

}  // namespace
}  // namespace rollcall
