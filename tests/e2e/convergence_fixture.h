// A backend with its real server and store, and agents with their real pipeline and session, of which
// a test makes either side forget something.
#ifndef ROLLCALL_TESTS_E2E_CONVERGENCE_FIXTURE_H_
#define ROLLCALL_TESTS_E2E_CONVERGENCE_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "backend/pki/certificate_authority.h"
#include "backend/server.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "tests/e2e/pipeline_agent.h"
#include "tests/e2e/process.h"

namespace rollcall {

// name -> version and summary.
using Packages = std::map<std::string, std::string>;

class ConvergenceTest : public ::testing::Test {
 protected:
  static constexpr char kAgentId[] = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";
  // Heartbeats come every five seconds, and sanitizers take their time.
  static constexpr absl::Duration kPatience = absl::Seconds(90);

  void SetUp() override;
  // Whatever a test did, the store is in order.
  void TearDown() override;

  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  // On the same port every time; the database is in path("db").
  void StartBackend();
  void StopBackend();
  // Puts tenant and agent into an empty database.
  void Enroll();
  // Enrols another agent and makes its certificate, in path(`pki`).
  void EnrollAnother(const std::string& agent_id, const std::string& pki);
  // The agent's state is in path(`state`).
  PipelineAgentOptions AgentOptions(const std::string& state = "agent") const;

  Packages Stored() const;
  // The agent goes on collecting until the backend has `stored` of what it finds.
  bool Converges(PipelineAgent& agent, const Packages& found, const Packages& stored);
  bool Converges(PipelineAgent& agent, const Packages& packages) { return Converges(agent, packages, packages); }
  // In the end nothing more is asked for: a run that finds the same becomes a confirmation that holds.
  void ExpectAgreement(PipelineAgent& agent, const Packages& packages);

  absl::Time LastRunAt() const;
  // Complete sets asked for, for one cause or for any.
  uint64_t Resyncs(const std::string& cause) const;
  uint64_t Resyncs() const;
  // 0 if nothing was counted.
  uint64_t Metric(const std::string& name) const;

  void WriteCertificate(const std::string& agent_id, const std::string& pki);

  class NoRetention : public RetentionExplainer {
   public:
    absl::StatusOr<RetentionAnswer> Explain(const StoredVersion&, const AgentContact&, absl::Time) const override {
      return RetentionAnswer();
    }
  };

  TempFolder folder_;
  SystemClock clock_;
  NullLogger logger_;
  NoRetention retention_;
  BackendMetrics metrics_{"test"};
  const Validity validity_ = ValidFor(SystemClock().Now(), absl::Hours(1));
  const CertificateAuthority authority_ = CertificateAuthority::Create("test CA", validity_).value();
  ServerOptions options_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<BackendServer> server_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_CONVERGENCE_FIXTURE_H_
