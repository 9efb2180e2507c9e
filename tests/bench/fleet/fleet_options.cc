#include "tests/bench/fleet/fleet_options.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

const std::map<std::string, FleetMode> kModes = {{"idle", FleetMode::kIdle},
                                                 {"storm", FleetMode::kStorm},
                                                 {"ingest", FleetMode::kIngest},
                                                 {"mixed", FleetMode::kMixed}};

constexpr char kAbout[] =
    "Simulates a fleet of rollcall-agents against a real backend, over mutual TLS.\n\n"
    "  idle    connect, one inventory, then hold the sessions for --duration\n"
    "  storm   the same, then cut all sessions at once and let them come back\n"
    "  ingest  connect, then send all first inventories as fast as they go\n"
    "  mixed   connect, inventories, then changes, confirmations and lost connections for --duration\n\n"
    "Each ends with a new session of every agent that compares digests. Exit status: 0 if nothing is\n"
    "lost and all digests agree, 1 if not, 2 for a mistake in the command line.\n"
    "Example: rollcall-fleetsim --mode ingest --agents 1000 --backend-binary build/release/bin/rollcall-backend";

// Takes a duration such as 90s or 5m.
void AddDuration(CLI::App* app, const std::string& name, absl::Duration* duration, const std::string& help) {
  app->add_option_function<std::string>(
         name, [duration](const std::string& text) { absl::ParseDuration(text, duration); }, help)
      ->check([](const std::string& text) {
        absl::Duration parsed;
        const bool good = absl::ParseDuration(text, &parsed) && parsed >= absl::ZeroDuration();
        return good ? std::string() : text + " is not a time such as 30s or 5m";
      })
      ->type_name("TIME");
}

void AddTargetOptions(CLI::App* app, FleetOptions* options) {
  app->add_option("--backend-binary", options->backend_binary, "rollcall-backend to start on loopback");
  app->add_option("--backend-arg", options->backend_arguments,
                  "Flag for its `serve`, such as --apply-threads=1 (repeatable)");
  app->add_option("--target", options->target, "HOST:PORT of a backend that runs already");
  app->add_option("--data-dir", options->data_dir,
                  "Data folder of the backend (default for --backend-binary: a temporary one). With --target: agents "
                  "are enrolled there");
  app->add_option(
      "--agents-dir", options->agents_dir,
      "With --target: folder of agents' certificates, as `rollcall-backend init --agents` makes in pki/agents");
  app->add_option("--tenant", options->tenant, "Tenant of the agents")->capture_default_str();
  app->add_option("--server-name", options->server_name, "Name in the backend's certificate")->capture_default_str();
  app->add_option("--backend-pid", options->backend_pid, "With --target: process to take memory and CPU of");
}

void AddLoadOptions(CLI::App* app, FleetOptions* options) {
  app->add_option("--mode", options->mode, "What to do (default mixed)")
      ->transform(CLI::CheckedTransformer(kModes))
      ->type_name("idle|storm|ingest|mixed");
  app->add_option("--agents", options->agents, "Agents to simulate")
      ->check(CLI::Range(1, 18000))
      ->capture_default_str();
  app->add_option("--records", options->records, "Records of a host")
      ->check(CLI::Range(9, 100000))
      ->capture_default_str();
  app->add_option("--images", options->images, "Images the hosts were installed from")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app->add_option("--seed", options->seed, "Decides ids and records")->capture_default_str();
  app->add_option("--churn", options->churn_percent, "Percent of a host's records that change from run to run")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  app->add_option("--disconnects", options->disconnect_percent,
                  "mixed: percent of agents that lose their connection in a minute")
      ->check(CLI::Range(0.0, 6000.0))
      ->capture_default_str();
  app->add_flag("--restart-backend", options->restart_backend,
                "storm: kill the backend and start it again, instead of cutting sessions");
  AddDuration(app, "--duration", &options->duration,
              "How long to hold the sessions (default 60s; storm: 0s, before it begins)");
  AddDuration(app, "--ramp", &options->ramp, "First connections are spread over this time (default 5 ms an agent)");
  AddDuration(app, "--spread", &options->spread, "First inventories are spread over this time (default 0s)");
  AddDuration(app, "--run-interval", &options->run_interval, "Time between runs of the collectors (default 60s)");
  AddDuration(app, "--reconnect-within", &options->reconnect_within,
              "storm: agents come back within this time (default 0s: at once)");
  AddDuration(app, "--max-backoff", &options->max_backoff, "Longest pause after failures (default 5m, as the agent's)");
  AddDuration(app, "--phase-timeout", &options->phase_timeout, "Give up if a phase takes longer (default 15m)");
}

absl::Status CheckTogether(const FleetOptions& options) {
  if (options.backend_binary.empty() == options.target.empty()) {
    return absl::InvalidArgumentError("give either --backend-binary or --target");
  }
  if (!options.target.empty() && options.data_dir.empty() == options.agents_dir.empty()) {
    return absl::InvalidArgumentError("with --target give either --data-dir or --agents-dir");
  }
  if (options.restart_backend && options.backend_binary.empty()) {
    return absl::InvalidArgumentError("--restart-backend needs --backend-binary");
  }
  return absl::OkStatus();
}

}  // namespace

std::string FleetModeName(FleetMode mode) {
  for (const auto& [name, value] : kModes) {
    if (value == mode) return name;
  }
  return "";
}

absl::StatusOr<std::optional<FleetOptions>> ParseFleetOptions(int argc, char** argv) {
  FleetOptions options;
  std::string format = "text";
  bool no_verify = false;
  CLI::App app(kAbout);
  AddTargetOptions(&app, &options);
  AddLoadOptions(&app, &options);
  app.add_flag("--no-verify", no_verify, "Do not reconnect in the end to compare digests");
  app.add_option("--format", format, "Form of the summary")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_flag("--quiet", options.quiet, "No progress on standard error");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);
      return std::optional<FleetOptions>();
    }
    return absl::InvalidArgumentError(error.what());
  }
  options.verify = !no_verify;
  options.json = format == "json";
  if (options.duration == absl::InfiniteDuration()) {
    options.duration = options.mode == FleetMode::kStorm ? absl::ZeroDuration() : absl::Minutes(1);
  }
  if (options.ramp == absl::InfiniteDuration())
    options.ramp = absl::Milliseconds(5) * static_cast<int64_t>(options.agents);
  if (absl::Status status = CheckTogether(options); !status.ok()) return status;
  return std::optional<FleetOptions>(std::move(options));
}

}  // namespace rollcall
