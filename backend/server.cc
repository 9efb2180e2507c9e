#include "backend/server.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/access/guarded_store.h"
#include "backend/access/log_audit_sink.h"
#include "backend/lifecycle_service/lifecycle_service.h"
#include "backend/operate/operate_service.h"
#include "backend/people/people_service.h"
#include "backend/pki/certificate_info.h"
#include "backend/query/coverage.h"
#include "backend/query/query_service.h"
#include "backend/query/work_pool.h"
#include "proto/enum_word.h"

namespace rollcall {
namespace {

constexpr size_t kMaxWaitingQueries = 256;
constexpr absl::Duration kReconnectAfterShutdown = absl::Seconds(5);
// An agent that polls adds up to half to the time it is given.
constexpr double kPollStretch = 1.5;
constexpr absl::Duration kCoverageInterval = absl::Minutes(1);
constexpr int kFinishGraceSeconds = 2;
constexpr const char* kServices[] = {"",
                                     "rollcall.v1.Ingest",
                                     "rollcall.v1.Lifecycle",
                                     "rollcall.v1.Operate",
                                     "rollcall.v1.People",
                                     "rollcall.v1.Query"};

int Milliseconds(absl::Duration duration) { return static_cast<int>(absl::ToInt64Milliseconds(duration)); }

void SetChannelArguments(const ServerOptions& options, grpc::ServerBuilder* builder) {
  // A session refuses what is above its own limit with a reason; what is above this gRPC cuts off.
  builder->SetMaxReceiveMessageSize(static_cast<int>(2 * options.session.max_message_bytes));
  builder->SetMaxSendMessageSize(-1);
  // Two backends on one port each get some of the agents; unless that is wanted, a taken port must
  // be an error.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, options.reuse_port ? 1 : 0);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 8);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Milliseconds(absl::Seconds(20)));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(absl::Minutes(5)));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(absl::Seconds(20)));
  // Agents behind NAT ping every two minutes; the default would cut them off for it.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, Milliseconds(absl::Minutes(1)));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, Milliseconds(options.connection_age));
  // Without it an aged connection would live on as long as its stream.
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, Milliseconds(absl::Minutes(1)));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Milliseconds(absl::Minutes(5)));
  // Counters per core and connection that nobody reads.
  builder->AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
}

std::shared_ptr<grpc::ServerCredentials> Credentials(const ServerOptions& options,
                                                     grpc_ssl_client_certificate_request_type clients) {
  grpc::SslServerCredentialsOptions tls(clients);
  tls.pem_root_certs = options.authority_pem;
  tls.pem_key_cert_pairs.push_back({options.server_pair.key_pem, options.server_pair.certificate_pem});
  return grpc::SslServerCredentials(tls);
}

class GrpcBackendServer final : public BackendServer {
 public:
  GrpcBackendServer(const ServerOptions& options, const ServerParts& parts)
      : options_(options),
        parts_(parts),
        registry_(options.admission),
        budget_(options.max_inflight_bytes),
        workers_(parts.store, parts.clock, parts.logger, parts.metrics, options.apply),
        ingest_(
            IngestContext{&workers_, &registry_, &budget_, parts.clock, parts.logger, parts.metrics, options.session}),
        guarded_(parts.store),
        log_audit_(parts.logger),
        judge_(parts.clock, parts.audit == nullptr ? &log_audit_ : parts.audit, parts.logger),
        people_known_(parts.tokens, parts.clock, parts.metrics),
        engine_(
            &guarded_, parts.retention, parts.clock,
            [this](const AgentName& agent) { return registry_.IsConnected(agent); }, RhythmWithoutSession()),
        pool_(options.query_threads, kMaxWaitingQueries),
        query_(&engine_, Serving(), parts.logger, parts.metrics),
        operate_engine_(&guarded_, parts.clock),
        operate_(&operate_engine_, Serving(), parts.logger, parts.metrics),
        lifecycle_(parts.lifecycle, Serving(), parts.logger, parts.metrics),
        people_(Serving(), parts.logger, parts.metrics) {}

  ~GrpcBackendServer() override { Shutdown(absl::Seconds(1)); }

  absl::Status Start() {
    if (absl::Status status = CheckCertificates(); !status.ok()) return status;
    if (!options_.metrics_address.empty()) {
      absl::StatusOr<std::unique_ptr<MetricsEndpoint>> endpoint =
          ServeMetrics(*parts_.metrics, options_.metrics_address);
      if (!endpoint.ok()) return endpoint.status();
      metrics_endpoint_ = *std::move(endpoint);
    }
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    SetChannelArguments(options_, &builder);
    AddPorts(&builder);
    builder.RegisterService(&ingest_);
    builder.RegisterService(&query_);
    builder.RegisterService(&operate_);
    builder.RegisterService(&lifecycle_);
    builder.RegisterService(&people_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ <= 0) return CannotListen(options_.listen, "--listen");
    if (!options_.people_listen.empty() && people_port_ <= 0) {
      return CannotListen(options_.people_listen, "--people-listen");
    }
    parts_.metrics->SetInflightLimit(budget_.limit());
    CheckStore();
    housekeeper_ = std::thread([this] { KeepHouse(); });
    return absl::OkStatus();
  }

  int port() const override { return port_; }
  int people_port() const override { return people_port_; }
  int metrics_port() const override { return metrics_endpoint_ == nullptr ? 0 : metrics_endpoint_->port(); }

