#include "agent/status/status_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/record_json.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1704067200;

pb::AgentStatus Example() {
  pb::AgentStatus status;
  status.set_agent_id("agent-1");
  status.set_tenant("acme");
  status.mutable_started_at()->set_seconds(kNow - 3700);
  status.set_live(true);
  status.set_ready(true);
  status.mutable_session()->set_state(pb::SessionStatus::STREAMING);
  status.mutable_session()->set_address("b:7443");
  status.mutable_session()->set_batches_sent(12);
  status.mutable_session()->set_batches_acknowledged(11);
  status.mutable_session()->mutable_last_acknowledgement()->set_seconds(kNow - 2);
  status.mutable_spool()->set_entries(1);
  status.mutable_spool()->set_bytes(2048);
  status.mutable_spool()->set_max_bytes(64 << 20);
  pb::CollectorStatus* ports = status.add_collectors();
  ports->set_name("ports");
  ports->mutable_last_result()->set_status(pb::RunResult::PARTIAL);
  ports->mutable_last_result()->set_record_count(41);
  ports->mutable_last_result()->set_problem_count(2);
  ports->mutable_last_result()->mutable_started_at()->set_seconds(kNow - 61);
  ports->mutable_last_result()->mutable_finished_at()->set_seconds(kNow - 60);
  ports->mutable_next_due()->set_seconds(kNow + 240);
  status.add_collectors()->set_name("processes");
  pb::RedactionCount* redaction = status.add_redactions();
  redaction->set_rule("argv.long_option");
  redaction->set_count(3);
  return status;
}

TEST(AgentStatusTextTest, SaysWhatMatters) {
  const std::string text = AgentStatusText(Example(), absl::FromUnixSeconds(kNow), 0);
  for (const char* part :
       {"agent-1 of tenant acme", "started 1h1m ago", "streaming with b:7443; sent 12, acknowledged 11 (last 2s ago)",
        "1 batches, 2048 B of 64 MiB", "argv.long_option 3", "ports", "PARTIAL", "41", "1m ago", "in 4m"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("dropped")));
  EXPECT_THAT(text, Not(HasSubstr("Unsent")));
  EXPECT_THAT(text, HasSubstr("never"));  // processes has not run
}

TEST(AgentStatusTextTest, TellsTroubleOnlyWhenThereIsSome) {
  pb::AgentStatus status = Example();
  status.mutable_session()->set_state(pb::SessionStatus::DISCONNECTED);
  status.mutable_session()->set_last_error("UNAVAILABLE: connection refused");
  status.mutable_spool()->set_dropped_entries(5);
  pb::SpoolDrops* drops = status.mutable_spool()->add_drops();
  drops->set_collector("ports");
  drops->set_reason("collapsed");
  drops->set_batches(5);
  drops = status.mutable_spool()->add_drops();
  *drops = status.spool().drops(0);
  drops->set_reason("coalesced");
  status.add_reasons("spool: disk full");
  const std::string text = AgentStatusText(status, absl::FromUnixSeconds(kNow), 80);
  EXPECT_THAT(text, HasSubstr("connection refused"));
  EXPECT_THAT(text, HasSubstr("5 dropped"));
  EXPECT_THAT(text, HasSubstr("Unsent      ports: collapsed 5, coalesced 5\n"));
  EXPECT_THAT(text, HasSubstr("Problem     spool: disk full"));
}

TEST(AgentStatusTextTest, SaysWhatIsWatchedAndWhatIsNot) {
  pb::AgentStatus status = Example();
  const auto text = [&] { return AgentStatusText(status, absl::FromUnixSeconds(kNow), 0); };
  EXPECT_THAT(text(), HasSubstr("Watching    no files\n"));
  status.mutable_watch()->set_files(true);
  status.mutable_watch()->set_watches(12);
  status.mutable_watch()->set_process_events(true);
  status.mutable_watch()->set_process_starts(7);
  status.mutable_collectors(0)->add_not_watched("/etc/services (permission denied)");
  EXPECT_THAT(text(), HasSubstr("Watching    12 files and folders, 0 changes; 7 process starts\n"));
  EXPECT_THAT(text(), HasSubstr("Not watched /etc/services (permission denied): changes are found by the next run of "
                                "ports\n"));
  status.mutable_watch()->set_overflows(2);
  status.mutable_watch()->set_process_events(false);
  status.mutable_watch()->set_process_events_unavailable("needs CAP_NET_ADMIN");
  EXPECT_THAT(text(), HasSubstr("scanned everything 2 times after too many; no process events: needs CAP_NET_ADMIN"));
  status.mutable_watch()->set_files_unavailable("too many instances");
  EXPECT_THAT(text(), HasSubstr("no files: too many instances"));
}

TEST(HealthTextTest, LiveDoesNotNeedReady) {
  const struct {
    bool live;
    bool ready;
    bool live_only;
    bool healthy;
  } cases[] = {{true, true, false, true}, {true, true, true, true},    {true, false, false, false},
               {true, false, true, true}, {false, true, false, false}, {false, false, true, false}};
  for (const auto& c : cases) {
    pb::AgentStatus status;
    status.set_live(c.live);
    status.set_ready(c.ready);
    status.add_reasons("why");
    bool healthy = !c.healthy;
    const std::string text = HealthText(status, c.live_only, &healthy);
    EXPECT_EQ(healthy, c.healthy);
    EXPECT_EQ(text.find("why") != std::string::npos, !c.healthy);
  }
}

TEST(ParseAgentStatusTest, ReadsWhatTheAgentWrites) {
  const auto json = ToJsonLine(Example());
  ASSERT_TRUE(json.ok());
  const auto parsed = ParseAgentStatus(*json);
  ASSERT_EQ(parsed.status(), absl::OkStatus());
  EXPECT_EQ(parsed->SerializeAsString(), Example().SerializeAsString());
  EXPECT_TRUE(ParseAgentStatus("{\"live\":true,\"from_the_future\":1}")->live());
  EXPECT_EQ(ParseAgentStatus("not json").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace rollcall
