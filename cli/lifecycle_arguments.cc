#include "cli/lifecycle_arguments.h"

#include <memory>
#include <string>

#include "cli/bind_command.h"
#include "cli/lifecycle_command.h"

namespace rollcall {
namespace {

void AddRequestId(CLI::App* verb, OperationArguments* operation) {
  verb->add_option("--request-id", operation->request_id, "Of the request that is repeated; a new one if not given");
}

// For what is not to be done by a slip.
void AddOperation(CLI::App* verb, OperationArguments* operation) {
  AddRequestId(verb, operation);
  verb->add_flag("--yes", operation->yes, "Do not ask");
}

CLI::App* AddServiceVerb(CLI::App* group, Arguments* a, const std::string& name, const std::string& help,
                         const std::shared_ptr<ServiceArguments>& values,
                         absl::Status (*run)(const CommandContext&, const ServiceArguments&)) {
  CLI::App* verb = group->add_subcommand(name, help);
  verb->add_option("SERVICE", values->service, "Hosting service, such as cvm:ins-1234; feature is the feature")
      ->required();
  BindCommand(verb, a, values, run);
  return verb;
}

void AddAt(CLI::App* verb, ServiceArguments* values) {
  verb->add_option("--at", values->at, "When it counts from: 2026-11-23, RFC 3339, or a time ago such as 2h; now");
}

void AddServices(CLI::App* app, Arguments* a) {
  CLI::App* group = app->add_subcommand("service", "Services of the tenant, and their ends");
  group->require_subcommand(1);
  group->add_subcommand("list", "Services and where they stand")->final_callback([a] { a->command = &RunServiceList; });
  const auto added = std::make_shared<ServiceArguments>();
  AddRequestId(AddServiceVerb(group, a, "add", "A hosting service the tenant has from now on", added, &RunServiceAdd),
               &added->operation);

  const auto ended = std::make_shared<ServiceArguments>();
  CLI::App* terminate =
      AddServiceVerb(group, a, "terminate", "Announce its end, from which periods count", ended, &RunServiceTerminate);
  AddAt(terminate, ended.get());
  terminate->add_flag("--change", ended->change, "Another date for an end that is announced");
  AddOperation(terminate, &ended->operation);

  const auto stays = std::make_shared<ServiceArguments>();
  AddRequestId(AddServiceVerb(group, a, "cancel-termination", "Withdraw an end that is announced", stays,
                              &RunServiceCancelTermination),
               &stays->operation);

  const auto back = std::make_shared<ServiceArguments>();
  CLI::App* resume = AddServiceVerb(group, a, "resume", "The customer is back", back, &RunServiceResume);
  AddAt(resume, back.get());
  resume->add_option("--epoch", back->epoch, "As list showed it; refused if something became known since");
  AddOperation(resume, &back->operation);
}

void AddSelector(CLI::App* verb, SelectorArguments* selector, bool parts) {
  const char* group = "What of the tenant's data; all that is given must hold, and any of several fields";
  const auto list = [&](const char* name, std::vector<std::string>* values, const char* help) {
    verb->add_option(name, *values, help)->delimiter(',')->group(group);
  };
  list("--category", &selector->categories, "asset_basic or console_config");
  list("--service", &selector->services, "Hosting services");
  verb->add_option("--from", selector->from_day, "Day of collection: 2026-11-23")->group(group);
  verb->add_option("--to", selector->to_day, "Last day of collection")->group(group);
  if (!parts) return;
  list("--host", &selector->hosts, "Hosts");
  list("--element", &selector->elements, "Elements of the agreement, such as accounts");
  verb->add_option("--field", selector->fields, "KIND.FIELD=VALUE, such as account.name=bob")
      ->allow_extra_args(false)
      ->group(group);
}

void AddHolds(CLI::App* app, Arguments* a) {
  CLI::App* group = app->add_subcommand("hold", "Holds: data that must not be deleted. Each step takes another person");
  group->require_subcommand(1);
  const auto listed = std::make_shared<HoldListArguments>();
  CLI::App* list = group->add_subcommand("list", "Holds, with who did what");
  list->add_flag("--all", listed->all, "Those that were released too");
  BindCommand(list, a, listed, &RunHoldList);

  const auto placed = std::make_shared<HoldPlaceArguments>();
  CLI::App* place = group->add_subcommand("place", "Ask for a hold; it holds once another person approved it");
  place->add_option("--basis", placed->basis, "Law or order it rests on")->required();
  place->add_option("--review-by", placed->review_by, "Day to look whether it is still needed: 2026-11-23")->required();
  AddSelector(place, &placed->selector, /*parts=*/false);
  AddRequestId(place, &placed->operation);
  BindCommand(place, a, placed, &RunHoldPlace);

  const auto add = [&](const char* name, const char* help, auto run, bool asks) {
    const auto values = std::make_shared<HoldArguments>();
    CLI::App* verb = group->add_subcommand(name, help);
    verb->add_option("HOLD", values->hold, "Its id")->required();
    asks ? AddOperation(verb, &values->operation) : AddRequestId(verb, &values->operation);
    BindCommand(verb, a, values, run);
  };
  add("approve", "Approve a hold that another person asked for", &RunHoldApprove, false);
  add("release", "Ask for its release", &RunHoldRelease, false);
  add("approve-release", "Approve the release: its data may be deleted again", &RunHoldApproveRelease, true);
}

void AddRequests(CLI::App* app, Arguments* a) {
  CLI::App* group = app->add_subcommand("request", "What the customer asked for: deletion, or a copy");
  group->require_subcommand(1);
  const auto erase = std::make_shared<RequestArguments>();
  CLI::App* deletion = group->add_subcommand("delete", "The customer wants data deleted");
  AddSelector(deletion, &erase->selector, /*parts=*/true);
  deletion->add_flag("--everything", erase->everything, "All the tenant has, instead of the above");
  deletion->add_option("--reason", erase->reason, "As the customer gave it")->required();
  AddOperation(deletion, &erase->operation);
  BindCommand(deletion, a, erase, &RunRequestDelete);

  const auto copy = std::make_shared<RequestArguments>();
  CLI::App* copied = group->add_subcommand("export", "The customer wants a copy; it is made elsewhere");
  AddSelector(copied, &copy->selector, /*parts=*/true);
  copied->add_option("--reason", copy->reason, "As the customer gave it")->required();
  AddRequestId(copied, &copy->operation);
  BindCommand(copied, a, copy, &RunRequestExport);

  const auto asked = std::make_shared<RequestIdArguments>();
  CLI::App* status = group->add_subcommand("status", "Open requests: days to the deadline, and what is left");
  status->add_option("REQUEST", asked->request, "Its id, for everything about it; all if not given");
  BindCommand(status, a, asked, &RunRequestStatus);

  const auto taken = std::make_shared<RequestIdArguments>();
  CLI::App* cancel = group->add_subcommand("cancel", "The customer takes a request for deletion back");
  cancel->add_option("REQUEST", taken->request, "Its id")->required();
  AddRequestId(cancel, &taken->operation);
  BindCommand(cancel, a, taken, &RunRequestCancel);
}

}  // namespace

void AddLifecycle(CLI::App* app, Arguments* a) {
  AddServices(app, a);
  AddHolds(app, a);
  AddRequests(app, a);
}

void AddCertificateVerbs(CLI::App* certificate, Arguments* a) {
  const auto listed = std::make_shared<CertificateListArguments>();
  CLI::App* list = certificate->add_subcommand("list", "Certificates of the tenant, the latest first");
  list->add_option("--limit", listed->limit, "At most that many; 100 if not given, all if 0");
  BindCommand(list, a, listed, &RunCertificateList);

  const auto wanted = std::make_shared<CertificateGetArguments>();
  CLI::App* get = certificate->add_subcommand("get", "Have the backend prove a certificate, and save it");
  get->add_option("CERTIFICATE", wanted->certificate, "Its id, or the beginning of it")->required();
  get->add_option("--out", wanted->out, "File to save it to; only shown if not given");
  get->add_option("--known-size", wanted->known_size,
                  "Size of the tree of a checkpoint the customer holds, to prove that the log continues it");
  BindCommand(get, a, wanted, &RunCertificateGet);
}

void AddRetentionVerbs(CLI::App* retention, Arguments* a) {
  const auto status = std::make_shared<RetentionStatusArguments>();
  CLI::App* shown = retention->add_subcommand("status", "Whether all is deleted when it is due, and what is to come");
  shown->add_flag("--check", status->check, "Exit with 5 if anything is late, or stands in the way");
  BindCommand(shown, a, status, &RunRetentionStatus);

  const auto list = std::make_shared<DryRunArguments>();
  CLI::App* dry_run = retention->add_subcommand("dry-run", "What would be deleted by the end of a day");
  dry_run->add_option("--day", list->day, "2026-11-23; today if not given");
  BindCommand(dry_run, a, list, &RunRetentionDryRun);

  const auto seen = std::make_shared<DryRunArguments>();
  CLI::App* acknowledge = retention->add_subcommand("acknowledge", "You have looked at a dry run: deletions may begin");
  acknowledge->add_option("--day", seen->day, "2026-11-23; today if not given");
  acknowledge->add_option("--list", seen->list, "Hash of the list you looked at; needed with --yes");
  AddOperation(acknowledge, &seen->operation);
  BindCommand(acknowledge, a, seen, &RunRetentionAcknowledge);

  const auto clock = std::make_shared<OperationArguments>();
  CLI::App* confirm =
      retention->add_subcommand("confirm-clock", "The backend's clock, which it does not trust, is right");
  confirm->add_flag("--yes", clock->yes, "Do not ask");
  BindCommand(confirm, a, clock, &RunRetentionConfirmClock);
}

}  // namespace rollcall
