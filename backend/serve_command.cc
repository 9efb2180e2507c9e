#include "backend/serve_command.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "backend/descriptor_limit.h"
#include "backend/engine_home/engine_home.h"
#include "backend/init_command.h"
#include "backend/lifecycle_service/lifecycle_home.h"
#include "backend/metrics/retention_metrics.h"
#include "backend/pki/credential_files.h"
#include "backend/query/policy_retention.h"
#include "backend/server.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "backend/tokens/token_keeper.h"
#include "platform/log.h"
#include "platform/scoped_fd.h"
#include "platform/version.h"

namespace rollcall {
namespace {

// Keeps a second backend away from the same data, unless both were told to share it.
absl::StatusOr<ScopedFd> LockDataFolder(const std::string& data_dir, bool shared) {
  const std::string path = absl::StrCat(data_dir, "/lock");
  ScopedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, absl::StrCat("open ", path));
  if (::flock(fd.get(), (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) return fd;
  return absl::FailedPreconditionError(absl::StrCat("use ", data_dir, ": another rollcall-backend is using it",
                                                    shared ? " and was not told to share it with reuse_port" : ""));
}

absl::StatusOr<ServerOptions> MakeServerOptions(const BackendConfig& config) {
  ServerOptions options;
  const std::string pki = PkiFolder(config.data_dir);
  absl::StatusOr<CertifiedKey> pair = ReadCertifiedKey(pki, "server");
  absl::StatusOr<std::string> authority = ReadSmallFile(absl::StrCat(pki, "/ca.crt"));
  if (absl::IsNotFound(pair.status()) || absl::IsNotFound(authority.status())) {
    return absl::FailedPreconditionError(absl::StrCat("find authority and server certificate in ", pki,
                                                      ": they are missing; run `rollcall-backend init "
                                                      "--data-dir ",
                                                      config.data_dir, " --tenant NAME` first"));
  }
  if (!pair.ok()) return pair.status();
  if (!authority.ok()) return authority.status();
  options.listen = config.listen;
  options.people_listen = config.people_listen;
  options.server_pair = *std::move(pair);
  options.authority_pem = *std::move(authority);
  options.metrics_address = config.metrics_address;
  options.reuse_port = config.reuse_port;
  options.admission.max_sessions = config.max_sessions;
  options.admission.handshakes_per_second = static_cast<double>(config.max_handshakes_per_second);
  options.max_inflight_bytes = config.max_inflight_mebibytes << 20;
  options.connection_age = config.max_connection_age;
  options.session.max_age = config.max_connection_age * 7 / 8;
  options.session.poll_interval = config.poll_interval;
  // What is unchanged is told in heartbeats: no session may end before its first.
  options.session.heartbeat_interval = std::min(config.heartbeat_interval, options.session.max_age / 4);
  options.session.silence_timeout = std::max(absl::Minutes(5), 3 * config.heartbeat_interval);
  options.query_threads = config.query_threads;
  options.apply.threads = config.apply_threads;
  options.apply.second_redaction = config.second_redaction;
  options.apply.queue_bytes = (config.queue_mebibytes << 20) / config.apply_threads;
  return options;
}

// No more sessions than there are descriptors for: who comes on top is told to come back.
void LimitSessions(Logger& logger, AdmissionLimits* limits) {
  const absl::StatusOr<uint64_t> fit = RaiseDescriptorLimit(limits->max_sessions);
  if (!fit.ok()) {
    logger.Warning("backend.descriptors", "The limit of open files cannot be raised", {{"error", fit.status()}});
    return;
  }
  if (*fit == limits->max_sessions) return;
  logger.Warning("backend.descriptors", "The process may not open enough files for max_sessions; raise LimitNOFILE",
                 {{"max_sessions", limits->max_sessions}, {"fit", *fit}});
  limits->max_sessions = *fit;
}

// Agents that poll need room to come in.
void LimitPolling(const BackendConfig& config, AdmissionLimits* limits) {
  const uint64_t most = std::max<uint64_t>(1, limits->max_sessions * 4 / 5);
  limits->poll_above = std::min(config.poll_above_sessions, most);
  limits->poll_below = limits->poll_above - limits->poll_above / 8;
}

absl::Status WritePort(const std::string& path, int port) {
  return path.empty() ? absl::OkStatus() : WriteFileAtomically(path, absl::StrCat(port, "\n"), 0644);
}

// Waits for SIGTERM or SIGINT, which every thread has blocked.
int AwaitSignal(const sigset_t& signals) {
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  return signal;
}

absl::StatusOr<std::unique_ptr<LifecycleHome>> OpenLifecycle(const BackendConfig& config, const RetentionPolicy& policy,
                                                             SqliteStore& store, const BackendClock& clock,
                                                             Logger& logger) {
  absl::StatusOr<std::vector<std::string>> tenants = store.Tenants();
  if (!tenants.ok()) return tenants.status();
  return LifecycleHome::Open({config.data_dir, config.region, config.ledger_name, &policy, *std::move(tenants),
                              config.reuse_port, clock.reading},
                             clock.clock, &logger);
}

// nullptr if another process keeps tenants' lives: it enforces them, too.
absl::StatusOr<std::unique_ptr<EngineHome>> OpenEngine(const BackendConfig& config, const RetentionPolicy& policy,
                                                       SqliteStore& store, LifecycleHome* lives,
                                                       const BackendClock& clock, Logger& logger,
                                                       RetentionObserver& observer) {
  if (lives == nullptr) return std::unique_ptr<EngineHome>();
  lives->enforcement()->SetEnforced(config.enforce_retention);
  if (!config.enforce_retention) {
    logger.Info("retention.off", "Nothing is archived or deleted, only counted: enforce_retention is not set");
  }
  EngineHomeOptions options;
  options.data_dir = config.data_dir;
  options.kek_dir = config.key_folder;
  options.region = config.region;
  options.policy = &policy;
  options.interval = config.retention_interval;
  options.enforce = config.enforce_retention;
  EngineHomeParts parts;
  parts.lifecycle = lives->store();
  parts.ledger = lives->ledger();
  parts.store = &store;
  parts.agents = &store;
  parts.clock = clock.clock;
  parts.reading = clock.reading;
  parts.logger = &logger;
  parts.observer = &observer;
  parts.on_counted = [lives](absl::Time at) { lives->enforcement()->OnCounted(at); };
  return EngineHome::Open(options, parts);
}

absl::StatusOr<std::unique_ptr<SqliteStore>> OpenStore(const BackendConfig& config) {
  SqliteStoreOptions options;
  options.path = DatabasePath(config.data_dir);
  options.readers = config.query_threads + 2;
  return SqliteStore::Open(options);
}

void SayStarted(Logger& logger, const BackendConfig& config, const RetentionPolicy& policy,
                const BackendServer& server) {
  logger.Info("backend.started", "Accepting connections",
              {{"version", Version()},
               {"listen", config.listen},
               {"port", server.port()},
               {"people_port", server.people_port()},
               {"metrics_port", server.metrics_port()},
               {"policy", policy.data.id()},
               {"policy_version", policy.data.version()}});
}

absl::Status RunServer(const BackendConfig& config, const sigset_t& signals, Logger& logger,
                       const BackendClock& clock) {
  absl::StatusOr<ServerOptions> options = MakeServerOptions(config);
  if (!options.ok()) return options.status();
  absl::StatusOr<RetentionPolicy> policy = LoadRetentionPolicy(config.policy);
  if (!policy.ok()) return policy.status();
  LimitSessions(logger, &options->admission);
  LimitPolling(config, &options->admission);
  const absl::StatusOr<ScopedFd> lock = LockDataFolder(config.data_dir, config.reuse_port);
  if (!lock.ok()) return lock.status();
  const absl::StatusOr<std::unique_ptr<SqliteStore>> store = OpenStore(config);
  if (!store.ok()) return store.status();

  const PolicyRetention retention(*std::move(policy));
  const absl::StatusOr<std::unique_ptr<LifecycleHome>> home =
      OpenLifecycle(config, retention.policy(), **store, clock, logger);
  if (!home.ok()) return home.status();
  BackendMetrics metrics(Version());
  ServerParts parts{store->get(), &retention, clock.clock, &logger, &metrics};
  if (*home != nullptr) {
    parts.audit = (*home)->audit();
    parts.lifecycle = &(*home)->engine();
  }
  absl::StatusOr<std::unique_ptr<TokenKeeper>> tokens = TokenKeeper::Open(
      TokenDatabasePath(config.data_dir), clock.clock, &logger, *home == nullptr ? nullptr : (*home)->ledger());
  if (!tokens.ok()) return tokens.status();
  parts.tokens = (*tokens)->book();
  (*tokens)->Start();
  RetentionMetrics retention_metrics(metrics.registry());
  absl::StatusOr<std::unique_ptr<EngineHome>> engine =
      OpenEngine(config, retention.policy(), **store, home->get(), clock, logger, retention_metrics);
  if (!engine.ok()) return engine.status();
  absl::StatusOr<std::unique_ptr<BackendServer>> server = BackendServer::Start(*options, parts);
  if (!server.ok()) return server.status();
  if (*engine != nullptr) (*engine)->Start();
  if (absl::Status status = WritePort(config.port_file, (*server)->port()); !status.ok()) return status;
  SayStarted(logger, config, retention.policy(), **server);

  const int signal = AwaitSignal(signals);
  logger.Info("backend.stopping", "Finishing what was received", {{"signal", strsignal(signal)}});
  // A second signal ends the process at once; agents then send again what was not acknowledged.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  const bool clean = (*server)->Shutdown(config.shutdown_timeout);
  // A deletion ends between two batches, and goes on at the next start.
  engine->reset();
  logger.Info("backend.stopped", clean ? "Everything received is written" : "Stopped before everything was written",
              {{"clean", clean}});
  return absl::OkStatus();
}

}  // namespace

absl::Status RunServe(const BackendConfig& config, const BackendClock& clock) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  // Before any thread exists, so that all inherit it.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  JsonLogger::Options log_options;
  log_options.min_level = *ParseLogLevel(config.log_level);
  log_options.burst = 100;
  JsonLogger logger(WriteLinesToFd(STDERR_FILENO), clock.clock, log_options);
  return RunServer(config, signals, logger, clock);
}

}  // namespace rollcall
