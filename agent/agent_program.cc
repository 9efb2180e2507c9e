#include "agent/agent_program.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "agent/agent.h"
#include "agent/collect_command.h"
#include "agent/config/command_line.h"
#include "agent/config/config_file.h"
#include "agent/config/load_config.h"
#include "agent/identity/local_file.h"
#include "agent/live_host.h"
#include "agent/spool_command.h"
#include "agent/status/status_socket.h"
#include "agent/status/status_text.h"
#include "agent/transport/grpc_log.h"
#include "collectors/registry.h"
#include "platform/host_identity.h"
#include "platform/log.h"
#include "platform/table.h"
#include "platform/version.h"

namespace rollcall {
namespace {

constexpr char kDefaultConfigPath[] = "/etc/rollcall/agent.yaml";
constexpr char kConfigVariable[] = "ROLLCALL_AGENT_CONFIG";
constexpr absl::Duration kStatusPatience = absl::Seconds(10);
// A message that repeats is shown this often a minute; the rest is counted.
constexpr uint32_t kLogBurst = 20;

std::vector<CollectorDefaults> DefaultsOfCollectors() {
  std::vector<CollectorDefaults> defaults;
  for (const Collector::Descriptor* descriptor : AllCollectors()) {
    defaults.push_back({std::string(descriptor->name), descriptor->interval, descriptor->timeout});
  }
  return defaults;
}

std::optional<std::string> Environment(const std::string& name) {
  const char* value = getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int Fail(const absl::Status& status, int exit_code) {
  std::cerr << status.message() << '\n';
  return exit_code;
}

// `collect` depends on the machine's configuration only if told to.
absl::StatusOr<LoadedConfig> Load(const CommandLine& line, const std::vector<Setting>& settings) {
  ConfigSources sources;
  sources.environment = Environment;
  sources.flags = line.settings;
  std::optional<std::string> path = line.config_path;
  if (!path.has_value() && line.command != AgentCommand::kCollect) path = Environment(kConfigVariable);
  const bool required = path.has_value();
  if (!required && line.command != AgentCommand::kCollect) path = kDefaultConfigPath;
  if (path.has_value()) {
    sources.file_name = *path;
    absl::StatusOr<std::string> bytes = ReadLocalFile(*path, kMaxConfigBytes);
    if (bytes.ok()) {
      sources.file = *std::move(bytes);
    } else if (required || bytes.status().code() != absl::StatusCode::kNotFound) {
      return bytes.status();
    }
  }
  return LoadConfig(settings, sources);
}

int CheckConfig(const std::vector<Setting>& settings, const LoadedConfig& loaded) {
  std::cout << ConfigYaml(settings, loaded);
  const absl::Status usable = CheckDaemonConfig(loaded.config);
  return usable.ok() ? 0 : Fail(usable, kUsageExitCode);
}

int RunDaemon(const AgentConfig& config) {
  if (const absl::Status usable = CheckDaemonConfig(config); !usable.ok()) return Fail(usable, kUsageExitCode);
  const SystemClock clock;
  JsonLogger::Options options;
  options.min_level = ParseLogLevel(config.log_level).value_or(LogLevel::kInfo);
  options.burst = kLogBurst;
  JsonLogger logger(WriteLinesToFd(STDERR_FILENO), &clock, options);
  SilenceGrpcLog();
  const absl::StatusOr<std::unique_ptr<Agent>> agent = Agent::Create(config, &clock, &logger);
  if (!agent.ok()) {
    logger.Error("agent.cannot_start", "the agent cannot start", {{"cause", agent.status()}});
    return 1;
  }
  return (*agent)->Run();
}

// Ctrl-C has its ordinary meaning for commands that only print.
void UnblockSignals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

int Collect(const CommandLine& line, const AgentConfig& config) {
  UnblockSignals();
  if (line.list) {
    ListCollectors(AllCollectors(), std::cout);
    return 0;
  }
  const absl::StatusOr<LiveHost> host = OpenHost(config.root);
  if (!host.ok()) return Fail(host.status(), kUsageExitCode);
  const SystemClock clock;
  HostIdentity identity = IdentifyHost(*host->files, "", config.cloud_facts);
  if (identity.id.empty()) {  // a tree without any id gets one for this run
    const absl::StatusOr<std::string> id = GenerateUuid();
    if (!id.ok()) return Fail(id.status(), kUsageExitCode);
    identity.id = *id;
  }
  CollectorContext context;
  context.files = host->files.get();
  context.clock = &clock;
  context.sockets = host->sockets.get();
  context.system_manager = host->system_manager.get();
  context.host_id = identity.id;
  context.host_id_source = identity.source;
  context.cloud_facts = config.cloud_facts;
  context.agent_version = std::string(Version());
  CollectOptions options;
  options.collectors = line.collectors;
  options.table = line.format == "table";
  options.width = TerminalWidth(STDOUT_FILENO);
  return RunCollectCommand(options, AllCollectors(), context, StopToken(), std::cout, std::cerr);
}

int AskStatus(const CommandLine& line, const AgentConfig& config) {
  UnblockSignals();
  const absl::StatusOr<std::string> answer = AskAgent(config.status_socket, "status", kStatusPatience);
  if (!answer.ok()) return Fail(answer.status(), 1);
  if (line.command == AgentCommand::kStatus && line.json) {
    std::cout << *answer << '\n';
    return 0;
  }
  const absl::StatusOr<pb::AgentStatus> status = ParseAgentStatus(*answer);
  if (!status.ok()) return Fail(status.status(), 1);
  if (line.command == AgentCommand::kStatus) {
    std::cout << AgentStatusText(*status, SystemClock().Now(), TerminalWidth(STDOUT_FILENO));
    return 0;
  }
  bool healthy = false;
  std::cout << HealthText(*status, line.live, &healthy) << '\n';
  return healthy ? 0 : 1;
}

int RunSpoolCommand(const CommandLine& line, const AgentConfig& config) {
  UnblockSignals();
  SpoolCommandOptions options;
  options.json = line.spool_format == "json";
  options.width = TerminalWidth(STDOUT_FILENO);
  switch (line.spool_action) {
    case CommandLine::SpoolAction::kInspect:
      return InspectSpool(config.state_dir, options, std::cout, std::cerr);
    case CommandLine::SpoolAction::kVerify:
      return VerifySpool(config.state_dir, options, std::cout, std::cerr);
    case CommandLine::SpoolAction::kDrain:
      break;
  }
  if (const absl::Status usable = CheckDaemonConfig(config); !usable.ok()) return Fail(usable, kUsageExitCode);
  return DrainSpool(config, line.drain_timeout, options, std::cout, std::cerr);
}

}  // namespace

int RunAgentProgram(const std::vector<std::string>& words) {
  const std::vector<Setting> settings = AllSettings(DefaultsOfCollectors());
  const CommandLine line = ParseCommandLine(words, settings);
  if (line.exit_code.has_value()) {
    (*line.exit_code == 0 ? std::cout : std::cerr) << line.text;
    return *line.exit_code;
  }
  if (line.command == AgentCommand::kPrintSettings || line.command == AgentCommand::kCompletion) {
    std::cout << (line.command == AgentCommand::kPrintSettings ? SettingsMarkdown()
                                                               : CompletionScript(line.shell, settings));
    return 0;
  }
  const absl::StatusOr<LoadedConfig> loaded = Load(line, settings);
  if (!loaded.ok()) return Fail(loaded.status(), kUsageExitCode);
  switch (line.command) {
    case AgentCommand::kCheckConfig:
      return CheckConfig(settings, *loaded);
    case AgentCommand::kCollect:
      return Collect(line, loaded->config);
    case AgentCommand::kSpool:
      return RunSpoolCommand(line, loaded->config);
    case AgentCommand::kStatus:
    case AgentCommand::kHealth:
      return AskStatus(line, loaded->config);
    default:
      return RunDaemon(loaded->config);
  }
}

}  // namespace rollcall
