#include <atomic>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/host_session.h"
#include "agent/pipeline/batch_reducer.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool_command.h"
#include "agent/transport/grpc_log.h"
#include "agent/transport/grpc_session.h"
#include "platform/log.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxTextBytes = 4096;
constexpr absl::Duration kLookEvery = absl::Milliseconds(50);

// An agent that collects nothing and only sends.
class Drain : public SessionDelegate {
 public:
  Drain(const AgentConfig& config, const Clock* clock) : config_(config), clock_(clock) {}

  absl::Status Open() {
    // First, as it says whether an agent is at work here.
    ROLLCALL_ASSIGN_OR_RETURN(spool_,
                              DirectorySpool::Open(SpoolDirectoryOf(config_), SpoolOptionsOf(config_, &reducer_)));
    ROLLCALL_ASSIGN_OR_RETURN(host_, OpenThisHost(config_, *clock_));
    upload_ = std::make_unique<UploadSession>(HelloOf(config_, host_), spool_.get(), &states_, this, clock_, &logger_);
    GrpcSession::Options session = SessionOptionsOf(config_);
    // Somebody waits for it.
    session.first_contact_within = absl::ZeroDuration();
    session.max_backoff = absl::Seconds(5);
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
  const std::vector<std::string>& recovery_problems() const { return spool_->recovery_problems(); }

  // SessionDelegate.
  uint64_t Epoch() const override { return host_.epoch->current(); }
  absl::Status RaiseEpochAbove(uint64_t epoch) override { return host_.epoch->RaiseAbove(epoch); }
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
  BatchReducer reducer_;
  std::unique_ptr<DirectorySpool> spool_;
  ThisHost host_;
  UnitStates states_;
  std::unique_ptr<UploadSession> upload_;
  std::unique_ptr<GrpcSession> session_;
  SessionStatus status_;
  std::atomic<uint64_t> lost_{0};
};

std::string Quoted(absl::string_view text) {
  std::string quoted;
  AppendJsonString(text, kMaxTextBytes, quoted);
  return quoted;
}

// What the spool lost, in words.
void TellLosses(const Drain& drain, std::ostream& err) {
  for (const std::string& problem : drain.recovery_problems()) {
    err << "drain spool: the spool was damaged; what it lost is collected again by an agent only: " << Quoted(problem)
        << '\n';
  }
  for (const SpoolDrops& drops : drain.Left().drops) {
    if (!IsLoss(drops.reason)) continue;
    err << "drain spool: lost " << drops.entries << ' ' << SpoolDropReasonName(drops.reason) << " entries of collector "
        << Quoted(drops.collector) << '\n';
  }
}

std::string AsJson(const Drain& drain) {
  const SpoolStats left = drain.Left();
  const SessionStatus& session = drain.session();
  const std::string error = session.last_error.ok() ? "" : session.last_error.ToString();
  std::vector<std::string> problems;
  for (const std::string& problem : drain.recovery_problems()) problems.push_back(Quoted(problem));
  return absl::StrCat("{\"empty\":", left.entries == 0 ? "true" : "false",
                      ",\"acknowledged\":", session.progress.batches_acknowledged, ",\"left\":", left.entries,
                      ",\"left_bytes\":", left.bytes, ",\"lost\":", drain.lost(), ",\"dropped\":", left.dropped_entries,
                      ",\"damage\":[", absl::StrJoin(problems, ","), "],\"resyncs\":", session.progress.resyncs,
                      ",\"last_error\":", Quoted(error), "}\n");
}

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
    out << AsJson(drain);
    return empty ? 0 : 1;
  }
  TellLosses(drain, err);
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