  bool Shutdown(absl::Duration timeout) override {
    const std::lock_guard lock(shutdown_mutex_);
    if (std::exchange(stopped_, true)) return clean_;
    stop_.RequestStop();
    if (housekeeper_.joinable()) housekeeper_.join();
    if (server_ != nullptr) SetServing(false);
    registry_.DrainAll();
    clean_ = workers_.Drain(timeout);
    registry_.EndAll(absl::UnavailableError("continue session: the backend is shutting down"), kReconnectAfterShutdown);
    if (server_ != nullptr) {
      server_->Shutdown(
          gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(kFinishGraceSeconds, GPR_TIMESPAN)));
      server_->Wait();
    }
    pool_.Stop();
    metrics_endpoint_.reset();
    return clean_;
  }

 private:
  OperatorServing Serving() { return {&pool_, parts_.clock, &judge_, &people_known_}; }

  void AddPorts(grpc::ServerBuilder* builder) {
    builder->AddListeningPort(
        options_.listen, Credentials(options_, GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY), &port_);
    if (options_.people_listen.empty()) return;
    // Nobody is asked for a certificate there, so what needs one, such as ingest, is refused there.
    builder->AddListeningPort(options_.people_listen, Credentials(options_, GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE),
                              &people_port_);
  }

  static absl::Status CannotListen(absl::string_view address, absl::string_view flag) {
    return absl::UnavailableError(absl::StrCat(
        "listen on ", address, ": the address is taken or not this machine's; choose another with ", flag));
  }

  ContactRhythm RhythmWithoutSession() const {
    ContactRhythm rhythm;
    rhythm.heartbeat_interval = options_.session.heartbeat_interval;
    if (options_.admission.poll_above > 0) rhythm.contact_gap = options_.session.poll_interval * kPollStretch;
    return rhythm;
  }

  absl::Status CheckCertificates() {
    const absl::StatusOr<CertificateInfo> server = ReadCertificate(options_.server_pair.certificate_pem);
    if (!server.ok()) return absl::InvalidArgumentError("read the server's certificate: it is not PEM");
    const absl::StatusOr<CertificateInfo> authority = ReadCertificate(options_.authority_pem);
    if (!authority.ok()) return absl::InvalidArgumentError("read the authority's certificate: it is not PEM");
    if (parts_.clock->Now() >= server->not_after) {
      return absl::InvalidArgumentError(
          "use the server's certificate: it has expired; `rollcall-backend init` renews it");
    }
    parts_.metrics->SetCertificateExpiry("server", server->not_after);
    parts_.metrics->SetCertificateExpiry("ca", authority->not_after);
    return absl::OkStatus();
  }

  void SetServing(bool serving) {
    grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
    if (health == nullptr) return;
    for (const char* service : kServices) health->SetServingStatus(service, serving);
  }

  void CheckStore() {
    const absl::Status status = parts_.store->CheckWritable();
    if (status.ok() != writable_.value_or(!status.ok())) {
      if (status.ok()) parts_.logger->Info("store.writable", "The store can be written");
      if (!status.ok()) parts_.logger->Error("store.not_writable", "The store cannot be written", {{"error", status}});
      SetServing(status.ok());
      parts_.metrics->SetStoreWritable(status.ok());
    }
    writable_ = status.ok();
  }

  void CountCoverage() {
    std::map<std::string, uint64_t> units;
    uint64_t agents = 0;
    for (const std::string& tenant : registry_.Tenants()) {
      const absl::StatusOr<std::vector<AgentRow>> rows = parts_.store->ListAgents(tenant);
      if (rows.ok()) agents += rows->size();
      const absl::StatusOr<std::vector<UnitInfo>> infos = parts_.store->ListUnits(tenant, "");
      if (!infos.ok()) continue;
      for (const UnitInfo& info : *infos) {
        ContactRhythm rhythm = RhythmWithoutSession();
        if (registry_.IsConnected(info.agent)) rhythm.contact_gap = absl::ZeroDuration();
        const pb::UnitCoverage::State state = CoverageOf(info, parts_.clock->Now(), rhythm).state();
        ++units[EnumWord(pb::UnitCoverage::State_descriptor()->FindValueByNumber(state))];
      }
    }
    parts_.metrics->SetCoverage(units);
    parts_.metrics->SetAgents(agents, registry_.size());
  }

  void KeepHouse() {
    const StopToken stop = stop_.token();
    absl::Duration next_count = parts_.clock->Monotonic();
    while (parts_.clock->WaitFor(options_.housekeeping_interval, stop)) {
      const absl::Duration now = parts_.clock->Monotonic();
      registry_.TickAll(parts_.clock->Now(), now);
      parts_.metrics->SetAdmission(registry_.polling(), budget_.tight(), budget_.used());
      CheckStore();
      if (now < next_count) continue;
      CountCoverage();
      next_count = now + kCoverageInterval;
    }
  }

  const ServerOptions options_;
  const ServerParts parts_;
  SessionRegistry registry_;
  ByteBudget budget_;
  ApplyWorkers workers_;
  IngestService ingest_;
  GuardedStore guarded_;
  LogAuditSink log_audit_;
  CallJudge judge_;
  PersonAuthenticator people_known_;
  QueryEngine engine_;
  WorkPool pool_;
  QueryService query_;
  OperateEngine operate_engine_;
  OperateService operate_;
  LifecycleService lifecycle_;
  PeopleService people_;
  std::unique_ptr<MetricsEndpoint> metrics_endpoint_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  int people_port_ = 0;
  StopSource stop_;
  std::thread housekeeper_;
  std::optional<bool> writable_;
  std::mutex shutdown_mutex_;
  bool stopped_ = false;
  bool clean_ = true;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BackendServer>> BackendServer::Start(const ServerOptions& options,
                                                                    const ServerParts& parts) {
  auto server = std::make_unique<GrpcBackendServer>(options, parts);
  if (absl::Status status = server->Start(); !status.ok()) return status;
  return server;
}

}  // namespace rollcall
