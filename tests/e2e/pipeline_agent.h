// An agent without a host: its real pipeline, spool and session, fed by a test.
#ifndef ROLLCALL_TESTS_E2E_PIPELINE_AGENT_H_
#define ROLLCALL_TESTS_E2E_PIPELINE_AGENT_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>

#include "agent/identity/epoch.h"
#include "agent/pipeline/batch_writer.h"
#include "agent/pipeline/change_filter_sink.h"
#include "agent/spool/directory_spool.h"
#include "agent/transport/grpc_session.h"
#include "agent/transport/notifying_spool.h"
#include "agent/transport/upload_session.h"
#include "platform/clock.h"
#include "platform/log.h"

namespace rollcall {

struct PipelineAgentOptions {
  std::string agent_id;
  // Kept from one life to the next; made if missing.
  std::string state_dir;
  // HOST:PORT of the backend, and where the files ca.crt, agent.crt and agent.key are.
  std::string address;
  std::string pki_dir;
  std::string host_id = "host-1";
  std::string boot_id = "boot-1";
  // Gives the epoch of this life; the system's clock if not set.
  const Clock* epoch_clock = nullptr;
  // Everything else's clock; the system's if not set.
  const Clock* clock = nullptr;
  // Between two attempts to reach the backend.
  absl::Duration longest_pause = absl::Milliseconds(300);
  // Changes each record before it is emitted: what another version of the agent would write.
  std::function<void(pb::Record*)> edit;
};

// One life of an agent: from construction to destruction. Collect may be called by one thread.
class PipelineAgent : public SessionDelegate {
 public:
  // Fails the test if the state directory cannot be used.
  explicit PipelineAgent(PipelineAgentOptions options);
  ~PipelineAgent() override;

  // One complete run of `os_packages` that finds these: name -> version.
  void Collect(const std::map<std::string, std::string>& packages);
  SessionStatus Status() const { return session_->Status(); }
  const UnitStates& states() const { return states_; }
  SpoolStats Spooled() const { return spool_->Stats(); }
  // The session looks at its clock.
  void Wake() { session_->Wake(); }

  uint64_t Epoch() const override { return epoch_->current(); }
  absl::Status RaiseEpochAbove(uint64_t epoch) override { return epoch_->RaiseAbove(epoch); }
  void RunSoon(const std::string& /*collector*/) override {}
  void EntryLost(uint64_t /*sequence*/, const absl::Status& /*cause*/) override {}
  void FillUsage(pb::Heartbeat* /*heartbeat*/) const override {}

 private:
  const PipelineAgentOptions options_;
  const SystemClock system_clock_;
  const Clock* const clock_;
  NullLogger logger_;
  std::mt19937 random_;  // of the session's thread
  std::unique_ptr<EpochSource> epoch_;
  std::unique_ptr<DirectorySpool> disk_;
  std::unique_ptr<NotifyingSpool> spool_;
  UnitStates states_;
  std::unique_ptr<BatchWriter> writer_;
  std::unique_ptr<ChangeFilterSink> filter_;
  std::unique_ptr<UploadSession> upload_;
  std::unique_ptr<GrpcSession> session_;
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_PIPELINE_AGENT_H_
