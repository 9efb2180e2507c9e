#include "backend/backend_program.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "backend/backup/backup_command.h"
#include "backend/init_command.h"
#include "backend/keys/aes_gcm.h"
#include "backend/retention/policy_loader.h"
#include "backend/setting_flags.h"
#include "backend/token_command.h"
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

int Report(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  return Fail(absl::IsInvalidArgument(status) ? kExitUsage : kExitFailed, status);
}

struct ServeCommand {
  CLI::App* serve;
  SettingFlags settings;
  bool check_config = false;
};

void AddServe(CLI::App* app, ServeCommand* command) {
  command->serve = app->add_subcommand("serve", "Receive and answer until told to stop");
  AddSettingFlags(command->serve, {}, &command->settings);
  command->serve->add_flag("--check-config", command->check_config, "Print the settings in force and stop");
}

void PrintConfig(const BackendConfig& config) {
  for (const BackendSetting& setting : BackendSettings()) {
    std::cout << setting.name << ": " << BackendSettingText(setting.name, config) << '\n';
  }
}

int Serve(const ServeCommand& command, const BackendClock& clock) {
  const absl::StatusOr<BackendConfig> config = LoadBackendConfig(command.settings);
  if (!config.ok()) return Fail(kExitUsage, config.status());
  if (command.check_config) {
    const absl::StatusOr<RetentionPolicy> policy = LoadRetentionPolicy(config->policy);
    if (!policy.ok()) return Fail(kExitUsage, policy.status());
    PrintConfig(*config);
    return kExitOk;
  }
  const absl::Status status = RunServe(*config, clock);
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

struct BackupCommand {
  CLI::App* backup;
  SettingFlags settings;
  BackupCommandOptions options;
};

void AddBackup(CLI::App* app, BackupCommand* command) {
  CLI::App* backup = app->add_subcommand("backup", "Copy the data, encrypted, while the backend runs");
  BackupCommandOptions* options = &command->options;
  backup->add_option("--to", options->to, "Folder to make")->required();
  backup->add_option("--keep-days", options->keep_days, "Days it may be kept, for certificates (default 35)")
      ->check(CLI::Range(1, 3650));
  backup->add_option("--wait-minutes", options->wait_minutes, "To wait for the retention engine (default 30)")
      ->check(CLI::Range(0, 1440));
  AddSettingFlags(backup, DataSettings(), &command->settings);
  command->backup = backup;
}

struct RestoreCommand {
  CLI::App* restore;
  SettingFlags settings;
  RestoreCommandOptions options;
};

void AddRestore(CLI::App* app, RestoreCommand* command) {
  CLI::App* restore = app->add_subcommand("restore", "Put a backup into an empty data folder");
  RestoreCommandOptions* options = &command->options;
  restore->add_option("--from", options->from, "Folder of the backup")->required();
  restore
      ->add_option("--secrets", options->secrets,
                   "Folder with what no backup has: keys/, ledger.key, pki/, as a data folder has them")
      ->required();
  restore->add_option("--ledger", options->ledger, "Folder of a ledger that survived and is newer");
  AddSettingFlags(restore, DataSettings(), &command->settings);
  command->restore = restore;
}

// `run(settings, policy)` is the command.
template <typename Command>
absl::Status WithData(const SettingFlags& flags, Command run) {
  const absl::StatusOr<BackendConfig> config = LoadBackendConfig(flags);
  if (!config.ok()) return config.status();
  const absl::StatusOr<RetentionPolicy> policy = LoadRetentionPolicy(config->policy);
  if (!policy.ok()) return policy.status();
  return run(BackupSettings{config->data_dir, config->key_folder, config->region, config->ledger_name}, *policy);
}

// Every command with what was given to it.
struct Commands {
  ServeCommand serve;
  CLI::App* init;
  InitOptions init_options;
  CLI::App* agent_add;
  AddOptions agent_options;
  CLI::App* operator_add;
  AddOptions operator_options;
  TokenCommands token;
  BackupCommand backup;
  RestoreCommand restore;
  CertificateDays days;
};

void AddCommands(CLI::App* app, Commands* commands) {
  app->set_version_flag("--version", absl::StrCat("rollcall-backend ", Version()));
  app->require_subcommand(1);
  AddServe(app, &commands->serve);
  AddBackup(app, &commands->backup);
  AddRestore(app, &commands->restore);
  commands->init = AddInit(app, &commands->init_options, &commands->days);
  commands->agent_add = AddAdd(app, "agent", &commands->agent_options, &commands->days);
  commands->agent_add->add_option("--agent-id", commands->agent_options.id, "UUID (default: a new one)");
  commands->operator_add = AddAdd(app, "operator", &commands->operator_options, &commands->days);
  commands->operator_add->add_option("--name", commands->operator_options.id, "Operator's name")->required();
  commands->operator_add->add_option(
      "--role", commands->operator_options.roles,
      "viewer, operator, privacy-officer or auditor, or TENANT/ROLE for another tenant (repeatable; "
      "default: operator)");
  AddTokenCommands(commands->operator_add->get_parent(), &commands->token);
}

int RunChosen(Commands* commands, const BackendClock& backend_clock) {
  const Clock& clock = *backend_clock.clock;
  for (absl::Duration* lifetime :
       {&commands->init_options.certificate_lifetime, &commands->agent_options.certificate_lifetime,
        &commands->operator_options.certificate_lifetime}) {
    *lifetime = commands->days.lifetime();
  }
  if (commands->init->parsed()) return Report(RunInit(commands->init_options, clock, std::cout));
  if (commands->agent_add->parsed()) return Report(RunAgentAdd(commands->agent_options, clock, std::cout));
  if (commands->operator_add->parsed()) return Report(RunOperatorAdd(commands->operator_options, clock, std::cout));
  if (const BackupCommand& backup = commands->backup; backup.backup->parsed()) {
    return Report(WithData(backup.settings, [&](const BackupSettings& settings, const RetentionPolicy& policy) {
      return RunBackup(settings, backup.options, policy, clock, std::cout, std::cerr);
    }));
  }
  if (const RestoreCommand& restore = commands->restore; restore.restore->parsed()) {
    return Report(WithData(restore.settings, [&](const BackupSettings& settings, const RetentionPolicy& policy) {
      return RunRestore(settings, restore.options, policy, clock, std::cout, std::cerr);
    }));
  }
  const TokenCommands& token = commands->token;
  if (token.create->parsed()) return Report(RunTokenCreate(token.options, clock, &RandomBytes, std::cout, std::cerr));
  if (token.list->parsed()) return Report(RunTokenList(token.options.data_dir, clock, std::cout));
  if (token.revoke->parsed()) return Report(RunTokenRevoke(token.options.data_dir, token.id, clock, std::cout));
  return Serve(commands->serve, backend_clock);
}

}  // namespace

int RunBackendProgram(int argc, char** argv, const BackendClock& clock) {
  // Debian's Abseil looks for deadlocks at run time; gRPC has many locks to look at.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // gRPC's own log is not structured and repeats what our errors say.
  ::setenv("GRPC_VERBOSITY", "NONE", 0);
  CLI::App app("Keeps the inventory of a fleet: receives from rollcall-agent, answers rollcall");
  Commands commands;
  AddCommands(&app, &commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return RunChosen(&commands, clock);
}

}  // namespace rollcall
