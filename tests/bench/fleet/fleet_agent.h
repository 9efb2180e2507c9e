// One simulated agent.
#ifndef ROLLCALL_TESTS_BENCH_FLEET_FLEET_AGENT_H_
#define ROLLCALL_TESTS_BENCH_FLEET_FLEET_AGENT_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/transport/upload_session.h"
#include "agent/unit_states.h"
#include "tests/bench/fleet/agent_stream.h"
#include "tests/bench/fleet/fleet_stats.h"
#include "tests/bench/fleet/host_model.h"
#include "tests/bench/fleet/run_queue.h"
#include "tests/bench/fleet/unit_runs.h"
#include "tests/bench/fleet/words.h"

namespace rollcall {

// What all agents share; everything outlives them.
struct FleetContext {
  std::string address;
  std::string server_name;
  std::string ca_pem;
  uint64_t seed = 0;
  // Process lifetime of the agents: above that of any earlier fleet with the same ids.
  uint64_t epoch = 1;
  // Records of a host that change between two runs, as a share of all.
  double churn = 0;
  absl::Duration run_interval = absl::Minutes(5);
  absl::Duration max_backoff = absl::Minutes(5);
  const HostModel* model = nullptr;
  UnitRuns* runs = nullptr;
  const Clock* clock = nullptr;
  Logger* logger = nullptr;
  FleetStats* stats = nullptr;
  FleetScheduler* scheduler = nullptr;
};

// Id and certificate of one agent.
struct AgentIdentity {
  std::string id;
  std::string certificate_pem;
  std::string key_pem;
};

// Speaks with the backend through the real agent's UploadSession, and decides when to connect by the
// real agent's rules (full jitter, RetryInfo, Drain, polling). Its collectors are a HostModel.
// Thread-safe. Callbacks come from gRPC's threads and the scheduler's.
class FleetAgent : private SessionDelegate, private StreamListener {
 public:
  FleetAgent(size_t number, AgentIdentity identity, const FleetContext* context);

  // The scheduler's call.
  void OnTime();

  // Connects at the monotonic time `at`, and from then on by itself.
  void ConnectAt(absl::Duration at);
  // Runs all collectors at `at`, and then at every interval, whether or not it is connected.
  void CollectFrom(absl::Duration at);
  // No more runs; what is queued is still sent.
  void StopCollecting();
  // Ends the session at once, whatever is in flight, and connects again `pause` later.
  void CutOff(absl::Duration pause);
  // Ends the session once everything is acknowledged, connects again and compares what the backend
  // says it holds with what this agent has.
  void CompareAgain();
  // Ends the session and stays away.
  void Stop();

  // Whether a Welcome came since the last of ForgetWelcome, CutOff and CompareAgain.
  bool greeted() const;
  void ForgetWelcome();
  // Whether everything queued is acknowledged.
  bool settled() const;

 private:
  struct Unit {
    uint64_t changes = 0;
    uint64_t generation = 0;
    SetDigest digest;
    // The set was sent, or found on the backend, in this life.
    bool known = false;
    // The last run sent, for confirmations.
    RunNumber reported;
  };

  // SessionDelegate, StreamListener.
  uint64_t Epoch() const override { return epoch_; }
  absl::Status RaiseEpochAbove(uint64_t epoch) override;
  void RunSoon(const std::string& collector) override;
  void EntryLost(uint64_t sequence, const absl::Status& cause) override;
  void FillUsage(pb::Heartbeat* heartbeat) const override;
  void OnRead(AgentStream* stream, const pb::BackendMessage* message) override;
  void OnWritten(AgentStream* stream, bool ok) override;
  void OnEnded(AgentStream* stream, const grpc::Status& status, std::optional<absl::Duration> asked_wait) override;

  // All below: with mutex_ held.
  void Connect();
  void TakeMessage(const pb::BackendMessage& message);
  void CompareUnits();
  // Writes the next message if there is one and none is in flight.
  void Pump();
  void EndStream();
  absl::Duration PauseAfter(const grpc::Status& status, std::optional<absl::Duration> asked_wait);
  void RunCollectors();
  absl::Status RunCollector(size_t unit);
  uint64_t DrawChanges(size_t unit);
  void Send(size_t unit, pb::BatchMode mode, uint64_t changes_before, const SetDigest& before);
  SpoolUnit NameOf(size_t unit) const;
  double Random() { return static_cast<double>(random_.Next() >> 11) * 0x1p-53; }
  // Asks the scheduler for a call at the next time something is due.
  void Reschedule();

  const size_t number_;
  const AgentIdentity identity_;
  const FleetContext* const context_;

  mutable std::mutex mutex_;
  WordSource random_;
  uint64_t epoch_;
  RunQueue queue_;
  UnitStates states_;
  UploadSession upload_;
  std::vector<Unit> units_;

  std::unique_ptr<AgentStream> stream_;
  bool write_in_flight_ = false;
  // Nothing more is written; and: nothing more is read either.
  bool closing_ = false;
  bool cancelled_ = false;
  bool half_closed_ = false;
  bool greeted_on_stream_ = false;
  bool greeted_since_asked_ = false;
  bool leaving_ = false;
  bool stopped_ = false;
  uint64_t resyncs_before_ = 0;
  uint32_t failures_ = 0;
  absl::Duration connecting_since_;
  // The next pause, if somebody else decided it.
  std::optional<absl::Duration> given_pause_;
  absl::Duration connect_at_ = absl::InfiniteDuration();
  absl::Duration collect_at_ = absl::InfiniteDuration();
  absl::Duration scheduled_ = absl::InfiniteDuration();
};

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_BENCH_FLEET_FLEET_AGENT_H_
