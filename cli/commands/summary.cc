#include <map>

#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

bool Matches(const pb::HostSummary& host, const std::string& wanted) {
  return wanted.empty() || host.host_id() == wanted || host.agent_id() == wanted || host.hostname() == wanted;
}

}  // namespace

absl::Status RunSummary(const CommandContext& context, const SummaryArguments& arguments) {
  pb::ListHostsResponse response;
  if (absl::Status status = Ask(&pb::Query::StubInterface::ListHosts, context, pb::ListHostsRequest(), &response);
      !status.ok()) {
    return status;
  }
  std::map<std::string, uint64_t> counts;
  for (const Kind& kind : AllKinds()) counts[kind.options->name()] = 0;
  std::vector<pb::HostSummary> hosts;
  for (const pb::HostSummary& host : response.hosts()) {
    if (!Matches(host, arguments.host)) continue;
    for (const auto& [kind, count] : host.records_by_kind()) counts[kind] += count;
    hosts.push_back(host);
  }
  if (hosts.empty() && !arguments.host.empty()) {
    return absl::NotFoundError(absl::StrCat("no host '", arguments.host, "'; rollcall hosts lists them"));
  }
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(hosts);
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, count] : counts) {
    const Kind* kind = FindKind(name);
    rows.push_back({name, absl::StrCat(count), kind == nullptr ? "" : pb::Category_Name(kind->options->category()),
                    kind == nullptr ? "" : pb::Element_Name(kind->options->element())});
  }
  context.screen->Rows({"KIND", "RECORDS", "CATEGORY", "ELEMENT"}, rows);
  return absl::OkStatus();
}

}  // namespace rollcall
