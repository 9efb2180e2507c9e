#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/command.h"
#include "cli/coverage_text.h"
#include "cli/time_text.h"
#include "proto/record_identity.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using State = pb::UnitCoverage::State;

Color StateColor(State state) {
  switch (state) {
    case pb::UnitCoverage::COVERAGE_COMPLETE:
    case pb::UnitCoverage::COVERAGE_EXPECTED_GAP:
      return Color::kGreen;
    case pb::UnitCoverage::COVERAGE_DEGRADED:
    case pb::UnitCoverage::COVERAGE_PARTIAL:
      return Color::kYellow;
    default:
      return Color::kRed;
  }
}

bool IsGood(State state) {
  return state == pb::UnitCoverage::COVERAGE_COMPLETE || state == pb::UnitCoverage::COVERAGE_DEGRADED ||
         state == pb::UnitCoverage::COVERAGE_EXPECTED_GAP;
}

std::string HostName(const pb::UnitCoverage& unit) {
  return unit.hostname().empty() ? unit.agent_id() : unit.hostname();
}

std::vector<std::string> Row(const pb::UnitCoverage& unit, bool people, absl::Time now) {
  const std::string remedy =
      unit.remedy().empty() ? "" : absl::StrCat(unit.reason().empty() ? "" : ". ", "Remedy: ", unit.remedy());
  return {HostName(unit),
          unit.collector(),
          ScopeText(unit.scope()),
          CoverageWord(unit.state()),
          absl::StrCat(unit.record_count()),
          people ? AgoText(unit.last_complete_at(), now) : TimeText(unit.last_complete_at()),
          absl::StrCat(unit.reason(), remedy)};
}

void PrintTable(const CommandContext& context, const pb::GetCoverageResponse& response) {
  const bool people = context.screen->format() == OutputFormat::kTable;
  std::vector<std::vector<std::string>> rows;
  std::map<State, int> totals;
  for (const pb::UnitCoverage& unit : response.units()) {
    rows.push_back(Row(unit, people, context.now));
    ++totals[unit.state()];
  }
  context.screen->Rows({"HOST", "COLLECTOR", "SCOPE", "COVERAGE", "RECORDS", "LAST_COMPLETE", "WHY"}, rows);
  if (!people) return;
  std::vector<std::string> words;
  for (const auto& [state, count] : totals) {
    words.push_back(context.screen->Paint(absl::StrCat(count, " ", CoverageWord(state)), StateColor(state)));
  }
  context.screen->Raw(absl::StrCat(absl::StrJoin(words, ", "), "\n"));
}

absl::Status Check(const pb::GetCoverageResponse& response, const StatusArguments& arguments, absl::Time now) {
  absl::Time since = absl::InfinitePast();
  if (!arguments.since.empty()) {
    const auto parsed = ParseTimeText(arguments.since, now);
    if (!parsed.ok()) return parsed.status();
    since = *parsed;
  }
  if (response.units().empty()) return IncompleteError("no host has reported");
  std::set<std::string> missing(arguments.collectors.begin(), arguments.collectors.end());
  std::vector<std::string> bad;
  for (const pb::UnitCoverage& unit : response.units()) {
    const bool gap = unit.state() == pb::UnitCoverage::COVERAGE_EXPECTED_GAP;
    if (IsGood(unit.state()) && (gap || FromWire(unit.last_complete_at()).value_or(absl::InfinitePast()) >= since)) {
      missing.erase(unit.collector());
    } else {
      bad.push_back(absl::StrCat(unit.collector(), " on ", HostName(unit)));
    }
  }
  bad.insert(bad.end(), missing.begin(), missing.end());
  if (bad.empty()) return absl::OkStatus();
  return IncompleteError(absl::StrCat("not complete: ", absl::StrJoin(bad, ", ")));
}

}  // namespace

absl::Status RunStatus(const CommandContext& context, const StatusArguments& arguments) {
  pb::GetCoverageRequest request;
  request.set_host(arguments.host);
  pb::GetCoverageResponse response;
  if (absl::Status status = Ask(&pb::Query::StubInterface::GetCoverage, context, request, &response); !status.ok()) {
    return status;
  }
  if (context.screen->format() == OutputFormat::kJson) {
    if (absl::Status status = context.screen->JsonLines(response.units()); !status.ok()) return status;
  } else if (response.units().empty() && context.screen->format() == OutputFormat::kTable) {
    context.screen->Line("No agent has reported yet.");
  } else {
    PrintTable(context, response);
  }
  return arguments.check ? Check(response, arguments, context.now) : absl::OkStatus();
}

}  // namespace rollcall
