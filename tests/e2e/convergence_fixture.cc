#include "tests/e2e/convergence_fixture.h"

#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "rollcall/v1/ingest.pb.h"
#include "tests/e2e/delivered.h"

namespace rollcall {

void ConvergenceTest::SetUp() {
  options_.server_pair = authority_.IssueServer({"localhost", "127.0.0.1"}, validity_).value();
  options_.authority_pem = authority_.pem().certificate_pem;
  options_.housekeeping_interval = absl::Milliseconds(50);
  options_.session.heartbeat_interval = absl::Seconds(1);
  options_.session.superseded_pause = absl::Milliseconds(500);
  WriteCertificate(kAgentId, "pki");
  std::filesystem::create_directories(path("db"));
  StartBackend();
  Enroll();
}

void ConvergenceTest::TearDown() {
  if (server_ == nullptr) return;  // it did not start
  EXPECT_TRUE(server_->Shutdown(absl::Seconds(10)));
  server_.reset();
  ExpectNothingDoubled(*store_, "acme");
}

void ConvergenceTest::WriteCertificate(const std::string& agent_id, const std::string& pki) {
  const CertifiedKey pair = authority_.IssuePeer({"acme", PeerRole::kAgent, agent_id}, validity_).value();
  WriteAll(path(pki) + "/ca.crt", options_.authority_pem);
  WriteAll(path(pki) + "/agent.crt", pair.certificate_pem);
  WriteAll(path(pki) + "/agent.key", pair.key_pem);
}

void ConvergenceTest::EnrollAnother(const std::string& agent_id, const std::string& pki) {
  ASSERT_TRUE(store_->EnrollAgent({"acme", agent_id}, clock_.Now()).ok());
  WriteCertificate(agent_id, pki);
}

void ConvergenceTest::StartBackend() {
  auto store = SqliteStore::Open({.path = path("db/rollcall.db")});
  ASSERT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
  auto server = BackendServer::Start(options_, ServerParts{store_.get(), &retention_, &clock_, &logger_, &metrics_});
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  options_.listen = absl::StrCat("127.0.0.1:", server_->port());
}

void ConvergenceTest::StopBackend() {
  EXPECT_TRUE(server_->Shutdown(absl::Seconds(10)));
  server_.reset();
  store_.reset();
}

void ConvergenceTest::Enroll() {
  ASSERT_TRUE(store_->AddTenant("acme", clock_.Now()).ok());
  ASSERT_TRUE(store_->EnrollAgent({"acme", kAgentId}, clock_.Now()).ok());
}

PipelineAgentOptions ConvergenceTest::AgentOptions(const std::string& state) const {
  PipelineAgentOptions options;
  options.agent_id = kAgentId;
  options.state_dir = path(state);
  options.pki_dir = path("pki");
  options.address = options_.listen;
  return options;
}

Packages ConvergenceTest::Stored() const {
  Packages packages;
  std::string cursor;
  do {
    const auto page = store_->Scan({.tenant = "acme"}, cursor, 1000);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok()) break;
    for (const StoredVersion& version : page->versions) {
      pb::Record record;
      EXPECT_TRUE(record.ParseFromString(version.payload));
      const pb::OsPackage& package = record.os_package();
      packages[package.name()] = absl::StrCat(package.version(), package.summary());
    }
    cursor = page->next_cursor;
  } while (!cursor.empty());
  return packages;
}

bool ConvergenceTest::Converges(PipelineAgent& agent, const Packages& found, const Packages& stored) {
  const auto become = [&] {
    agent.Collect(found);
    return Eventually(absl::Milliseconds(400), [&] { return Stored() == stored; });
  };
  if (Eventually(kPatience, become)) return true;
  ADD_FAILURE() << "stored " << Stored().size() << " packages, found " << found.size() << "\n" << metrics_.Text();
  return false;
}

void ConvergenceTest::ExpectAgreement(PipelineAgent& agent, const Packages& packages) {
  EXPECT_TRUE(Converges(agent, packages));
  const auto settled = [&] {
    const uint64_t before = Resyncs();
    const absl::Time contact = LastRunAt();
    agent.Collect(packages);
    return Eventually(absl::Seconds(10), [&] { return LastRunAt() > contact; }) && Resyncs() == before;
  };
  EXPECT_TRUE(Eventually(kPatience, settled)) << metrics_.Text();
  EXPECT_EQ(Stored(), packages);
}

absl::Time ConvergenceTest::LastRunAt() const {
  const auto units = store_->ListUnits("acme", kAgentId);
  EXPECT_TRUE(units.ok() && units->size() == 1);
  return units->front().last_run_received_at;
}

uint64_t ConvergenceTest::Resyncs(const std::string& cause) const {
  return Metric(absl::StrCat("rollcall_resyncs_total{cause=\"", cause, "\"}"));
}

uint64_t ConvergenceTest::Resyncs() const {
  uint64_t all = 0;
  const google::protobuf::EnumDescriptor* causes = pb::Resync::Cause_descriptor();
  for (int i = 0; i < causes->value_count(); ++i) all += Resyncs(absl::AsciiStrToLower(causes->value(i)->name()));
  return all;
}

uint64_t ConvergenceTest::Metric(const std::string& name) const {
  const std::string text = metrics_.Text();
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    double value = 0;
    if (absl::ConsumePrefix(&line, name) && absl::SimpleAtod(line, &value)) return static_cast<uint64_t>(value);
  }
  return 0;
}

}  // namespace rollcall
