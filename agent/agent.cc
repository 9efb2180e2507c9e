#include "agent/agent.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/agent_status.h"
#include "agent/collection.h"
#include "agent/host_session.h"
#include "agent/identity/local_file.h"
#include "agent/memory_trim.h"
#include "agent/own_usage.h"
#include "agent/pipeline/batch_reducer.h"
#include "agent/pipeline/batch_writer.h"
#include "agent/pipeline/change_filter_sink.h"
#include "agent/pipeline/redacting_sink.h"
#include "agent/pipeline/stamp_sink.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool_drop_log.h"
#include "agent/status/status_socket.h"
#include "agent/transport/grpc_session.h"
#include "agent/transport/notifying_spool.h"
#include "agent/watch/change_watcher.h"
#include "agent/watch/process_watcher.h"
#include "agent/watchdog/watchdog.h"
#include "collectors/registry.h"
#include "google/protobuf/util/time_util.h"
#include "platform/status_macros.h"
#include "platform/version.h"
#include "proto/record_json.h"

namespace rollcall {
namespace {

constexpr absl::Duration kWatchdogPeriod = absl::Seconds(10);
// Of the runs that are due only so many happen while what they find cannot be kept.
constexpr uint32_t kStretchWithoutSpool = 4;

WatchdogLimits LimitsOf(const AgentConfig& config) {
  WatchdogLimits limits;
  limits.soft_rss_bytes = config.watchdog_soft_memory;
  limits.hard_rss_bytes = config.watchdog_max_memory;
  limits.cpu_share = static_cast<double>(config.watchdog_max_cpu_percent) / 100;
  return limits;
}

}  // namespace

// Members are in the order they are built, and go in the opposite one.
class Agent::Parts : public SessionDelegate {
 public:
  Parts(const AgentConfig& config, const Clock* clock, Logger* logger)
      : config_(config),
        clock_(clock),
        logger_(logger),
        started_at_(clock->Now()),
        random_(std::random_device{}()),
        drop_log_(logger) {}

  absl::Status Identify();
  absl::Status OpenSpool();
  void ListenForProcesses();
  void Connect();
  absl::Status Serve();
  int Run();
  void RequestStop(int exit_code);
  pb::AgentStatus Status() const;

  // SessionDelegate.
  uint64_t Epoch() const override { return host_.epoch->current(); }
  absl::Status RaiseEpochAbove(uint64_t epoch) override { return host_.epoch->RaiseAbove(epoch); }
  void RunSoon(const std::string& collector) override { scheduler_->RunSoon(collector); }
  void EntryLost(uint64_t sequence, const absl::Status& cause) override;
  void FillUsage(pb::Heartbeat* heartbeat) const override;

 private:
  CollectorContext MakeContext() const;
  WatchdogHooks MakeHooks();
  void AfterRun();
  // Runs become rarer while the watchdog or the spool cannot bear them. Any thread.
  void ApplyStretch();
  void WaitForStop();
  double Random() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  const AgentConfig config_;
  const Clock* const clock_;
  Logger* const logger_;
  const absl::Time started_at_;
  std::mt19937_64 random_;  // of the session's thread
  std::atomic<int> exit_code_{0};
  std::atomic<bool> stop_requested_{false};
  std::atomic<uint32_t> watchdog_stretch_{1};
  std::atomic<uint32_t> spool_stretch_{1};
  std::mutex stretch_mutex_;  // or an older value could be the last one applied

  ThisHost host_;
  std::unique_ptr<ProcessWatcher> process_watcher_;  // nullptr if off, or if this is not the host

