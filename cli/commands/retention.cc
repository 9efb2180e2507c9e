#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/command.h"
#include "cli/record_table.h"
#include "cli/time_text.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

std::vector<std::string> SampleRow(const pb::StoredRecord& stored) {
  const pb::Record& record = stored.record();
  return {RecordTitle(stored),
          absl::StrCat(pb::Category_Name(record.category()), "/", pb::Element_Name(record.element())),
          PurposesText(record.purposes()),
          NotBeforeText(stored.retention()),
          DeadlineText(stored.retention()),
          record.asset_key().substr(0, 12)};
}

void PrintExplanation(Screen* screen, const pb::ExplainRetentionResponse::Explanation& explanation) {
  const pb::StoredRecord& stored = explanation.record();
  const pb::RetentionDates& dates = stored.retention();
  screen->Title(RecordTitle(stored));
  screen->Line(absl::StrCat("  on ", stored.hostname(), ", policy ", dates.policy_id(), " version ",
                            dates.policy_version(), ", clauses ", absl::StrJoin(dates.clauses(), ", ")));
  for (const std::string& step : explanation.steps()) screen->Line(absl::StrCat("  * ", step));
  screen->Line(absl::StrCat("  => not to be deleted before ", TimeText(dates.not_before())));
  screen->Line(absl::StrCat("  => to be deleted by ", DeadlineText(dates)));
}

}  // namespace

absl::Status RunRetentionExplain(const CommandContext& context, const AssetArguments& arguments) {
  pb::ExplainRetentionRequest request;
  request.set_asset_key(arguments.asset);
  pb::ExplainRetentionResponse response;
  if (absl::Status status = Ask(&pb::Query::StubInterface::ExplainRetention, context, request, &response);
      !status.ok()) {
    return status;
  }
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(response.explanations());
  for (const auto& explanation : response.explanations()) PrintExplanation(context.screen, explanation);
  return absl::OkStatus();
}

absl::Status RunRetentionSample(const CommandContext& context) {
  std::vector<pb::StoredRecord> sample;
  for (const Kind& kind : AllKinds()) {
    pb::ListRecordsRequest request;
    request.set_kind(kind.options->name());
    request.set_page_size(1);
    pb::ListRecordsResponse response;
    if (absl::Status status = Ask(&pb::Query::StubInterface::ListRecords, context, request, &response); !status.ok()) {
      return status;
    }
    if (response.records_size() > 0) sample.push_back(response.records(0));
  }
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(sample);
  std::vector<std::vector<std::string>> rows;
  for (const pb::StoredRecord& record : sample) rows.push_back(SampleRow(record));
  context.screen->Rows({"RECORD", "CATEGORY/ELEMENT", "PURPOSE", "NOT_BEFORE", "DELETED_BY", "ASSET"}, rows);
  return absl::OkStatus();
}

}  // namespace rollcall
