#include "backend/backend_program.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "backend/backup/backup_command.h"
#include "backend/config/backend_config.h"
#include "backend/descriptor_limit.h"
#include "backend/engine_home/engine_home.h"
#include "backend/init_command.h"
#include "backend/keys/aes_gcm.h"
#include "backend/lifecycle_service/lifecycle_home.h"
#include "backend/metrics/retention_metrics.h"
#include "backend/pki/credential_files.h"
#include "backend/query/policy_retention.h"
#include "backend/server.h"
#include "backend/store/sqlite/sqlite_store.h"
#include "backend/token_command.h"
#include "backend/tokens/token_keeper.h"
#include "platform/scoped_fd.h"
#include "platform/version.h"

namespace rollcall {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

int Fail(int code, const absl::Status& status) {
  std::cerr << "rollcall-backend: " << status.message() << '\n';
  return code;
}

// The settings of `serve`, as given on the command line or in the environment.
struct ServeFlags {
  std::string config_file;
  bool check_config = false;
  std::map<std::string, std::pair<std::string, CLI::Option*>> values;
};

// All settings, or those named.
void AddSettings(CLI::App* serve, const std::vector<absl::string_view>& names, ServeFlags* flags) {
  serve->add_option("--config", flags->config_file, "YAML file with settings")->envname("ROLLCALL_CONFIG");
  const BackendConfig defaults;
  for (const BackendSetting& setting : BackendSettings()) {
    if (!names.empty() && std::find(names.begin(), names.end(), setting.name) == names.end()) continue;
    auto& [value, option] = flags->values[std::string(setting.name)];
    option = serve->add_option(BackendFlag(setting.name), value, std::string(setting.help));
    option->envname(BackendEnvironment(setting.name))->take_last();
    option->default_str(BackendSettingText(setting.name, defaults));
  }
}

// Defaults, then the file, then environment and flags.
absl::StatusOr<BackendConfig> LoadConfig(const ServeFlags& flags) {
  BackendConfig config;
  if (!flags.config_file.empty()) {
    absl::StatusOr<std::string> bytes = ReadSmallFile(flags.config_file);
    if (!bytes.ok()) return bytes.status();
    if (absl::Status status = ApplyConfigFile(*bytes, flags.config_file, &config); !status.ok()) return status;
  }
  for (const BackendSetting& setting : BackendSettings()) {
    const auto flag = flags.values.find(std::string(setting.name));
    if (flag == flags.values.end() || flag->second.second->count() == 0) continue;
    const absl::Status status = StoreBackendSetting(setting.name, flag->second.first, &config);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(BackendFlag(setting.name), ": ", status.message()));
    }
  }
  if (absl::Status status = CheckBackendConfig(config); !status.ok()) return status;
  if (config.policy.empty()) config.policy = ROLLCALL_DEFAULT_POLICY;
  return config;
}

void PrintConfig(const BackendConfig& config) {
  for (const BackendSetting& setting : BackendSettings()) {
    std::cout << setting.name << ": " << BackendSettingText(setting.name, config) << '\n';
  }
}

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

int Serve(const ServeFlags& flags, const BackendClock& clock) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  const absl::StatusOr<BackendConfig> config = LoadConfig(flags);
  if (!config.ok()) return Fail(kExitUsage, config.status());
  if (flags.check_config) {
    const absl::StatusOr<RetentionPolicy> policy = LoadRetentionPolicy(config->policy);
    if (!policy.ok()) return Fail(kExitUsage, policy.status());
    PrintConfig(*config);
    return kExitOk;
  }
  // Before any thread exists, so that all inherit it.
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  JsonLogger::Options log_options;
  log_options.min_level = *ParseLogLevel(config->log_level);
  log_options.burst = 100;
  JsonLogger logger(WriteLinesToFd(STDERR_FILENO), clock.clock, log_options);
  const absl::Status status = RunServer(*config, signals, logger, clock);
  return status.ok() ? kExitOk : Fail(kExitFailed, status);
}

struct CertificateDays {
  int days = 90;
  absl::Duration lifetime() const { return absl::Hours(24) * days; }
};

void AddDaysOption(CLI::App* command, CertificateDays* days) {
  command->add_option("--certificate-days", days->days, "Days certificates are valid (default 90)")
      ->check(CLI::Range(1, 3650));
}

