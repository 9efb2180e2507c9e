#include <iterator>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "cli/host_screen.h"
#include "cli/where_clause.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

// Records of a section that are fetched: enough to count what a host usually has.
constexpr uint32_t kSectionPage = 1000;

bool Matches(const pb::HostSummary& host, const std::string& wanted) {
  return wanted.empty() || host.host_id() == wanted || host.agent_id() == wanted || host.hostname() == wanted;
}

absl::StatusOr<pb::ListRecordsResponse> List(const CommandContext& context, const std::string& kind,
                                             const std::string& agent_id, const std::vector<std::string>& where,
                                             uint32_t limit) {
  pb::ListRecordsRequest request;
  request.set_kind(kind);
  request.set_host(agent_id);
  request.set_page_size(limit);
  for (const std::string& clause : where) {
    auto filter = ParseWhereClause(clause);
    if (!filter.ok()) return filter.status();
    *request.add_filters() = *std::move(filter);
  }
  pb::ListRecordsResponse response;
  absl::Status status = Ask(&pb::Query::StubInterface::ListRecords, context, request, &response);
  if (!status.ok()) return status;
  return response;
}

// The host's one current record of a kind. Unset if this program, the backend or the host has none.
absl::StatusOr<std::optional<pb::StoredRecord>> OneRecord(const CommandContext& context, const char* kind,
                                                          const pb::HostSummary& host) {
  if (FindKind(kind) == nullptr || host.records_by_kind().count(kind) == 0) return std::nullopt;
  auto response = List(context, kind, host.agent_id(), {}, 1);
  if (!response.ok()) return response.status();
  if (response->records().empty()) return std::nullopt;
  return std::move(*response->mutable_records(0));
}

absl::Status FetchSections(const CommandContext& context, HostScreenData* data) {
  for (const HostSection& section : HostSections()) {
    if (data->host.records_by_kind().count(section.kind) == 0) continue;
    auto response = List(context, section.kind, data->host.agent_id(), section.where, kSectionPage);
    if (!response.ok()) return response.status();
    SectionRecords records;
    records.section = section;
    records.records.assign(std::make_move_iterator(response->mutable_records()->begin()),
                           std::make_move_iterator(response->mutable_records()->end()));
    records.more = !response->next_page_token().empty();
    data->sections.push_back(std::move(records));
  }
  return absl::OkStatus();
}

absl::Status ShowHost(const CommandContext& context, const pb::HostSummary& host) {
  HostScreenData data;
  data.host = host;
  auto record = OneRecord(context, "host", host);
  if (!record.ok()) return record.status();
  data.record = *std::move(record);
  auto resources = OneRecord(context, "resource_usage", host);
  if (!resources.ok()) return resources.status();
  data.resources = *std::move(resources);
  pb::GetCoverageRequest request;
  request.set_host(host.agent_id());
  pb::GetCoverageResponse coverage;
  if (absl::Status status = Ask(&pb::Query::StubInterface::GetCoverage, context, request, &coverage); !status.ok()) {
    return status;
  }
  data.coverage.assign(coverage.units().begin(), coverage.units().end());
  if (absl::Status status = FetchSections(context, &data); !status.ok()) return status;
  PrintHostScreen(context.screen, data, context.now);
  return absl::OkStatus();
}

// How many records of each kind the hosts have together.
void ShowCounts(Screen* screen, const std::vector<pb::HostSummary>& hosts) {
  std::map<std::string, uint64_t> counts;
  for (const Kind& kind : AllKinds()) counts[kind.options->name()] = 0;
  for (const pb::HostSummary& host : hosts) {
    for (const auto& [kind, count] : host.records_by_kind()) counts[kind] += count;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, count] : counts) {
    const Kind* kind = FindKind(name);
    rows.push_back({name, absl::StrCat(count), kind == nullptr ? "" : pb::Category_Name(kind->options->category()),
                    kind == nullptr ? "" : pb::Element_Name(kind->options->element())});
  }
  screen->Rows({"KIND", "RECORDS", "CATEGORY", "ELEMENT"}, rows);
}

}  // namespace

absl::Status RunSummary(const CommandContext& context, const SummaryArguments& arguments) {
  pb::ListHostsResponse response;
  if (absl::Status status = Ask(&pb::Query::StubInterface::ListHosts, context, pb::ListHostsRequest(), &response);
      !status.ok()) {
    return status;
  }
  std::vector<pb::HostSummary> hosts;
  for (const pb::HostSummary& host : response.hosts()) {
    if (Matches(host, arguments.host)) hosts.push_back(host);
  }
  if (hosts.empty() && !arguments.host.empty()) {
    return absl::NotFoundError(absl::StrCat("no host '", arguments.host, "'; rollcall hosts lists them"));
  }
  if (context.screen->format() == OutputFormat::kJson) return context.screen->JsonLines(hosts);
  if (arguments.host.empty() || context.screen->format() == OutputFormat::kCsv) {
    ShowCounts(context.screen, hosts);
    return absl::OkStatus();
  }
  for (const pb::HostSummary& host : hosts) {
    if (absl::Status status = ShowHost(context, host); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace rollcall
