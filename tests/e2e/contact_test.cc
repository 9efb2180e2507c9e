// How an agent's contacts with the backend end and begin again when nothing is wrong: it polls, and it
// moves on because its connection is old. The real server and store, the agent's real session.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/e2e/convergence_fixture.h"

namespace rollcall {
namespace {

class ContactTest : public ConvergenceTest {
 protected:
  void Restart() {
    StopBackend();
    StartBackend();
  }
};

TEST_F(ContactTest, APollingAgentKeepsItsAppointments) {
  options_.admission.poll_above = 1;
  options_.admission.poll_below = 1;
  options_.session.poll_interval = absl::Seconds(1);
  options_.session.idle_after = absl::Hours(1);
  Restart();
  // One agent holds its stream, so that every other is one too many.
  PipelineAgentOptions holder = AgentOptions("holder");
  holder.agent_id = "aaaaaaaa-9d4a-4c55-8f0e-6b1d2a7c9e10";
  holder.pki_dir = path("holder_pki");
  EnrollAnother(holder.agent_id, "holder_pki");
  const PipelineAgent held(holder);
  ASSERT_TRUE(Eventually(kPatience, [&] { return held.Status().progress.welcomes == 1; }));

  PipelineAgent agent(AgentOptions());
  ASSERT_TRUE(Converges(agent, {{"bash", "5.1"}}));
  const Packages packages = {{"bash", "5.2"}, {"zlib", "1.2"}};
  ASSERT_TRUE(Converges(agent, packages)) << "what is found between two contacts goes with the next";
  // Nothing changes any more: every contact still says so.
  for (int contact = 0; contact < 3; ++contact) {
    const absl::Time before = LastRunAt();
    agent.Collect(packages);
    EXPECT_TRUE(Eventually(kPatience, [&] { return LastRunAt() > before; })) << metrics_.Text();
  }
  EXPECT_EQ(Resyncs(), 0u);
  EXPECT_GE(Metric("rollcall_polls_asked_total"), 4u);
  EXPECT_GE(agent.Status().progress.welcomes, 4u);
  EXPECT_TRUE(agent.Status().last_error.ok()) << agent.Status().last_error;
  EXPECT_EQ(held.Status().progress.welcomes, 1u) << "who holds its stream keeps it";
  EXPECT_TRUE(Eventually(kPatience, [&] { return Metric("rollcall_sessions") == 1; })) << metrics_.Text();
}

// Asked to leave in time, the agent never meets the end that gRPC makes.
TEST_F(ContactTest, AnAgedConnectionIsLeftInOrder) {
  options_.connection_age = absl::Seconds(4);
  options_.session.max_age = absl::Seconds(2);
  Restart();
  PipelineAgent agent(AgentOptions());
  Packages packages;
  const auto moved = [&] {
    packages[absl::StrCat("p", packages.size())] = "1";
    agent.Collect(packages);
    StopToken().WaitFor(absl::Milliseconds(100));
    return Metric("rollcall_drains_total{reason=\"connection_age\"}") >= 2;
  };
  EXPECT_TRUE(Eventually(kPatience, moved)) << metrics_.Text();
  EXPECT_TRUE(agent.Status().last_error.ok()) << agent.Status().last_error;
  EXPECT_TRUE(Converges(agent, packages));
  EXPECT_EQ(Resyncs(), 0u);
  EXPECT_EQ(Metric("rollcall_sessions_refused_total{reason=\"drain_ignored\"}"), 0u);
}

}  // namespace
}  // namespace rollcall
