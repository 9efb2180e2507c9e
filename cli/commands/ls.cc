#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "cli/coverage_text.h"
#include "cli/kind_name.h"
#include "cli/record_table.h"
#include "cli/time_text.h"
#include "cli/where_clause.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kPage = 1000;

absl::StatusOr<pb::ListRecordsRequest> MakeRequest(const Kind& kind, const LsArguments& arguments, absl::Time now) {
  pb::ListRecordsRequest request;
  request.set_kind(kind.options->name());
  request.set_host(arguments.host);
  for (const std::string& clause : arguments.where) {
    auto filter = ParseWhereClause(clause);
    if (!filter.ok()) return filter.status();
    *request.add_filters() = *std::move(filter);
  }
  if (!arguments.at.empty()) {
    const auto at = ParseTimeText(arguments.at, now);
    if (!at.ok()) return at.status();
    *request.mutable_at() = ToWire(*at);
  }
  return request;
}

// Fetches page after page; `limit` 0 means all.
absl::Status FetchAll(const CommandContext& context, pb::ListRecordsRequest request, size_t limit,
                      std::vector<pb::StoredRecord>* records, std::vector<pb::UnitCoverage>* coverage) {
  do {
    const size_t left = limit == 0 ? kPage : std::min(kPage, limit - records->size());
    request.set_page_size(static_cast<uint32_t>(left));
    pb::ListRecordsResponse response;
    if (absl::Status status = Ask(&pb::Query::StubInterface::ListRecords, context, request, &response); !status.ok()) {
      return status;
    }
    std::move(response.mutable_records()->begin(), response.mutable_records()->end(), std::back_inserter(*records));
    std::copy(response.coverage().begin(), response.coverage().end(), std::back_inserter(*coverage));
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty() && (limit == 0 || records->size() < limit));
  return absl::OkStatus();
}

// An empty answer says why it is empty.
void ExplainEmpty(const CommandContext& context, const Kind& kind, const LsArguments& arguments,
                  const std::vector<pb::UnitCoverage>& coverage) {
  Screen* screen = context.screen;
  screen->Line(absl::StrCat("No ", kind.options->name(), " records", arguments.where.empty() ? "" : " match",
                            arguments.host.empty() ? "" : absl::StrCat(" on ", arguments.host), "."));
  if (coverage.empty()) screen->Line("No agent has reported this kind yet: see rollcall hosts and rollcall status.");
  for (const pb::UnitCoverage& unit : coverage) {
    screen->Line(absl::StrCat("  ", unit.hostname().empty() ? unit.agent_id() : unit.hostname(), " ", unit.collector(),
                              ": ", CoverageWord(unit.state()), ", ", unit.record_count(), " records, last complete ",
                              AgoText(unit.last_complete_at(), context.now), unit.reason().empty() ? "" : ". ",
                              unit.reason(), unit.remedy().empty() ? "" : " Remedy: ", unit.remedy()));
  }
}

bool OneHost(const std::vector<pb::StoredRecord>& records) {
  return std::all_of(records.begin(), records.end(),
                     [&](const pb::StoredRecord& r) { return r.agent_id() == records.front().agent_id(); });
}

}  // namespace

absl::Status RunLs(const CommandContext& context, const LsArguments& arguments) {
  const auto kind = ResolveKind(arguments.kind);
  if (!kind.ok()) return kind.status();
  const auto request = MakeRequest(**kind, arguments, context.now);
  if (!request.ok()) return request.status();
  std::vector<pb::StoredRecord> records;
  std::vector<pb::UnitCoverage> coverage;
  if (absl::Status status = FetchAll(context, *request, arguments.limit, &records, &coverage); !status.ok()) {
    return status;
  }
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(records);
  const bool people = context.screen->format() == OutputFormat::kTable;
  const auto columns = ChooseColumns(**kind, arguments.columns, context.screen->wide(), !people || !OneHost(records));
  if (!columns.ok()) return columns.status();
  if (records.empty() && people) {
    ExplainEmpty(context, **kind, arguments, coverage);
    return absl::OkStatus();
  }
  const bool wide = context.screen->wide();
  RecordRows rows = MakeRecordRows(records, *columns, {.people = people, .wide = wide, .now = context.now});
  // Whoever asked for columns gets them; of the usual ones those without content only take room.
  if (people && !wide && arguments.columns.empty()) rows = WithoutEmptyColumns(rows);
  context.screen->Rows(rows.header, rows.rows);
  return absl::OkStatus();
}

}  // namespace rollcall