CLI::App* AddInit(CLI::App* app, InitOptions* options, CertificateDays* days) {
  CLI::App* init = app->add_subcommand("init", "Make authority, certificates, database and tenant; repeatable");
  init->add_option("--data-dir", options->data_dir, "Folder to set up")->required();
  init->add_option("--tenant", options->tenant, "Tenant to make")->required();
  init->add_option("--server-name,--address", options->server_names,
                   "DNS name or IP address agents dial (repeatable; default: loopback)");
  init->add_option("--agents", options->agents, "How many agents to have at least")->check(CLI::Range(0, 10000));
  init->add_option("--agent-id", options->agent_ids, "Agent to have, by UUID (repeatable)");
  init->add_option("--operator", options->operator_name, "Operator to have");
  init->add_flag("--force", options->force, "Replace the authority, which invalidates every certificate");
  AddDaysOption(init, days);
  return init;
}

CLI::App* AddAdd(CLI::App* app, const std::string& what, AddOptions* options, CertificateDays* days) {
  CLI::App* group = app->add_subcommand(what, absl::StrCat("Manage ", what, "s"))->require_subcommand(1);
  CLI::App* add = group->add_subcommand("add", absl::StrCat("Issue a certificate for a new ", what));
  add->add_option("--data-dir", options->data_dir, "Data folder with the authority")
      ->envname("ROLLCALL_DATA_DIR")
      ->required();
  add->add_option("--tenant", options->tenant, "Tenant it belongs to")->required();
  add->add_option("--out", options->out_dir, "Folder to write certificate and key to")->required();
  AddDaysOption(add, days);
  return add;
}

// `operator token` and what is below it.
struct TokenCommands {
  CLI::App* create;
  CLI::App* list;
  CLI::App* revoke;
  TokenCreateOptions options;
  std::string id;
};

void AddTokenCommands(CLI::App* operator_group, TokenCommands* commands) {
  CLI::App* group =
      operator_group->add_subcommand("token", "Manage tokens, which people have in place of certificates");
  group->require_subcommand(1);
  TokenCreateOptions* options = &commands->options;
  const auto add = [&](const char* name, const char* help) {
    CLI::App* command = group->add_subcommand(name, help);
    command->add_option("--data-dir", options->data_dir, "Data folder")->envname("ROLLCALL_DATA_DIR")->required();
    return command;
  };
  commands->create = add("create", "Make a token, and the file for `rollcall login`");
  commands->create->add_option("--tenant", options->tenant, "Tenant it is for")->required();
  commands->create->add_option("--name", options->name, "Person's name")->required();
  commands->create
      ->add_option("--role", options->roles,
                   "viewer, operator, privacy-officer or auditor, or TENANT/ROLE for another tenant (repeatable)")
      ->required();
  commands->create->add_option("--server", options->server, "HOST:PORT at which people reach people_listen")
      ->required();
  commands->create->add_option("--ttl", options->lifetime, "How long it is good, 1m to 90d (default 12h)");
  commands->create->add_option("--out", options->out_file, "Login file to write (default: standard output)");
  commands->list = add("list", "Tokens there are");
  commands->revoke = add("revoke", "End a token within seconds");
  commands->revoke->add_option("ID", commands->id, "Id of the token, as list has it")->required();
}

// What `backup` and `restore` need of the settings.
std::vector<absl::string_view> DataSettings() { return {"data_dir", "policy", "region", "ledger_name", "key_folder"}; }

struct BackupFlags {
  ServeFlags settings;
  BackupCommandOptions backup;
  RestoreCommandOptions restore;
};

CLI::App* AddBackup(CLI::App* app, BackupFlags* flags) {
  CLI::App* backup = app->add_subcommand("backup", "Copy the data, encrypted, while the backend runs");
  backup->add_option("--to", flags->backup.to, "Folder to make")->required();
  backup->add_option("--keep-days", flags->backup.keep_days, "Days it may be kept, for certificates (default 35)")
      ->check(CLI::Range(1, 3650));
  backup->add_option("--wait-minutes", flags->backup.wait_minutes, "To wait for the retention engine (default 30)")
      ->check(CLI::Range(0, 1440));
  AddSettings(backup, DataSettings(), &flags->settings);
  return backup;
}

