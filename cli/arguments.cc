#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "cli/bind_command.h"
#include "cli/lifecycle_arguments.h"
#include "cli/people_arguments.h"
#include "cli/policy_command.h"
#include "platform/version.h"

namespace rollcall {
namespace {

void AddConnectionOptions(CLI::App* app, Arguments* a) {
  const char* group = "Connection";
  app->add_option("--config", a->config_file, "YAML file with the settings below, and contexts")
      ->envname("ROLLCALL_CONFIG")
      ->group(group);
  app->add_option("--context", a->context,
                  "Context to use (see: rollcall context list); options go before what it says")
      ->envname("ROLLCALL_CONTEXT")
      ->group(group);
  app->add_option("--server", a->server, "Backend, HOST:PORT")->envname("ROLLCALL_SERVER")->group(group);
  app->add_option("--server-name", a->server_name, "Name in the backend's certificate, if not HOST")
      ->envname("ROLLCALL_SERVER_NAME")
      ->group(group);
  app->add_option("--ca", a->ca, "CA certificate (PEM)")->envname("ROLLCALL_CA")->group(group);
  app->add_option("--cert", a->cert, "Your certificate (PEM)")->envname("ROLLCALL_CERT")->group(group);
  app->add_option("--key", a->key, "Its key (PEM)")->envname("ROLLCALL_KEY")->group(group);
  app->add_option("--tenant", a->tenant, "Which tenant, if you have several")->envname("ROLLCALL_TENANT")->group(group);
  app->add_option("--purpose", a->purpose, "What calls are made for, where they may be")
      ->envname("ROLLCALL_PURPOSE")
      ->check(CLI::IsMember({"provide-feature", "data-subject-request", "legal-obligation"}))
      ->option_text("provide-feature|data-subject-request|legal-obligation")
      ->group(group);
  app->add_option("--ticket", a->ticket, "Why the law demands it; calls that may be are made for LEGAL_OBLIGATION")
      ->envname("ROLLCALL_TICKET")
      ->group(group);
}

void AddOutputOptions(CLI::App* app, Arguments* a) {
  static const std::map<std::string, OutputFormat> kFormats = {
      {"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}, {"csv", OutputFormat::kCsv}};
  const char* group = "Output";
  app->add_option("--format", a->format, "table, json (one object per line) or csv")
      ->transform(CLI::CheckedTransformer(kFormats, CLI::ignore_case))
      ->option_text("table|json|csv")
      ->group(group);
  app->add_option_function<std::string>(
         "-o", [a](const std::string&) { a->wide = true; }, "wide: every column, not cut to the terminal")
      ->check(CLI::IsMember({"wide"}))
      ->option_text("wide")
      ->group(group);
  app->add_flag("--no-color", a->no_color, "No colours, even on a terminal")->envname("NO_COLOR")->group(group);
}

void AddLs(CLI::App* app, Arguments* a) {
  auto values = std::make_shared<LsArguments>();
  CLI::App* verb = app->add_subcommand("ls", "List records of a kind");
  verb->add_option("KIND", values->kind, "Kind, such as listening_port or 'packages' (see: rollcall schema)")
      ->required();
  verb->add_option("--host", values->host, "Host id, agent id or hostname");
  verb->add_option("--where", values->where,
                   "FIELD=VALUE, FIELD~REGEX, FIELD>NUMBER or FIELD<NUMBER; all given must hold")
      ->allow_extra_args(false)
      ->option_text("CONDITION ...");
  verb->add_option("--at", values->at, "As it was at that time: 2026-11-23, RFC 3339, or a time ago such as 2h");
  verb->add_option("--columns", values->columns, "Fields to show, comma-separated")->delimiter(',');
  verb->add_option("--limit", values->limit, "At most that many records");
  BindCommand(verb, a, values, &RunLs);
}

void AddAssetVerbs(CLI::App* app, Arguments* a) {
  auto shown = std::make_shared<AssetArguments>();
  CLI::App* show = app->add_subcommand("show", "Everything about one asset");
  show->add_option("ASSET", shown->asset, "Asset key, or the beginning of it")->required();
  BindCommand(show, a, shown, &RunShow);

  auto past = std::make_shared<AssetArguments>();
  CLI::App* history = app->add_subcommand("history", "Every version of one asset, oldest first");
  history->add_option("ASSET", past->asset, "Asset key, or the beginning of it")->required();
  BindCommand(history, a, past, &RunHistory);
}

void AddDiff(CLI::App* app, Arguments* a) {
  auto values = std::make_shared<DiffArguments>();
  CLI::App* verb = app->add_subcommand("diff", "What changed on a host between two times");
  verb->add_option("HOST", values->host, "Host id, agent id or hostname")->required();
  verb->add_option("--from", values->from, "Earlier time")->required();
  verb->add_option("--to", values->to, "Later time")->default_val("now");
  verb->add_option("--kind", values->kinds, "Only these kinds, comma-separated")->delimiter(',');
  BindCommand(verb, a, values, &RunDiff);
}

void AddRetention(CLI::App* app, Arguments* a) {
  CLI::App* verb =
      app->add_subcommand("retention", "How long records must be kept, when they must go, and whether they do");
  verb->require_subcommand(1);
  auto values = std::make_shared<AssetArguments>();
  CLI::App* explain = verb->add_subcommand("explain", "The dates of one asset, step by step with their clauses");
  explain->add_option("ASSET", values->asset, "Asset key, or the beginning of it")->required();
  BindCommand(explain, a, values, &RunRetentionExplain);
  CLI::App* sample = verb->add_subcommand("sample", "The dates of one record of every kind");
  sample->final_callback([a] { a->command = &RunRetentionSample; });
  AddRetentionVerbs(verb, a);
}

void AddCalendars(CLI::App* verb, std::string* folder) {
  verb->add_option("--calendars", *folder, "Folder of calendars; ../calendars from the agreement if not given");
}

void AddPolicy(CLI::App* app, Arguments* a) {
  CLI::App* verb = app->add_subcommand("policy", "What an agreement comes to, offline");
  verb->require_subcommand(1);
  auto linted = std::make_shared<PolicyLintArguments>();
  CLI::App* lint = verb->add_subcommand("lint", "Its rules in words, worked dates, and what is wrong with it");
  lint->add_option("FILE", linted->file, "Agreement (textproto)")->required();
  AddCalendars(lint, &linted->calendars);
  BindCommand(lint, a, linted, &RunPolicyLint, /*needs_backend=*/false);

  auto simulated = std::make_shared<PolicySimulateArguments>();
  CLI::App* simulate = verb->add_subcommand("simulate", "What would be done on a day, from a file of facts");
  simulate->add_option("FILE", simulated->file, "Agreement (textproto)")->required();
  simulate->add_option("--facts", simulated->facts, "Services, events and buckets of tenants (JSON or textproto)")
      ->required();
  simulate->add_option("--at", simulated->at, "Day, in the agreement's zone: 2026-11-23")->required();
  simulate->add_flag("--explain", simulated->explain, "Say why, from facts to dates");
  AddCalendars(simulate, &simulated->calendars);
  BindCommand(simulate, a, simulated, &RunPolicySimulate, /*needs_backend=*/false);

  auto compared = std::make_shared<PolicyDiffArguments>();
  CLI::App* diff = verb->add_subcommand("diff", "What changes from one agreement to another, in words");
  diff->add_option("OLD", compared->before, "Agreement in force (textproto)")->required();
  diff->add_option("NEW", compared->after, "Agreement to come (textproto)")->required();
  AddCalendars(diff, &compared->calendars);
  BindCommand(diff, a, compared, &RunPolicyDiff, /*needs_backend=*/false);
}

void AddCertificate(CLI::App* app, Arguments* a) {
  CLI::App* verb = app->add_subcommand("certificate", "Certificates of deletion; show and verify work offline");
  verb->require_subcommand(1);
  auto shown = std::make_shared<CertificateArguments>();
  CLI::App* show = verb->add_subcommand("show", "What a certificate states, without verifying it");
  show->add_option("FILE", shown->file, "Certificate")->required();
  BindCommand(show, a, shown, &RunCertificateShow, /*needs_backend=*/false);

  auto verified = std::make_shared<CertificateArguments>();
  CLI::App* verify = verb->add_subcommand("verify", "Whether a certificate is proven by a checkpoint you kept");
  verify->add_option("FILE", verified->file, "Certificate")->required();
  verify->add_option("--checkpoint", verified->checkpoint, "Checkpoint from anywhere but the certificate's sender")
      ->required();
  verify->add_option("--key", verified->key, "The log's public key, NAME+ID+KEY; without it no signature is checked");
  BindCommand(verify, a, verified, &RunCertificateVerify, /*needs_backend=*/false);
  AddCertificateVerbs(verb, a);
}

void AddRetract(CLI::App* app, Arguments* a) {
  auto values = std::make_shared<RetractArguments>();
  CLI::App* verb = app->add_subcommand("retract", "End what a faulty version of a collector wrote; erases nothing");
  verb->add_option("--collector", values->collector, "Name of the collector, such as os_packages")->required();
  verb->add_option("--version", values->version, "Its faulty version (see COLLECTOR of: rollcall ls KIND -o wide)")
      ->required();
  verb->add_option("--host", values->host, "Host id, agent id or hostname; all hosts if not given");
  verb->add_flag("--dry-run", values->dry_run, "Only say what would be ended");
  verb->add_flag("--yes", values->yes, "Do not ask");
  BindCommand(verb, a, values, &RunRetract);
}

void AddOverviews(CLI::App* app, Arguments* a) {
  BindCommand(app->add_subcommand("hosts", "Hosts and when they last reported"), a, std::make_shared<HostsArguments>(),
              &RunHosts);

  auto summary = std::make_shared<SummaryArguments>();
  CLI::App* verb = app->add_subcommand("summary", "One host on one screen, or how many records of each kind there are");
  verb->add_option("HOST", summary->host, "Host id, agent id or hostname; all hosts if not given");
  BindCommand(verb, a, summary, &RunSummary);

  auto status = std::make_shared<StatusArguments>();
  verb = app->add_subcommand("status", "Coverage: what is complete, partial, degraded or stale, and why");
  verb->add_option("--host", status->host, "Host id, agent id or hostname");
  verb->add_flag("--check", status->check, "Exit with 5 unless everything is complete");
  verb->add_option("--since", status->since, "With --check: runs before that time do not count");
  verb->add_option("--collectors", status->collectors, "With --check: these must have reported")->delimiter(',');
  BindCommand(verb, a, status, &RunStatus);

  auto schema = std::make_shared<SchemaArguments>();
  verb = app->add_subcommand("schema", "Kinds, or the fields of one kind");
  verb->add_option("KIND", schema->kind, "Kind; all kinds if not given");
  BindCommand(verb, a, schema, &RunSchema, /*needs_backend=*/false);

  auto completion = std::make_shared<CompletionArguments>();
  verb = app->add_subcommand("completion", "Print a completion script for a shell");
  verb->add_option("SHELL", completion->shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  BindCommand(verb, a, completion, &RunCompletion, /*needs_backend=*/false);
}

}  // namespace

ParseResult ParseArguments(const std::vector<std::string>& words) {
  auto result = ParseResult();
  CLI::App app("rollcall: what is on every host, since when, and how long it may be kept", "rollcall");
  app.set_version_flag("--version", absl::StrCat("rollcall ", Version()));
  app.require_subcommand(1);
  app.fallthrough();
  Arguments* arguments = &result.arguments;
  AddConnectionOptions(&app, arguments);
  AddOutputOptions(&app, arguments);
  AddOverviews(&app, arguments);
  AddLs(&app, arguments);
  AddAssetVerbs(&app, arguments);
  AddDiff(&app, arguments);
  AddRetention(&app, arguments);
  AddLifecycle(&app, arguments);
  AddPeople(&app, arguments);
  AddPolicy(&app, arguments);
  AddRetract(&app, arguments);
  AddCertificate(&app, arguments);
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 refused, 5 incomplete (status --check)\n"
      "or an agreement that cannot be kept (policy lint), 6 not proven (certificate verify).");
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 wants them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    result.finished = true;
    result.exit_code = app.exit(error, out, err) == 0 ? 0 : kExitUsage;
    result.text = out.str() + err.str();
  }
  return result;
}

}  // namespace rollcall
