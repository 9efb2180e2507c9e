#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/policy_words.h"
#include "backend/retention/simulation.h"
#include "cli/policy_command.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

std::string Instant(const google::protobuf::Timestamp& wire, bool is_set, absl::TimeZone zone) {
  const auto time = FromWire(wire);
  return is_set && time.has_value() ? absl::FormatTime("%Y-%m-%d %H:%M", *time, zone) : "";
}

void PrintSteps(Screen* screen, const pb::SimulationReport& report, absl::TimeZone zone) {
  std::vector<std::vector<std::string>> rows;
  for (const pb::SimulatedStep& step : report.steps()) {
    const bool one = step.from_day() == step.through_day();
    rows.push_back({step.action(), step.tenant(), step.hosting_service(), CategoryInWords(step.category()),
                    one ? step.from_day() : absl::StrCat(step.from_day(), " to ", step.through_day()),
                    absl::StrCat(step.buckets()), absl::StrCat(step.records()),
                    Instant(step.due_from(), step.has_due_from(), zone),
                    Instant(step.deadline(), step.has_deadline(), zone), step.overdue() ? "overdue" : ""});
  }
  screen->Rows({"ACTION", "TENANT", "SERVICE", "CATEGORY", "COLLECTED", "BUCKETS", "RECORDS", "DUE FROM", "BY", "NOTE"},
               rows);
}

void PrintExplanations(Screen* screen, const pb::SimulationReport& report) {
  for (const pb::SimulatedStep& step : report.steps()) {
    screen->Line("");
    screen->Title(absl::StrCat(step.action(), ": ", step.tenant(), ", ", step.hosting_service(), ", ",
                               CategoryInWords(step.category()), " of ", step.from_day()));
    for (const std::string& sentence : step.explanation()) screen->Line(absl::StrCat("  * ", sentence));
  }
}

}  // namespace

absl::Status RunPolicySimulate(const CommandContext& context, const PolicySimulateArguments& arguments) {
  absl::CivilDay day;
  if (!ParseDay(arguments.at, &day)) {
    return absl::InvalidArgumentError(absl::StrCat("--at ", arguments.at, ": is no day such as 2026-11-23"));
  }
  const auto policy = LoadRetentionPolicy(arguments.file, arguments.calendars);
  if (!policy.ok()) return policy.status();
  const auto facts = LoadFacts(arguments.facts);
  if (!facts.ok()) return facts.status();
  const auto report = SimulateDay(*policy, *facts, day);
  if (!report.ok()) {
    return absl::Status(report.status().code(), absl::StrCat(arguments.facts, ": ", report.status().message()));
  }
  Screen* screen = context.screen;
  if (screen->format() == OutputFormat::kJson) return screen->Json(*report);
  if (screen->format() == OutputFormat::kCsv) {
    PrintSteps(screen, *report, policy->zone);
    return absl::OkStatus();
  }
  screen->Title(absl::StrCat(report->day(), " (", policy->zone.name(), "), by ", report->policy_id(), " version ",
                             report->policy_version()));
  if (report->steps().empty()) {
    screen->Line("  Nothing would be done.");
  } else {
    PrintSteps(screen, *report, policy->zone);
  }
  if (arguments.explain) PrintExplanations(screen, *report);
  screen->Line("");
  screen->Line(
      absl::StrCat("Nothing to be done: ", report->resting_buckets(), " buckets. Held: ", report->held_buckets(), "."));
  for (const std::string& note : report->notes()) screen->Line(note);
  return absl::OkStatus();
}

}  // namespace rollcall