CLI::App* AddRestore(CLI::App* app, BackupFlags* flags) {
  CLI::App* restore = app->add_subcommand("restore", "Put a backup into an empty data folder");
  restore->add_option("--from", flags->restore.from, "Folder of the backup")->required();
  restore
      ->add_option("--secrets", flags->restore.secrets,
                   "Folder with what no backup has: keys/, ledger.key, pki/, as a data folder has them")
      ->required();
  restore->add_option("--ledger", flags->restore.ledger, "Folder of a ledger that survived and is newer");
  AddSettings(restore, DataSettings(), &flags->settings);
  return restore;
}

// `run(settings, policy)` is the command.
template <typename Command>
absl::Status WithData(const ServeFlags& flags, Command run) {
  const absl::StatusOr<BackendConfig> config = LoadConfig(flags);
  if (!config.ok()) return config.status();
  const absl::StatusOr<RetentionPolicy> policy = LoadRetentionPolicy(config->policy);
  if (!policy.ok()) return policy.status();
  return run(BackupSettings{config->data_dir, config->key_folder, config->region, config->ledger_name}, *policy);
}

int Report(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  return Fail(absl::IsInvalidArgument(status) ? kExitUsage : kExitFailed, status);
}

int Run(int argc, char** argv, const BackendClock& clock) {
  CLI::App app("Keeps the inventory of a fleet: receives from rollcall-agent, answers rollcall");
  app.set_version_flag("--version", absl::StrCat("rollcall-backend ", Version()));
  app.require_subcommand(1);
  ServeFlags serve_flags;
  CLI::App* serve = app.add_subcommand("serve", "Receive and answer until told to stop");
  AddSettings(serve, {}, &serve_flags);
  serve->add_flag("--check-config", serve_flags.check_config, "Print the settings in force and stop");
  InitOptions init_options;
  AddOptions agent_options;
  AddOptions operator_options;
  CertificateDays days;
  BackupFlags backup_flags;
  BackupFlags restore_flags;
  CLI::App* backup = AddBackup(&app, &backup_flags);
  CLI::App* restore = AddRestore(&app, &restore_flags);
  CLI::App* init = AddInit(&app, &init_options, &days);
  CLI::App* agent_add = AddAdd(&app, "agent", &agent_options, &days);
  agent_add->add_option("--agent-id", agent_options.id, "UUID (default: a new one)");
  CLI::App* operator_add = AddAdd(&app, "operator", &operator_options, &days);
  operator_add->add_option("--name", operator_options.id, "Operator's name")->required();
  operator_add->add_option(
      "--role", operator_options.roles,
      "viewer, operator, privacy-officer or auditor, or TENANT/ROLE for another tenant (repeatable; "
      "default: operator)");
  TokenCommands token;
  AddTokenCommands(operator_add->get_parent(), &token);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  init_options.certificate_lifetime = days.lifetime();
  agent_options.certificate_lifetime = days.lifetime();
  operator_options.certificate_lifetime = days.lifetime();
  if (init->parsed()) return Report(RunInit(init_options, *clock.clock, std::cout));
  if (agent_add->parsed()) return Report(RunAgentAdd(agent_options, *clock.clock, std::cout));
  if (operator_add->parsed()) return Report(RunOperatorAdd(operator_options, *clock.clock, std::cout));
  if (backup->parsed()) {
    return Report(WithData(backup_flags.settings, [&](const BackupSettings& settings, const RetentionPolicy& policy) {
      return RunBackup(settings, backup_flags.backup, policy, *clock.clock, std::cout, std::cerr);
    }));
  }
  if (restore->parsed()) {
    return Report(WithData(restore_flags.settings, [&](const BackupSettings& settings, const RetentionPolicy& policy) {
      return RunRestore(settings, restore_flags.restore, policy, *clock.clock, std::cout, std::cerr);
    }));
  }
  if (token.create->parsed()) {
    return Report(RunTokenCreate(token.options, *clock.clock, &RandomBytes, std::cout, std::cerr));
  }
  if (token.list->parsed()) return Report(RunTokenList(token.options.data_dir, *clock.clock, std::cout));
  if (token.revoke->parsed()) return Report(RunTokenRevoke(token.options.data_dir, token.id, *clock.clock, std::cout));
  return Serve(serve_flags, clock);
}

}  // namespace

int RunBackendProgram(int argc, char** argv, const BackendClock& clock) {
  // Debian's Abseil looks for deadlocks at run time; gRPC has many locks to look at.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // gRPC's own log is not structured and repeats what our errors say.
  ::setenv("GRPC_VERBOSITY", "NONE", 0);
  return Run(argc, argv, clock);
}

}  // namespace rollcall
