#include <set>

#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "proto/record_identity.h"

namespace rollcall {
namespace {

using Unit = pb::RetractResponse::Unit;

// Goes over the fleet call by call. What was done before an error is done; `units` has it.
absl::Status RetractAll(const CommandContext& context, pb::RetractRequest request, std::vector<Unit>* units) {
  do {
    pb::RetractResponse response;
    if (absl::Status status = Ask(&pb::Operate::StubInterface::Retract, context, request, &response); !status.ok()) {
      return status;
    }
    units->insert(units->end(), response.units().begin(), response.units().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

uint64_t CountRecords(const std::vector<Unit>& units) {
  uint64_t records = 0;
  for (const Unit& unit : units) records += unit.records();
  return records;
}

size_t CountHosts(const std::vector<Unit>& units) {
  std::set<std::string> agents;
  for (const Unit& unit : units) agents.insert(unit.agent_id());
  return agents.size();
}

std::string Sum(const std::vector<Unit>& units) {
  const uint64_t records = CountRecords(units);
  const size_t hosts = CountHosts(units);
  return absl::StrCat(records, records == 1 ? " record" : " records", " on ", hosts, hosts == 1 ? " host" : " hosts");
}

absl::Status Print(Screen* screen, const std::vector<Unit>& units) {
  if (screen->format() == OutputFormat::kJson) return screen->JsonLines(units);
  std::vector<std::vector<std::string>> rows;
  for (const Unit& unit : units) {
    rows.push_back({unit.hostname().empty() ? unit.agent_id() : unit.hostname(), ScopeText(unit.scope()),
                    absl::StrCat(unit.records()), unit.last_version()});
  }
  if (!rows.empty() || screen->format() == OutputFormat::kCsv) {
    screen->Rows({"HOST", "SCOPE", "RECORDS", "RUNS_NOW"}, rows);
  }
  return absl::OkStatus();
}

// Retracting under a running faulty version brings nothing, and the operator should know.
void WarnOfFaultyRuns(Screen* screen, const std::vector<Unit>& units, const RetractArguments& arguments) {
  std::set<std::string> still;
  for (const Unit& unit : units) {
    if (unit.last_version() == arguments.version) still.insert(unit.agent_id());
  }
  if (still.empty() || screen->format() != OutputFormat::kTable) return;
  screen->Raw(
      screen->Paint(absl::StrCat(still.size(), still.size() == 1 ? " host still runs" : " hosts still run", " version ",
                                 arguments.version, " and will write the same again: upgrade and retract once more.\n"),
                    Color::kYellow));
}

void Say(Screen* screen, absl::string_view text) {
  if (screen->format() == OutputFormat::kTable) screen->Line(text);
}

void SayNothingFound(Screen* screen, const std::string& what) {
  Say(screen, absl::StrCat("No current record was ", what, "."));
}

// Whether to go on: there is something to retract and the operator agrees.
absl::StatusOr<bool> Agreed(const CommandContext& context, const std::vector<Unit>& units, const std::string& what) {
  if (units.empty()) {
    SayNothingFound(context.screen, what);
    return false;
  }
  const absl::StatusOr<bool> agreed = context.confirm(absl::StrCat("End ", Sum(units), ", ", what, "?"));
  if (!agreed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("retract ", Sum(units), ": ", agreed.status().message(),
                                                   "; give --yes to retract, or --dry-run to see them"));
  }
  if (!*agreed) Say(context.screen, "Nothing was changed.");
  return agreed;
}

absl::Status ReportDryRun(const CommandContext& context, const std::vector<Unit>& units,
                          const RetractArguments& arguments, const std::string& what) {
  if (absl::Status status = Print(context.screen, units); !status.ok()) return status;
  if (units.empty()) {
    SayNothingFound(context.screen, what);
    return absl::OkStatus();
  }
  WarnOfFaultyRuns(context.screen, units, arguments);
  Say(context.screen, absl::StrCat("Would end ", Sum(units), ", ", what, ". Nothing was changed."));
  return absl::OkStatus();
}

absl::Status RetractForGood(const CommandContext& context, const pb::RetractRequest& request,
                            const RetractArguments& arguments, const std::string& what) {
  std::vector<Unit> units;
  const absl::Status status = RetractAll(context, request, &units);
  if (units.empty() && !status.ok()) return status;
  if (absl::Status printed = Print(context.screen, units); !printed.ok()) return printed;
  if (units.empty()) {
    SayNothingFound(context.screen, what);
    return absl::OkStatus();
  }
  WarnOfFaultyRuns(context.screen, units, arguments);
  Say(context.screen, absl::StrCat("Ended ", Sum(units), ", ", what,
                                   ". The history keeps them; complete sets come with the next runs."));
  if (status.ok()) return absl::OkStatus();
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), "; what is listed is done, run it again for the rest"));
}

}  // namespace

absl::Status RunRetract(const CommandContext& context, const RetractArguments& arguments) {
  pb::RetractRequest request;
  request.set_collector(arguments.collector);
  request.set_collector_version(arguments.version);
  request.set_host(arguments.host);
  const std::string what = absl::StrCat("written by ", arguments.collector, " ", arguments.version);
  if (arguments.dry_run || !arguments.yes) {
    pb::RetractRequest preview = request;
    preview.set_dry_run(true);
    std::vector<Unit> units;
    if (absl::Status status = RetractAll(context, preview, &units); !status.ok()) return status;
    if (arguments.dry_run) return ReportDryRun(context, units, arguments, what);
    const absl::StatusOr<bool> agreed = Agreed(context, units, what);
    if (!agreed.ok()) return agreed.status();
    if (!*agreed) return absl::OkStatus();
  }
  return RetractForGood(context, request, arguments, what);
}

}  // namespace rollcall
