#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "cli/field_changes.h"
#include "cli/kind_name.h"
#include "cli/record_table.h"
#include "cli/time_text.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kShortKey = 12;

absl::StatusOr<pb::DiffHostRequest> MakeRequest(const DiffArguments& arguments, absl::Time now) {
  pb::DiffHostRequest request;
  request.set_host(arguments.host);
  const auto from = ParseTimeText(arguments.from, now);
  if (!from.ok()) return from.status();
  const auto to = ParseTimeText(arguments.to, now);
  if (!to.ok()) return to.status();
  if (*to <= *from) return absl::InvalidArgumentError("--to must be later than --from");
  *request.mutable_from() = ToWire(*from);
  *request.mutable_to() = ToWire(*to);
  for (const std::string& name : arguments.kinds) {
    const auto kind = ResolveKind(name);
    if (!kind.ok()) return kind.status();
    request.add_kinds((*kind)->options->name());
  }
  return request;
}

std::vector<std::string> Row(const pb::DiffHostResponse::Change& change) {
  const pb::StoredRecord& shown = change.has_after() ? change.after() : change.before();
  const std::string key = shown.record().asset_key().substr(0, kShortKey);
  if (!change.has_before()) return {"+", RecordTitle(shown), "", key};
  if (!change.has_after()) return {"-", RecordTitle(shown), "", key};
  return {"~", RecordTitle(shown), FieldChangesText(FieldChanges(change.before().record(), change.after().record())),
          key};
}

}  // namespace

absl::Status RunDiff(const CommandContext& context, const DiffArguments& arguments) {
  const auto request = MakeRequest(arguments, context.now);
  if (!request.ok()) return request.status();
  pb::DiffHostResponse response;
  if (absl::Status status = Ask(&pb::Query::StubInterface::DiffHost, context, *request, &response); !status.ok()) {
    return status;
  }
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(response.changes());
  if (response.changes_size() == 0 && context.screen->format() == OutputFormat::kTable) {
    context.screen->Line(absl::StrCat("Nothing changed on ", arguments.host, " between ", TimeText(request->from()),
                                      " and ", TimeText(request->to()), "."));
    return absl::OkStatus();
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& change : response.changes()) rows.push_back(Row(change));
  context.screen->Rows({"", "RECORD", "CHANGES", "ASSET"}, rows);
  return absl::OkStatus();
}

}  // namespace rollcall
