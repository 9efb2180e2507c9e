#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "cli/field_changes.h"
#include "cli/record_table.h"
#include "cli/time_text.h"

namespace rollcall {
namespace {

// What this version brought, compared with the one before it on the same host.
std::string WhatHappened(const pb::StoredRecord* before, const pb::StoredRecord& version) {
  if (before == nullptr || before->agent_id() != version.agent_id()) return "first seen";
  if (before->end_reason() == pb::StoredRecord::GONE) return "came back";
  if (before->end_reason() == pb::StoredRecord::RETRACTED) {
    const std::string corrected = FieldChangesText(FieldChanges(before->record(), version.record()));
    return absl::StrCat("written anew by ", version.collector(), " ", version.collector_version(),
                        corrected.empty() ? "" : "; ", corrected);
  }
  const std::string changes = FieldChangesText(FieldChanges(before->record(), version.record()));
  return changes.empty() ? "observed again" : changes;
}

std::string EndText(const pb::StoredRecord& version) {
  if (!version.has_ended_at()) return "current";
  const absl::string_view how = version.end_reason() == pb::StoredRecord::GONE        ? " gone"
                                : version.end_reason() == pb::StoredRecord::RETRACTED ? " RETRACTED"
                                                                                      : " changed";
  return absl::StrCat(TimeText(version.ended_at()), how);
}

}  // namespace

absl::Status RunHistory(const CommandContext& context, const AssetArguments& arguments) {
  pb::GetHistoryRequest request;
  request.set_asset_key(arguments.asset);
  pb::GetHistoryResponse response;
  if (absl::Status status = Ask(&pb::Query::StubInterface::GetHistory, context, request, &response); !status.ok()) {
    return status;
  }
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(response.versions());
  if (response.versions_size() > 0) {
    context.screen->Title(RecordTitle(response.versions(response.versions_size() - 1)));
  }
  std::vector<std::vector<std::string>> rows;
  const pb::StoredRecord* before = nullptr;
  for (const pb::StoredRecord& version : response.versions()) {
    rows.push_back({version.hostname().empty() ? version.host_id() : version.hostname(), TimeText(version.valid_from()),
                    TimeText(version.last_seen()), EndText(version), WhatHappened(before, version)});
    before = &version;
  }
  context.screen->Rows({"HOST", "FROM", "LAST_SEEN", "ENDED", "WHAT"}, rows);
  return absl::OkStatus();
}

}  // namespace rollcall
