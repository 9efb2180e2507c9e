// Hours and jumps of the clock. Programs cannot be given a clock, so the agent's own parts run here
// from the filter of changes to the stream, with a clock that the test moves, a real spool on disk,
// real connections with mutual TLS, and a real backend with its real store in the same process.
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/identity/local_file.h"
#include "backend/server.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "platform/testing/fake_clock.h"
#include "proto/record_identity.h"
#include "proto/set_digest.h"
#include "tests/e2e/delivered.h"
#include "tests/e2e/pipeline_agent.h"
#include "tests/e2e/process.h"

namespace rollcall {
namespace {

constexpr char kAgentId[] = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";
const SpoolUnit kPackages = {"os_packages", "host"};

class NoRetention : public RetentionExplainer {
 public:
  absl::StatusOr<RetentionAnswer> Explain(const StoredVersion&, const AgentContact&, absl::Time) const override {
    return RetentionAnswer();
  }
};

class SimulatedTimeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_options_.server_pair = authority_.IssueServer({"localhost"}, validity_).value();
    server_options_.authority_pem = authority_.pem().certificate_pem;
    const CertifiedKey pair = authority_.IssuePeer({"dev", PeerRole::kAgent, kAgentId}, validity_).value();
    const std::pair<const char*, std::string> files[] = {
        {"/ca.crt", server_options_.authority_pem}, {"/agent.crt", pair.certificate_pem}, {"/agent.key", pair.key_pem}};
    for (const auto& [name, pem] : files) ASSERT_TRUE(WriteLocalFileDurably(folder_.path() + name, pem).ok());
    store_ = SqliteStore::Open({.path = folder_.path() + "/store.db"}).value();
    ASSERT_TRUE(store_->AddTenant("dev", backend_clock_.Now()).ok());
    ASSERT_TRUE(store_->EnrollAgent({"dev", kAgentId}, backend_clock_.Now()).ok());
    StartServer();
    StartAgent();
  }
  ~SimulatedTimeTest() override {
    agent_.reset();
    server_.reset();
  }

  void StartServer() {
    server_options_.listen = absl::StrCat("127.0.0.1:", port_);
    auto server = BackendServer::Start(server_options_,
                                       ServerParts{store_.get(), &retention_, &backend_clock_, &logger_, &metrics_});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    port_ = server_->port();
  }

  void StartAgent() {
    PipelineAgentOptions options;
    options.agent_id = kAgentId;
    options.state_dir = folder_.path() + "/agent";
    options.address = absl::StrCat("127.0.0.1:", port_);
    options.pki_dir = folder_.path();
    options.clock = &agent_clock_;
    options.longest_pause = absl::Minutes(5);
    agent_ = std::make_unique<PipelineAgent>(options);
  }

  // Both hosts' time passes, and the session's thread has a moment to notice.
  void Pass(absl::Duration time) {
    agent_clock_.Advance(time);
    backend_clock_.Advance(time);
    agent_->Wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }

  // What the backend must hold: the digest of the host's set, computed from nothing but the host.
  SetDigest Expected() const {
    SetDigest digest;
    for (const auto& [name, version] : packages_) {
      pb::Record record;
      record.mutable_scope()->set_type(pb::Scope::HOST);
      record.mutable_os_package()->set_manager(pb::OsPackage::DPKG);
      record.mutable_os_package()->set_name(name);
      record.mutable_os_package()->set_version(version);
      const RecordIdentity identity = IdentityOf(record).value();
      digest.Add(identity.asset_key, identity.fingerprint);
    }
    return digest;
  }

  bool Delivered() {
    if (agent_->states().FullRequested(kPackages)) Collect();
    if (agent_->Spooled().entries > 0) return false;
    const auto units = store_->ListUnits("dev", kAgentId);
    return units.ok() && units->size() == 1 && units->front().digest == Expected() &&
           agent_->states().BackendDigest(kPackages) == Expected();
  }

  // Everything arrives within `time`, and nothing is doubled.
  void ExpectDelivery(absl::Duration time) {
    absl::Duration passed;
    const bool delivered = Eventually(absl::Seconds(60), [&] {
      if (Delivered()) return true;
      if (passed < time) {
        Pass(absl::Seconds(1));
        passed += absl::Seconds(1);
      }
      return false;
    });
    EXPECT_TRUE(delivered) << agent_->Status().last_error << "; spooled " << agent_->Spooled().entries;
    ExpectNothingDoubled(*store_);
  }

  void Change(const std::string& name, const std::string& version) { packages_[name] = version; }
  void Collect() { agent_->Collect(packages_); }

