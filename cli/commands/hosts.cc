#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "cli/host_note.h"
#include "cli/time_text.h"

namespace rollcall {

absl::Status RunHosts(const CommandContext& context, const HostsArguments&) {
  pb::ListHostsResponse response;
  if (absl::Status status = Ask(&pb::Query::StubInterface::ListHosts, context, pb::ListHostsRequest(), &response);
      !status.ok()) {
    return status;
  }
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(response.hosts());
  const bool people = context.screen->format() == OutputFormat::kTable;
  std::vector<std::vector<std::string>> rows;
  for (const pb::HostSummary& host : response.hosts()) {
    uint64_t records = 0;
    for (const auto& [kind, count] : host.records_by_kind()) records += count;
    rows.push_back({host.hostname(), host.host_id(), host.os(), host.kernel(), host.connected() ? "yes" : "no",
                    people ? AgoText(host.last_contact(), context.now) : TimeText(host.last_contact()),
                    host.agent_version(), absl::StrCat(records), HostNote(host), host.agent_id()});
  }
  if (rows.empty() && people) {
    context.screen->Line("No host has reported yet. Enrol one with: rollcall-backend agent add");
    return absl::OkStatus();
  }
  context.screen->Rows(
      {"HOSTNAME", "HOST_ID", "OS", "KERNEL", "CONNECTED", "LAST_CONTACT", "AGENT", "RECORDS", "NOTE", "AGENT_ID"},
      rows);
  return absl::OkStatus();
}

}  // namespace rollcall
