// The stages together: what a collector emits arrives at a backend, and secrets do not.
#include <random>

#include "agent/pipeline/batch_writer.h"
#include "agent/pipeline/change_filter_sink.h"
#include "agent/pipeline/pipeline_test_util.h"
#include "agent/pipeline/redacting_sink.h"
#include "agent/pipeline/stamp_sink.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

// One life of the agent: everything but the spool is lost with it.
struct Agent {
  Agent(uint64_t epoch, FakeSpool* spool)
      : writer([epoch] { return epoch; }, spool, &states),
        filter(&states, spool, &writer),
        stamp(&filter),
        redact(&stamp) {}

  UnitStates states;
  BatchWriter writer;
  ChangeFilterSink filter;
  StampSink stamp;
  RedactingSink redact;
};

TEST(PipelineTest, PlantedSecretsReachNoBatch) {
  const std::vector<std::vector<std::string>> commands = {
      {"app", "--password=PlantedOne1"},
      {"mysql", "-uroot", "-pPlantedTwo2", "db"},
      {"curl", "-u", "bob:PlantedThree3", "https://h/"},
      {"git", "clone", "https://bob:PlantedFour4@h/r.git"},
      {"sh", "-c", "PGPASSWORD=PlantedFive5 psql -h db"},
      {"curl", "-H", "Authorization: Bearer PlantedSix6"},
  };
  FakeSpool spool;
  Agent agent(1, &spool);
  std::vector<pb::Record> records;
  for (const auto& command : commands) records.push_back(ProcessRecord(records.size() + 1, command));
  pb::Record host;
  host.mutable_host()->mutable_kernel()->set_command_line("quiet luks_passphrase=PlantedSeven7");
  records.push_back(host);
  const size_t count = records.size();
  ASSERT_TRUE(RunThrough(&agent.redact, RunOf("processes"), std::move(records)).ok());
  size_t seen = 0;
  for (const FakeSpool::Entry& entry : spool.Entries()) {
    EXPECT_EQ(entry.payload.find("Planted"), std::string::npos);
    pb::Batch batch;
    ASSERT_TRUE(batch.ParseFromString(entry.payload));
    EXPECT_EQ(BodyBytes(batch).find("Planted"), std::string::npos);
    EXPECT_NE(BodyBytes(batch).find("[REDACTED:"), std::string::npos);
    const pb::BatchBody body = BodyOf(batch);
    for (const pb::Record& record : body.records()) {
      ++seen;
      EXPECT_GE(record.redactions_size(), 1);
    }
  }
  EXPECT_EQ(seen, count);
}

TEST(PipelineTest, LargeRunsWork) {
  FakeSpool spool;
  Agent agent(1, &spool);
  ModelBackend backend;
  std::vector<pb::Record> records;
  for (int i = 0; i < 20000; ++i) records.push_back(PackageRecord(absl::StrCat("package-", i), "1"));
  ASSERT_TRUE(RunThrough(&agent.redact, RunOf("packages"), records).ok());
  records.resize(10000);
  ASSERT_TRUE(RunThrough(&agent.redact, RunOf("packages"), records).ok());
  for (const pb::Batch& batch : BatchesIn(spool)) EXPECT_FALSE(backend.Apply(batch).has_value());
  EXPECT_EQ(backend.Find({"packages", "host"})->records.size(), 10000u);
}

// Random hosts, failures, restarts, losses and requests. After a complete run is delivered
// without a loss behind it, backend and host agree.
class PropertyTest : public testing::TestWithParam<uint32_t> {
 protected:
  static constexpr const char* kCollectors[] = {"packages", "processes"};

  uint32_t Below(uint32_t bound) { return std::uniform_int_distribution<uint32_t>(0, bound - 1)(random_); }

  void ChangeHost(const std::string& collector) {
    auto& host = hosts_[collector];
    for (uint32_t i = Below(6); i > 0; --i) host[absl::StrCat("p", Below(30))] = absl::StrCat(Below(4));
    for (uint32_t i = Below(4); i > 0; --i) host.erase(absl::StrCat("p", Below(30)));
  }

  void Collect(const std::string& collector, pb::RunResult::Status status) {
    std::vector<pb::Record> records;
    for (const auto& [name, version] : hosts_[collector]) {
      if (status != pb::RunResult::COMPLETE && Below(2) == 0) continue;
      records.push_back(PackageRecord(name, version));
    }
    std::shuffle(records.begin(), records.end(), random_);
    // Errors of the spool are part of the game.
    RunThrough(&agent_->redact, RunOf(collector, status), std::move(records)).IgnoreError();
  }

  // Delivers up to `count` batches; the session's part of the protocol.
  void Deliver(size_t count) {
    for (const FakeSpool::Entry& entry : spool_.Entries()) {
      if (count-- == 0) return;
      pb::Batch batch;
      ASSERT_TRUE(batch.ParseFromString(entry.payload));
      if (backend_.Apply(batch).has_value()) {
        agent_->states.RequestFull(entry.unit);
      } else if (batch.last()) {
        agent_->states.SetBackendDigest(entry.unit, backend_.Find(entry.unit)->digest);
      }
      ASSERT_TRUE(spool_.Acknowledge(entry.sequence).ok());
    }
  }

  void Restart() {
    agent_ = std::make_unique<Agent>(++epoch_, &spool_);
    if (Below(2) == 0) agent_->states.SetBackendStates(backend_.Digests());
  }

  void Disturb() {
    const SpoolUnit unit{kCollectors[Below(2)], "host"};
    switch (Below(12)) {
      case 0:
        return Restart();
      case 1:
        return spool_.DropUnit(unit);
      case 2:
        return agent_->states.RequestFull(unit);
      case 3:
        return spool_.FailAppendsAfter(Below(2));
      default:
        return spool_.FailAppendsAfter(-1);
    }
  }

  void ExpectAgreement(const std::string& collector) {
    const ModelBackend::Unit* unit = backend_.Find({collector, "host"});
    ASSERT_NE(unit, nullptr);
    std::map<std::string, std::string> held;
    for (const auto& [key, record] : unit->contents) held[record.os_package().name()] = record.os_package().summary();
    EXPECT_EQ(held, hosts_[collector]) << collector;
  }

  std::mt19937 random_{GetParam()};
  uint64_t epoch_ = 1;
  FakeSpool spool_;
  std::unique_ptr<Agent> agent_ = std::make_unique<Agent>(1, &spool_);
  ModelBackend backend_;
  std::map<std::string, std::map<std::string, std::string>> hosts_;
};

TEST_P(PropertyTest, BackendAndHostAgreeInTheEnd) {
  for (int step = 0; step < 150; ++step) {
    const std::string collector = kCollectors[Below(2)];
    ChangeHost(collector);
    Disturb();
    const auto status = static_cast<pb::RunResult::Status>(Below(3) == 0 ? 2 + Below(4) : 1);
    Collect(collector, status);
    Deliver(Below(4));
    if (step % 25 != 24) continue;
    // Quiet: everything arrives, and one more complete run answers what is still asked for.
    spool_.FailAppendsAfter(-1);
    for (const char* each : kCollectors) {
      for (int round = 0; round < 2; ++round) {
        Collect(each, pb::RunResult::COMPLETE);
        Deliver(1000);
      }
      EXPECT_FALSE(agent_->states.FullRequested({each, "host"}));
      EXPECT_FALSE(spool_.NeedsFull({each, "host"}));
      ExpectAgreement(each);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PropertyTest, testing::Range(0u, 40u));

}  // namespace
}  // namespace rollcall