  absl::Duration ClockOffset() { return agent_->Status().progress.clock_offset; }
  bool Connected() { return agent_->Status().progress.state == SessionProgress::State::kStreaming; }

  // Ends the session and has the agent come back, which measures its clock's offset anew.
  void Reconnect() {
    server_.reset();
    StartServer();
    const uint64_t before = agent_->Status().progress.welcomes;
    EXPECT_TRUE(Eventually(absl::Seconds(30), [&] {
      Pass(absl::Seconds(1));
      return agent_->Status().progress.welcomes > before;
    }));
  }

  TempFolder folder_;
  const absl::Time start_ = SystemClock().Now();
  FakeClock agent_clock_{start_};
  FakeClock backend_clock_{start_};
  const Validity validity_ = ValidFor(start_, absl::Hours(24 * 90));
  CertificateAuthority authority_ = CertificateAuthority::Create("test", validity_).value();
  NullLogger logger_;
  NoRetention retention_;
  BackendMetrics metrics_{"test"};
  ServerOptions server_options_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<BackendServer> server_;
  int port_ = 0;
  std::unique_ptr<PipelineAgent> agent_;
  std::map<std::string, std::string> packages_ = {{"kept", "1"}, {"upgraded", "1"}, {"removed", "1"}};
};

TEST_F(SimulatedTimeTest, AnHourWithoutABackend) {
  Collect();
  ExpectDelivery(absl::Minutes(1));
  server_.reset();
  const uint64_t attempts_before = agent_->Status().attempts;
  std::vector<absl::Time> found_at;
  packages_.erase("removed");
  for (int minute = 0; minute < 60; ++minute) {
    Change(absl::StrCat("found-", minute), "1");
    Change("upgraded", absl::StrCat(minute));
    found_at.push_back(absl::FromUnixMillis(absl::ToUnixMillis(agent_clock_.Now())));
    Collect();
    for (int i = 0; i < 12; ++i) Pass(absl::Seconds(5));
  }
  const uint64_t attempts = agent_->Status().attempts - attempts_before;
  EXPECT_GE(attempts, 10u) << "it kept trying";
  EXPECT_LE(attempts, 80u) << "ever more rarely";
  EXPECT_GT(agent_->Spooled().entries, 0u);
  StartServer();
  ExpectDelivery(absl::Minutes(5) + absl::Seconds(30));

  // Each was seen when it appeared, not only at the end.
  const auto page = store_->Scan({.tenant = "dev"}, "", 1000);
  ASSERT_TRUE(page.ok());
  int seen = 0;
  for (const StoredVersion& version : page->versions) {
    pb::Record record;
    ASSERT_TRUE(record.ParseFromString(version.payload));
    int minute = 0;
    absl::string_view name = record.os_package().name();
    if (!absl::ConsumePrefix(&name, "found-") || !absl::SimpleAtoi(name, &minute)) continue;
    ++seen;
    EXPECT_LT(absl::AbsDuration(version.valid_from - found_at[static_cast<size_t>(minute)]), absl::Seconds(1)) << name;
  }
  EXPECT_EQ(seen, 60);
}

TEST_F(SimulatedTimeTest, TheWallClockJumpsForwardAndBack) {
  Collect();
  ExpectDelivery(absl::Minutes(1));
  const absl::Duration jumps[] = {absl::Hours(26), -absl::Hours(24 * 40), absl::Seconds(90), -absl::Minutes(61)};
  for (const absl::Duration jump : jumps) {
    SCOPED_TRACE(absl::FormatDuration(jump));
    agent_clock_.JumpWallClock(backend_clock_.Now() + jump);
    Change("upgraded", absl::FormatDuration(jump));
    Collect();  // within the session that began before the jump
    ExpectDelivery(absl::Minutes(1));
    Reconnect();
    EXPECT_LT(absl::AbsDuration(ClockOffset() + jump), absl::Seconds(5));
    Change("after-the-jump", absl::FormatDuration(jump));
    Collect();
    ExpectDelivery(absl::Minutes(1));
  }
}

TEST_F(SimulatedTimeTest, AHostThatWasSuspended) {
  Collect();
  ExpectDelivery(absl::Minutes(1));
  Pass(absl::Hours(8));
  Change("upgraded", "in the morning");
  Collect();
  ExpectDelivery(absl::Minutes(6));
  EXPECT_TRUE(Eventually(absl::Seconds(10), [&] { return Connected(); }));
}

}  // namespace
}  // namespace rollcall
