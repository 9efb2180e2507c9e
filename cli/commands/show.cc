#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "cli/record_table.h"
#include "cli/time_text.h"
#include "proto/record_identity.h"

namespace rollcall {
namespace {

std::vector<std::vector<std::string>> EnvelopeRows(const pb::StoredRecord& stored) {
  const pb::Record& record = stored.record();
  std::vector<std::vector<std::string>> rows = {
      {"asset", record.asset_key()},
      {"host", absl::StrCat(stored.hostname(), " (", stored.host_id(), ")")},
      {"scope", ScopeText(record.scope())},
      {"category", absl::StrCat(pb::Category_Name(record.category()), " / ", pb::Element_Name(record.element()))},
      {"purposes", PurposesText(record.purposes())},
      {"collector", absl::StrCat(stored.collector(), " ", stored.collector_version())},
      {"first seen", TimeText(stored.first_seen())},
      {"this version since", TimeText(stored.valid_from())},
      {"last seen", TimeText(stored.last_seen())},
      {"not to be deleted before", NotBeforeText(stored.retention())},
      {"to be deleted by", DeadlineText(stored.retention())},
      {"fingerprint", record.fingerprint()},
  };
  if (stored.has_ended_at()) {
    rows.push_back({"ended", absl::StrCat(TimeText(stored.ended_at()), " (",
                                          pb::StoredRecord::EndReason_Name(stored.end_reason()), ")")});
  }
  if (stored.clock_suspect()) {
    rows.push_back({"clock", "the host's clock was not to be trusted; times are the backend's"});
  }
  for (const pb::Redaction& redaction : record.redactions()) {
    rows.push_back({"redacted", absl::StrCat(redaction.field(), " by rule ", redaction.rule())});
  }
  return rows;
}

}  // namespace

absl::Status RunShow(const CommandContext& context, const AssetArguments& arguments) {
  pb::GetAssetRequest request;
  request.set_asset_key(arguments.asset);
  pb::GetAssetResponse response;
  if (absl::Status status = Ask(&pb::Query::StubInterface::GetAsset, context, request, &response); !status.ok()) {
    return status;
  }
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(response.records());
  for (const pb::StoredRecord& stored : response.records()) {
    context.screen->Title(RecordTitle(stored));
    std::vector<std::vector<std::string>> rows = EnvelopeRows(stored);
    if (KindOf(stored.record()) != nullptr) {
      for (auto& [path, text] : FlattenFields(PayloadOf(stored.record()))) rows.push_back({path, text});
    }
    context.screen->Rows({"FIELD", "VALUE"}, rows);
  }
  return absl::OkStatus();
}

}  // namespace rollcall
