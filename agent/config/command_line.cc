#include "agent/config/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/config/setting_values.h"
#include "platform/version.h"

namespace rollcall {
namespace {

constexpr char kFooter[] =
    "Settings can also be given in /etc/rollcall/agent.yaml and as environment variables; see rollcall-agent(8).";

class Parser {
 public:
  explicit Parser(const std::vector<Setting>& settings)
      : settings_(settings), app_("Finds what a host has and reports it to the Rollcall backend.", "rollcall-agent") {
    app_.set_help_flag("-h,--help", "Print this help and exit");
    app_.set_version_flag("--version", absl::StrCat("rollcall-agent ", Version()));
    app_.footer(kFooter);
    app_.require_subcommand(0, 1);
    app_.add_option("--config", config_path_, "Configuration file; must exist")->type_name("PATH");
    app_.add_flag("--check-config", check_config_, "Print the effective configuration and exit");
    app_.add_flag("--print-settings-markdown", print_settings_, "")->group("");
    AddCommands();
    for (const Setting& setting : settings_) AddSetting(setting);
  }

  CommandLine Parse(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());  // as CLI11 takes them
    try {
      app_.parse(words);
    } catch (const CLI::ParseError& e) {
      std::ostringstream out;
      std::ostringstream err;
      const int code = app_.exit(e, out, err);
      line_.exit_code = code == 0 ? 0 : kUsageExitCode;
      line_.text = code == 0 ? out.str() : err.str();
      return std::move(line_);
    }
    Collect();
    return std::move(line_);
  }

 private:
  void AddCommands() {
    app_.add_subcommand("run", "Run the daemon (the default)")->fallthrough();
    CLI::App* collect =
        app_.add_subcommand("collect", "Run collectors once and print what they find; needs no backend");
    collect->fallthrough();
    collect->add_option("--collector", line_.collectors, "Collector to run; repeated for several. Default: all")
        ->allow_extra_args(false)
        ->type_name("NAME");
    collect->add_option("--format", line_.format, "Output format")->check(CLI::IsMember({"jsonl", "table"}));
    collect->add_flag("--list", line_.list, "List the collectors and exit");
    CLI::App* status = app_.add_subcommand("status", "Print what the running agent does");
    status->fallthrough();
    status->add_flag("--json", line_.json, "Print one JSON object");
    CLI::App* health = app_.add_subcommand("health", "Exit with 0 if the running agent is well, else 1");
    health->fallthrough();
    health->add_flag("--live", line_.live, "Ask only whether it makes progress, for liveness probes");
    AddSpoolCommands();
    CLI::App* completion = app_.add_subcommand("completion", "Print a completion script");
    completion->add_option("shell", line_.shell, "Shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  void AddSpoolCommands() {
    CLI::App* spool = app_.add_subcommand("spool", "Look into, check or send the batches that wait in the spool");
    spool->fallthrough();
    spool->require_subcommand(1);
    const std::pair<const char*, const char*> actions[] = {
        {"inspect", "Print what is in the spool, by segment and by collector; changes nothing"},
        {"verify", "Exit with 0 if the spool is whole, else with 1 and what is damaged and lost; changes nothing"},
        {"drain", "Send what is in the spool to the backend, without an agent, and exit when it is empty"}};
    for (const auto& [name, help] : actions) {
      CLI::App* action = spool->add_subcommand(name, help);
      action->fallthrough();
      action->add_option("--format", line_.spool_format, "Output format")->check(CLI::IsMember({"table", "json"}));
      if (absl::string_view(name) == "drain") {
        action->add_option("--timeout", drain_timeout_, "Give up after this long; default 1m")->type_name("DURATION");
      }
    }
    spool_ = spool;
  }

  // Wrong usage unless --timeout is a positive duration.
  bool TakeTimeout() {
    if (!drain_timeout_.has_value()) return true;
    const absl::StatusOr<absl::Duration> timeout = ParseDurationSetting(*drain_timeout_);
    absl::Status status = timeout.status();
    if (timeout.ok() && *timeout == absl::ZeroDuration()) status = absl::InvalidArgumentError("expected more than 0s");
    if (status.ok()) {
      line_.drain_timeout = *timeout;
      return true;
    }
    line_.exit_code = kUsageExitCode;
    line_.text = absl::StrCat("--timeout: ", status.message(), "\n");
    return false;
  }

  void AddSetting(const Setting& setting) {
    app_.add_option(absl::StrCat("--", FlagName(setting.name)), given_[setting.name], setting.help)
        ->allow_extra_args(false)
        ->type_name(ValueName(setting))
        ->group("Settings");
  }

  void Collect() {
    const std::pair<const char*, AgentCommand> commands[] = {{"collect", AgentCommand::kCollect},
                                                             {"status", AgentCommand::kStatus},
                                                             {"health", AgentCommand::kHealth},
                                                             {"spool", AgentCommand::kSpool},
                                                             {"completion", AgentCommand::kCompletion}};
    for (const auto& [name, command] : commands) {
      if (app_.got_subcommand(name)) line_.command = command;
    }
    if (spool_->got_subcommand("verify")) line_.spool_action = CommandLine::SpoolAction::kVerify;
    if (spool_->got_subcommand("drain")) line_.spool_action = CommandLine::SpoolAction::kDrain;
    if (!TakeTimeout()) return;
    if (check_config_) line_.command = AgentCommand::kCheckConfig;
    if (print_settings_) line_.command = AgentCommand::kPrintSettings;
    if (!config_path_.empty()) line_.config_path = config_path_;
    for (auto& [name, values] : given_) {
      if (!values.empty()) line_.settings[name] = std::move(values);
    }
  }

  const std::vector<Setting>& settings_;
  CLI::App app_;
  CommandLine line_;
  CLI::App* spool_ = nullptr;
  std::optional<std::string> drain_timeout_;
  std::string config_path_;
  bool check_config_ = false;
  bool print_settings_ = false;
  std::map<std::string, std::vector<std::string>> given_;
};

}  // namespace

CommandLine ParseCommandLine(const std::vector<std::string>& words, const std::vector<Setting>& settings) {
  return Parser(settings).Parse(words);
}

}  // namespace rollcall
