#include <algorithm>
#include <atomic>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/identity/agent_identity.h"
#include "agent/identity/epoch.h"
#include "agent/identity/known_host.h"
#include "agent/identity/local_file.h"
#include "agent/live_host.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool_command.h"
#include "agent/transport/grpc_log.h"
#include "agent/transport/grpc_session.h"
#include "platform/hardware_facts.h"
#include "platform/host_identity.h"
#include "platform/status_macros.h"
#include "platform/version.h"

namespace rollcall {
namespace {

constexpr size_t kMaxPemBytes = size_t{1} << 20;
constexpr uint32_t kSchemaVersion = 1;
constexpr absl::Duration kLookEvery = absl::Milliseconds(50);

// An agent that collects nothing and only sends.
class Drain : public SessionDelegate {
 public:
  Drain(const AgentConfig& config, const Clock* clock) : config_(config), clock_(clock) {}

  absl::Status Open() {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string certificate, ReadLocalFile(config_.tls_cert, kMaxPemBytes));
    ROLLCALL_ASSIGN_OR_RETURN(const AgentIdentity identity, IdentityFromCertificate(certificate));
    // First, as it says whether an agent is at work here.
    DirectorySpoolOptions options;
    options.max_bytes = config_.spool_max_bytes;
    options.segment_bytes = std::min(options.segment_bytes, options.max_bytes / 2);
    ROLLCALL_ASSIGN_OR_RETURN(spool_, DirectorySpool::Open(config_.state_dir + "/spool", options));
    ROLLCALL_ASSIGN_OR_RETURN(const LiveHost host, OpenHost(config_.root));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string kept_id,
                              LoadOrCreateKeptId(config_.state_dir + "/host_id", GenerateUuid));
    ROLLCALL_ASSIGN_OR_RETURN(
        const HostIdentity host_identity,
        RecognizeHost(config_.state_dir + "/known_host", IdentifyHost(*host.files, kept_id, config_.cloud_facts),
                      ReadHardwareFacts(*host.files)));
    ROLLCALL_ASSIGN_OR_RETURN(epoch_, EpochSource::Open(config_.state_dir + "/epoch", *clock_));
    pb::Hello hello;
    hello.set_agent_id(identity.agent_id);
    hello.set_agent_version(std::string(Version()));
    hello.set_schema_version(kSchemaVersion);
    hello.set_host_id(host_identity.id);
    hello.set_hosting_service(config_.hosting_service);
    hello.set_region(config_.region);
    upload_ = std::make_unique<UploadSession>(hello, spool_.get(), &states_, this, clock_, &logger_);
    GrpcSession::Options session;
    session.addresses = config_.backend_addresses;
    session.proxy = config_.backend_proxy;
    session.proxy_credentials_path = config_.backend_proxy_credentials;
    session.server_name = config_.backend_server_name;
    session.ca_path = config_.tls_ca;
    session.cert_path = config_.tls_cert;
    session.key_path = config_.tls_key;
    session.max_backoff = absl::Seconds(5);  // somebody waits for it
    session_ = std::make_unique<GrpcSession>(session, upload_.get(), clock_, &logger_,
                                             [this] { return std::uniform_real_distribution<double>(0, 1)(random_); });
    return absl::OkStatus();
  }

  // Returns when the spool is empty or the time is up.
  void Run(absl::Duration timeout) {
    const absl::Duration deadline = clock_->Monotonic() + timeout;
    const StopToken never;
    session_->Start();
    while (spool_->Stats().entries > 0 && clock_->Monotonic() < deadline) clock_->WaitFor(kLookEvery, never);
    status_ = session_->Status();
    session_->Stop();
    // What was acknowledged need not be sent again after a power loss, but may.
    spool_->Sync().IgnoreError();
  }

  SpoolStats Left() const { return spool_->Stats(); }
  const SessionStatus& session() const { return status_; }
  uint64_t lost() const { return lost_; }

  // SessionDelegate.
  uint64_t Epoch() const override { return epoch_->current(); }
  absl::Status RaiseEpochAbove(uint64_t epoch) override { return epoch_->RaiseAbove(epoch); }
  void RunSoon(const std::string& /*collector*/) override {}  // the next agent's first run sees to it
  void EntryLost(uint64_t /*sequence*/, const absl::Status& /*cause*/) override {
    ++lost_;
    spool_->MarkNeedsFull(AllSpoolUnits()).IgnoreError();
  }
  void FillUsage(pb::Heartbeat* /*heartbeat*/) const override {}

 private:
  const AgentConfig config_;
  const Clock* const clock_;
  NullLogger logger_;
  std::mt19937_64 random_{std::random_device{}()};
  std::unique_ptr<DirectorySpool> spool_;
  std::unique_ptr<EpochSource> epoch_;
  UnitStates states_;
  std::unique_ptr<UploadSession> upload_;
  std::unique_ptr<GrpcSession> session_;
  SessionStatus status_;
  std::atomic<uint64_t> lost_{0};
};

}  // namespace

int DrainSpool(const AgentConfig& config, absl::Duration timeout, const SpoolCommandOptions& options, std::ostream& out,
               std::ostream& err) {
  const SystemClock clock;
  SilenceGrpcLog();
  Drain drain(config, &clock);
  if (const absl::Status opened = drain.Open(); !opened.ok()) {
    err << "drain spool: " << opened.message() << '\n';
    return 1;
  }
  drain.Run(timeout);
  const SpoolStats left = drain.Left();
  const SessionStatus& session = drain.session();
  const bool empty = left.entries == 0;
  if (options.json) {
    std::string error;
    AppendJsonString(session.last_error.ok() ? "" : session.last_error.ToString(), 4096, error);
    out << absl::StrCat("{\"empty\":", empty ? "true" : "false",
                        ",\"acknowledged\":", session.progress.batches_acknowledged, ",\"left\":", left.entries,
                        ",\"left_bytes\":", left.bytes, ",\"lost\":", drain.lost(),
                        ",\"resyncs\":", session.progress.resyncs, ",\"last_error\":", error, "}\n");
    return empty ? 0 : 1;
  }
  out << session.progress.batches_acknowledged << " batches sent and acknowledged";
  if (session.progress.resyncs > 0) {
    out << "; the backend asked for complete sets " << session.progress.resyncs << " times, which the agent sends";
  }
  if (drain.lost() > 0) out << "; " << drain.lost() << " could not be read";
  out << '\n';
  if (empty) return 0;
  err << "drain spool: " << left.entries << " batches are left after " << absl::FormatDuration(timeout);
  if (!session.last_error.ok()) err << ": " << session.last_error.message();
  err << '\n';
  return 1;
}

}  // namespace rollcall