  BatchReducer reducer_;
  std::unique_ptr<DirectorySpool> disk_;
  std::unique_ptr<NotifyingSpool> spool_;
  SpoolDropLog drop_log_;  // of the scheduler's thread
  UnitStates states_;
  std::unique_ptr<BatchWriter> writer_;
  std::unique_ptr<ChangeFilterSink> filter_;
  std::unique_ptr<StampSink> stamp_;
  std::unique_ptr<RedactingSink> redacting_;
  std::unique_ptr<Collection> collection_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<UploadSession> upload_;
  std::unique_ptr<GrpcSession> session_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<ChangeWatcher> watcher_;  // nullptr if off
  std::unique_ptr<StatusServer> status_server_;
};

absl::Status Agent::Parts::Identify() {
  ROLLCALL_RETURN_IF_ERROR(CheckCollectors(AllCollectors()));
  ROLLCALL_RETURN_IF_ERROR(EnsurePrivateDirectory(config_.state_dir));
  ROLLCALL_ASSIGN_OR_RETURN(host_, OpenThisHost(config_, *clock_));
  if (!host_.identity.clone_of.empty()) {
    logger_->Warning("host.clone",
                     "this machine runs on a copy of another's disk; it has a host id of its own, and should be "
                     "enrolled anew for a certificate of its own",
                     {{"host_id", host_.identity.id}, {"clone_of", host_.identity.clone_of}});
  }
  return absl::OkStatus();
}

absl::Status Agent::Parts::OpenSpool() {
  const std::string directory = SpoolDirectoryOf(config_);
  ROLLCALL_RETURN_IF_ERROR(EnsurePrivateDirectory(directory));
  ROLLCALL_ASSIGN_OR_RETURN(disk_, DirectorySpool::Open(directory, SpoolOptionsOf(config_, &reducer_)));
  for (const std::string& problem : disk_->recovery_problems()) {
    logger_->Warning("spool.recovered", "the spool was damaged; what it lost is collected again",
                     {{"detail", problem}});
  }
  spool_ = std::make_unique<NotifyingSpool>(disk_.get(), clock_, [this] { session_->Wake(); });
  writer_ = std::make_unique<BatchWriter>([this] { return Epoch(); }, spool_.get(), &states_);
  filter_ = std::make_unique<ChangeFilterSink>(&states_, spool_.get(), writer_.get());
  stamp_ = std::make_unique<StampSink>(filter_.get());
  redacting_ = std::make_unique<RedactingSink>(stamp_.get());
  return absl::OkStatus();
}

CollectorContext Agent::Parts::MakeContext() const {
  CollectorContext context;
  context.files = host_.live.files.get();
  context.clock = clock_;
  context.sockets = host_.live.sockets.get();
  context.process_events = process_watcher_.get();
  context.system_manager = host_.live.system_manager.get();
  context.host_id = host_.identity.id;
  context.host_id_source = host_.identity.source;
  context.host_clone_of = host_.identity.clone_of;
  context.cloud_facts = config_.cloud_facts;
  context.agent_version = std::string(Version());
  return context;
}

WatchdogHooks Agent::Parts::MakeHooks() {
  WatchdogHooks hooks;
  hooks.read_usage = ReadOwnUsage;
  hooks.first_inventory_done = [this] { return scheduler_->InitialRunsDone(); };
  hooks.set_stretch = [this](uint32_t factor) {
    watchdog_stretch_ = factor;
    ApplyStretch();
  };
  hooks.exit = [this](const std::string& reason) {
    logger_->Error("watchdog.exit", "the agent ends to be started afresh", {{"reason", reason}});
    RequestStop(kRestartExitCode);
  };
  hooks.report = [this](const std::string& message) { logger_->Warning("watchdog", message); };
  return hooks;
}

void Agent::Parts::ListenForProcesses() {
  const auto processes = config_.collectors.find("processes");
  const bool collected = processes != config_.collectors.end() && processes->second.enabled;
  if (!config_.watch_process_events || !collected || host_.live.sockets == nullptr) return;
  process_watcher_ =
      std::make_unique<ProcessWatcher>(host_.live.files.get(), clock_, [this] { scheduler_->RunSoon("processes"); });
  if (const absl::Status status = process_watcher_->status(); !status.ok()) {
    logger_->Warning("watch.no_process_events", "processes that live between two scans go unseen", {{"cause", status}});
  }
}

void Agent::Parts::Connect() {
  ListenForProcesses();
  collection_ = std::make_unique<Collection>(config_, AllCollectors(), MakeContext(), redacting_.get(), logger_,
                                             [this] { AfterRun(); });
  SchedulerOptions scheduling;
  scheduling.agent_id = host_.agent.agent_id;
  scheduling.initial_window = config_.first_inventory_within;
  scheduler_ = std::make_unique<Scheduler>(scheduling, collection_->Tasks(), clock_);
  if (config_.watch_enabled) {
    watcher_ = std::make_unique<ChangeWatcher>(
        host_.live.files.get(), collection_->Watched(), [this](const std::string& name) { RunSoon(name); }, clock_,
        logger_);
  }
  upload_ = std::make_unique<UploadSession>(HelloOf(config_, host_), spool_.get(), &states_, this, clock_, logger_);
  session_ = std::make_unique<GrpcSession>(SessionOptionsOf(config_), upload_.get(), clock_, logger_,
                                           [this] { return Random(); });
  watchdog_ = std::make_unique<Watchdog>(LimitsOf(config_), MakeHooks(), clock_, kWatchdogPeriod);
}

absl::Status Agent::Parts::Serve() {
  ROLLCALL_ASSIGN_OR_RETURN(status_server_,
                            StatusServer::Start(config_.status_socket, [this](absl::string_view question) {
                              if (question != "status") return std::string("{\"error\":\"unknown question\"}");
                              return ToJsonLine(Status()).value_or("{}");
                            }));
  return absl::OkStatus();
}

void Agent::Parts::AfterRun() {
  const absl::Status committed = spool_->Commit();
  if (!committed.ok()) logger_->Error("spool.sync_failed", "cannot sync the spool", {{"cause", committed}});
  drop_log_.Note(spool_->Stats());
  spool_stretch_ = spool_->last_write().ok() ? 1 : kStretchWithoutSpool;
  ApplyStretch();
  TrimMemory();  // between runs the agent only waits
}

void Agent::Parts::ApplyStretch() {
  const std::lock_guard lock(stretch_mutex_);
  scheduler_->SetStretch(std::max(watchdog_stretch_.load(), spool_stretch_.load()));
}

void Agent::Parts::EntryLost(uint64_t sequence, const absl::Status& cause) {
  logger_->Error("spool.entry_lost", "a spooled batch cannot be read; everything is collected again",
                 {{"sequence", sequence}, {"cause", cause}});
  const absl::Status marked = spool_->MarkNeedsFull(AllSpoolUnits());
  if (!marked.ok()) logger_->Error("spool.mark_failed", "cannot mark the spool", {{"cause", marked}});
  for (const CollectionStats& stats : collection_->Stats()) scheduler_->RunSoon(stats.name);
}

void Agent::Parts::FillUsage(pb::Heartbeat* heartbeat) const {
  const absl::StatusOr<ResourceUsage> usage = ReadOwnUsage();
  if (!usage.ok()) return;
  heartbeat->set_rss_bytes(usage->resident_bytes);
  *heartbeat->mutable_cpu_time() =
      google::protobuf::util::TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(usage->cpu_time));
}

void Agent::Parts::RequestStop(int exit_code) {
  exit_code_ = exit_code;
  stop_requested_ = true;
  kill(getpid(), SIGTERM);  // wakes WaitForStop, which has these signals blocked
}

void Agent::Parts::WaitForStop() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  if (!stop_requested_) logger_->Info("agent.stopping", "asked to stop", {{"signal", signal}});
}

int Agent::Parts::Run() {
  // Before the first runs, or a change right after one would go unseen.
  if (watcher_ != nullptr) watcher_->Start();
  if (process_watcher_ != nullptr) process_watcher_->Start();
  scheduler_->Start();
  session_->Start();
  watchdog_->Start();
  logger_->Info("agent.started", "the agent runs",
                {{"agent_id", host_.agent.agent_id},
                 {"tenant", host_.agent.tenant},
                 {"host_id", host_.identity.id},
                 {"version", Version()},
                 {"epoch", Epoch()},
                 {"collectors", collection_->Stats().size()}});
  WaitForStop();
  collection_->BeginShutdown();
  if (watcher_ != nullptr) watcher_->Stop();
  if (process_watcher_ != nullptr) process_watcher_->Stop();
  watchdog_->Stop();
  scheduler_->Stop();
  collection_->Flush();
  session_->Stop();
  status_server_.reset();
  const absl::Status synced = spool_->Sync();
  if (!synced.ok()) logger_->Error("spool.sync_failed", "cannot sync the spool", {{"cause", synced}});
  logger_->Info("agent.stopped", "the agent ends", {{"exit_code", exit_code_.load()}});
  return exit_code_;
}

pb::AgentStatus Agent::Parts::Status() const {
  AgentSnapshot snapshot;
  snapshot.now = clock_->Now();
  snapshot.monotonic = clock_->Monotonic();
  snapshot.collectors = collection_->Stats();
  snapshot.tasks = scheduler_->Stats();
  snapshot.spool = spool_->Stats();
  snapshot.spool_max_bytes = config_.spool_max_bytes;
  snapshot.spool_write = spool_->last_write();
  snapshot.session = session_->Status();
  snapshot.certificate_not_after = host_.agent.not_after;
  snapshot.redactions = redacting_->counters();
  if (watcher_ != nullptr) snapshot.watch = watcher_->Stats();
  if (process_watcher_ != nullptr) snapshot.process_watch = process_watcher_->Stats();
  if (const absl::StatusOr<ResourceUsage> usage = ReadOwnUsage(); usage.ok()) {
    snapshot.resident_bytes = usage->resident_bytes;
    snapshot.cpu_time = usage->cpu_time;
  }
  pb::AgentStatus status;
  status.set_agent_version(std::string(Version()));
  status.set_agent_id(host_.agent.agent_id);
  status.set_tenant(host_.agent.tenant);
  status.set_host_id(host_.identity.id);
  status.set_host_id_source(host_.identity.source);
  status.set_epoch(Epoch());
  *status.mutable_started_at() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(started_at_));
  FillAgentStatus(snapshot, &status);
  return status;
}

Agent::Agent(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Agent::~Agent() = default;

absl::StatusOr<std::unique_ptr<Agent>> Agent::Create(const AgentConfig& config, const Clock* clock, Logger* logger) {
  auto parts = std::make_unique<Parts>(config, clock, logger);
  ROLLCALL_RETURN_IF_ERROR(parts->Identify());
  ROLLCALL_RETURN_IF_ERROR(parts->OpenSpool());
  parts->Connect();
  ROLLCALL_RETURN_IF_ERROR(parts->Serve());
  return std::unique_ptr<Agent>(new Agent(std::move(parts)));
}

int Agent::Run() { return parts_->Run(); }
void Agent::RequestStop(int exit_code) { parts_->RequestStop(exit_code); }
pb::AgentStatus Agent::Status() const { return parts_->Status(); }

}  // namespace rollcall
