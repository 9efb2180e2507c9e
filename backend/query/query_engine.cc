#include "backend/query/query_engine.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/query/coverage.h"
#include "backend/query/record_filter.h"
#include "backend/query/stored_records.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr uint32_t kDefaultPage = 500;
constexpr uint32_t kMaxPage = 1000;
constexpr size_t kScanPage = 1000;
constexpr size_t kMaxDiffVersions = 200'000;
constexpr absl::Duration kScanBudget = absl::Seconds(5);
constexpr size_t kMinPrefix = 4;
constexpr size_t kNamedCandidates = 5;

std::string KeyHex(const AssetKey& key) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
}

absl::StatusOr<const Kind*> KindNamed(const std::string& name) {
  if (const Kind* kind = FindKind(name); kind != nullptr) return kind;
  std::vector<std::string> names;
  for (const Kind& kind : AllKinds()) names.push_back(kind.options->name());
  return absl::InvalidArgumentError(absl::StrCat("read kind \"", absl::CHexEscape(name.substr(0, 64)),
                                                 "\": the kinds are ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<absl::Time> RequestTime(const google::protobuf::Timestamp& wire, absl::string_view field) {
  const std::optional<absl::Time> time = FromWire(wire);
  if (time.has_value()) return *time;
  return absl::InvalidArgumentError(absl::StrCat("read request: ", field, " is not a time"));
}

absl::Status CheckHexPrefix(const std::string& prefix) {
  if (prefix.size() < kMinPrefix || prefix.size() > 2 * sizeof(AssetKey)) {
    return absl::InvalidArgumentError("find asset: a key has 32 hex digits, and at least 4 of them are needed");
  }
  const bool hex = std::all_of(prefix.begin(), prefix.end(), [](char c) { return absl::ascii_isxdigit(c); });
  return hex ? absl::OkStatus() : absl::InvalidArgumentError("find asset: a key has hex digits only");
}

}  // namespace

// Kinds to compare that may be read. A kind the request names must be readable; of "all kinds" those are left
// out that are not, and samples, which differ at any two times.
absl::StatusOr<std::vector<const Kind*>> QueryEngine::ReadableKinds(
    const Access& access, const google::protobuf::RepeatedPtrField<std::string>& names) const {
  std::vector<const Kind*> kinds;
  absl::Status denied;
  for (const std::string& name : names) {
    absl::StatusOr<const Kind*> kind = KindNamed(name);
    if (!kind.ok()) return kind.status();
    if (absl::Status status = store_->CheckRead(access, (*kind)->number); !status.ok()) return status;
    kinds.push_back(*kind);
  }
  if (!names.empty()) return kinds;
  for (const Kind& kind : AllKinds()) {
    if (kind.options->sample()) continue;
    absl::Status status = store_->CheckRead(access, kind.number);
    if (status.ok()) kinds.push_back(&kind);
    if (!status.ok()) denied = status;
  }
  if (kinds.empty()) return denied;
  return kinds;
}

absl::StatusOr<pb::StoredRecord> QueryEngine::Present(const StoredVersion& version, const HostDirectory& hosts) const {
  const HostEntry* host = hosts.Find(version.agent.agent_id);
  absl::StatusOr<pb::StoredRecord> stored = ToStoredRecord(version, host);
  if (!stored.ok()) return stored;
  const AgentContact contact = host == nullptr ? AgentContact{version.agent} : host->row.contact;
  absl::StatusOr<RetentionAnswer> answer = retention_->Explain(version, contact, clock_->Now());
  if (!answer.ok()) return answer.status();
  *stored->mutable_retention() = std::move(answer->dates);
  return stored;
}

absl::Status QueryEngine::ListHosts(const Access& access, const pb::ListHostsRequest& request,
                                    pb::ListHostsResponse* response) const {
  if (absl::Status status = store_->CheckRead(access, pb::Record::kHost); !status.ok()) return status;
  absl::StatusOr<HostDirectory> hosts = HostDirectory::Load(*store_, access);
  if (!hosts.ok()) return hosts.status();
  absl::StatusOr<std::vector<Store::KindCount>> counts = store_->CountRecords(access);
  if (!counts.ok()) return counts.status();
  std::map<std::string, pb::HostSummary*> summaries;
  for (const auto& [id, entry] : hosts->entries()) {
    pb::HostSummary* summary = response->add_hosts();
    summaries[id] = summary;
    summary->set_agent_id(id);
    summary->set_host_id(entry.row.contact.host_id);
    summary->set_hostname(entry.hostname);
    summary->set_os(entry.os);
    summary->set_kernel(entry.kernel);
    summary->set_agent_version(entry.row.contact.agent_version);
    summary->set_clone_suspected(entry.row.clone_suspected);
    summary->set_host_id_shared(entry.host_id_shared);
    summary->set_clone_of(entry.clone_of);
    summary->set_connected(connected_(entry.row.contact.agent));
    if (!entry.row.contacted) continue;
    *summary->mutable_first_contact() = ToWire(entry.row.first_contact);
    *summary->mutable_last_contact() = ToWire(entry.row.last_contact);
  }
  for (const Store::KindCount& count : *counts) {
    const Kind* kind = FindKind(count.kind);
    const auto it = summaries.find(count.agent_id);
    if (kind == nullptr || it == summaries.end()) continue;
    (*it->second->mutable_records_by_kind())[kind->options->name()] = count.count;
  }
  return absl::OkStatus();
}

absl::Status QueryEngine::ListRecords(const Access& access, const pb::ListRecordsRequest& request,
                                      pb::ListRecordsResponse* response) const {
  absl::StatusOr<const Kind*> kind = KindNamed(request.kind());
  if (!kind.ok()) return kind.status();
  if (absl::Status status = store_->CheckRead(access, (*kind)->number); !status.ok()) return status;
  absl::StatusOr<RecordFilter> filter = RecordFilter::Compile(**kind, request.filters());
  if (!filter.ok()) return filter.status();
  absl::StatusOr<HostDirectory> hosts = HostDirectory::Load(*store_, access);
  if (!hosts.ok()) return hosts.status();

  GuardedScan query;
  query.kind = (*kind)->number;
  if (!request.host().empty()) {
    absl::StatusOr<std::vector<std::string>> agents = hosts->Resolve(request.host());
    if (!agents.ok()) return agents.status();
    query.agent_ids = *std::move(agents);
  }
  if (request.has_at()) {
    absl::StatusOr<absl::Time> at = RequestTime(request.at(), "at");
    if (!at.ok()) return at.status();
    query.at = *at;
  }
  std::string cursor;
  if (!absl::WebSafeBase64Unescape(request.page_token(), &cursor)) {
    return absl::InvalidArgumentError("list records: the page token is not one of ours");
  }
  const size_t page_size = request.page_size() == 0 ? kDefaultPage : std::min(request.page_size(), kMaxPage);
  const absl::Duration started = clock_->Monotonic();
  for (;;) {
    // A page may be shorter than asked for, so what is left is never scanned row by row.
    const size_t left = page_size - static_cast<size_t>(response->records_size());
    absl::StatusOr<ScanPage> page = store_->Scan(access, query, cursor, left);
    if (!page.ok()) return page.status();
    for (const StoredVersion& version : page->versions) {
      absl::StatusOr<pb::StoredRecord> stored = Present(version, *hosts);
      if (!stored.ok()) return stored.status();
      if (filter->Matches(*stored)) *response->add_records() = *std::move(stored);
    }
    cursor = page->next_cursor;
    const size_t found = static_cast<size_t>(response->records_size());
    if (cursor.empty() || found > page_size - page_size / 8 || found == page_size) break;
    if (clock_->Monotonic() - started > kScanBudget) break;
  }
  response->set_next_page_token(absl::WebSafeBase64Escape(cursor));
  const bool nothing = response->records().empty() && cursor.empty() && request.page_token().empty();
  return nothing && store_->MayRead(access, pb::Record::kHost)
             ? AddCoverage(access, *hosts, query.agent_ids, response->mutable_coverage())
             : absl::OkStatus();
}

absl::StatusOr<std::vector<StoredVersion>> QueryEngine::FindAsset(const Access& access,
                                                                  const std::string& prefix) const {
  if (absl::Status status = CheckHexPrefix(prefix); !status.ok()) return status;
  absl::StatusOr<std::vector<AssetKey>> keys =
      store_->FindAssets(access, absl::AsciiStrToLower(prefix), kNamedCandidates + 1);
  if (!keys.ok()) return keys.status();
  if (keys->empty()) {
    return absl::NotFoundError(absl::StrCat("find asset ", prefix, ": there is no asset with that key"));
  }
  if (keys->size() > 1) {
    const std::string candidates =
        absl::StrJoin(*keys, ", ", [](std::string* out, const AssetKey& key) { out->append(KeyHex(key)); });
    return absl::InvalidArgumentError(
        absl::StrCat("find asset ", prefix, ": several keys begin with that, such as ", candidates));
  }
  return store_->History(access, keys->front());
}

absl::Status QueryEngine::GetAsset(const Access& access, const pb::GetAssetRequest& request,
                                   pb::GetAssetResponse* response) const {
  absl::StatusOr<std::vector<StoredVersion>> versions = FindAsset(access, request.asset_key());
  if (!versions.ok()) return versions.status();
  absl::StatusOr<HostDirectory> hosts = HostDirectory::Load(*store_, access);
  if (!hosts.ok()) return hosts.status();
  std::map<AgentName, const StoredVersion*> latest;  // they come oldest first
  for (const StoredVersion& version : *versions) latest[version.agent] = &version;
  for (const auto& [agent, version] : latest) {
    absl::StatusOr<pb::StoredRecord> stored = Present(*version, *hosts);
    if (!stored.ok()) return stored.status();
    *response->add_records() = *std::move(stored);
  }
  return absl::OkStatus();
}

absl::Status QueryEngine::GetHistory(const Access& access, const pb::GetHistoryRequest& request,
                                     pb::GetHistoryResponse* response) const {
  absl::StatusOr<std::vector<StoredVersion>> versions = FindAsset(access, request.asset_key());
  if (!versions.ok()) return versions.status();
  absl::StatusOr<HostDirectory> hosts = HostDirectory::Load(*store_, access);
  if (!hosts.ok()) return hosts.status();
  for (const StoredVersion& version : *versions) {
    absl::StatusOr<pb::StoredRecord> stored = Present(version, *hosts);
    if (!stored.ok()) return stored.status();
    *response->add_versions() = *std::move(stored);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StoredVersion>> QueryEngine::ScanAll(const Access& access, const GuardedScan& query,
                                                                const std::vector<const Kind*>& kinds) const {
  std::vector<StoredVersion> versions;
  for (const Kind* kind : kinds) {
    GuardedScan of_kind = query;
    of_kind.kind = kind->number;
    std::string cursor;
    do {
      absl::StatusOr<ScanPage> page = store_->Scan(access, of_kind, cursor, kScanPage);
      if (!page.ok()) return page.status();
      std::move(page->versions.begin(), page->versions.end(), std::back_inserter(versions));
      cursor = page->next_cursor;
      if (versions.size() > kMaxDiffVersions) {
        return absl::ResourceExhaustedError("compare host: too many records; name the kinds to compare");
      }
    } while (!cursor.empty());
  }
  return versions;
}

absl::Status QueryEngine::DiffHost(const Access& access, const pb::DiffHostRequest& request,
                                   pb::DiffHostResponse* response) const {
  absl::StatusOr<std::vector<const Kind*>> kinds = ReadableKinds(access, request.kinds());
  if (!kinds.ok()) return kinds.status();
  if (!request.has_from()) return absl::InvalidArgumentError("compare host: no time to compare from");
  absl::StatusOr<absl::Time> from = RequestTime(request.from(), "from");
  if (!from.ok()) return from.status();
  absl::StatusOr<absl::Time> to = request.has_to() ? RequestTime(request.to(), "to") : clock_->Now();
  if (!to.ok()) return to.status();
  if (*to < *from) return absl::InvalidArgumentError("compare host: `to` is before `from`");
  absl::StatusOr<HostDirectory> hosts = HostDirectory::Load(*store_, access);
  if (!hosts.ok()) return hosts.status();
  absl::StatusOr<std::vector<std::string>> agents = hosts->Resolve(request.host());
  if (!agents.ok()) return agents.status();
  GuardedScan query;
  query.agent_ids = *std::move(agents);
  query.at = *from;
  const absl::StatusOr<std::vector<StoredVersion>> before = ScanAll(access, query, *kinds);
  if (!before.ok()) return before.status();
  query.at = *to;
  const absl::StatusOr<std::vector<StoredVersion>> after = ScanAll(access, query, *kinds);
  if (!after.ok()) return after.status();
  for (const auto& [old_version, new_version] : DiffVersions(*before, *after)) {
    pb::DiffHostResponse::Change* change = response->add_changes();
    for (const auto& [version, slot] : {std::pair{old_version, true}, std::pair{new_version, false}}) {
      if (version == nullptr) continue;
      absl::StatusOr<pb::StoredRecord> stored = Present(*version, *hosts);
      if (!stored.ok()) return stored.status();
      *(slot ? change->mutable_before() : change->mutable_after()) = *std::move(stored);
    }
  }
  return absl::OkStatus();
}

absl::Status QueryEngine::ExplainRetention(const Access& access, const pb::ExplainRetentionRequest& request,
                                           pb::ExplainRetentionResponse* response) const {
  absl::StatusOr<std::vector<StoredVersion>> versions = FindAsset(access, request.asset_key());
  if (!versions.ok()) return versions.status();
  absl::StatusOr<HostDirectory> hosts = HostDirectory::Load(*store_, access);
  if (!hosts.ok()) return hosts.status();
  for (const StoredVersion& version : *versions) {
    const HostEntry* host = hosts->Find(version.agent.agent_id);
    absl::StatusOr<pb::StoredRecord> stored = ToStoredRecord(version, host);
    if (!stored.ok()) return stored.status();
    const AgentContact contact = host == nullptr ? AgentContact{version.agent} : host->row.contact;
    absl::StatusOr<RetentionAnswer> answer = retention_->Explain(version, contact, clock_->Now());
    if (!answer.ok()) return answer.status();
    auto* explanation = response->add_explanations();
    *stored->mutable_retention() = std::move(answer->dates);
    *explanation->mutable_record() = *std::move(stored);
    for (std::string& step : answer->steps) explanation->add_steps(std::move(step));
  }
  return absl::OkStatus();
}

absl::Status QueryEngine::AddCoverage(const Access& access, const HostDirectory& hosts,
                                      const std::vector<std::string>& agent_ids,
                                      google::protobuf::RepeatedPtrField<pb::UnitCoverage>* units) const {
  const auto asked = [&](const std::string& id) {
    return agent_ids.empty() || std::find(agent_ids.begin(), agent_ids.end(), id) != agent_ids.end();
  };
  const std::string one_agent = agent_ids.size() == 1 ? agent_ids.front() : "";
  absl::StatusOr<std::vector<UnitInfo>> infos = store_->ListUnits(access, one_agent);
  if (!infos.ok()) return infos.status();
  std::map<std::string, std::vector<pb::UnitCoverage>> by_agent;
  for (const UnitInfo& info : *infos) {
    if (!asked(info.agent.agent_id)) continue;
    ContactRhythm rhythm = rhythm_;
    if (connected_(info.agent)) rhythm.contact_gap = absl::ZeroDuration();
    by_agent[info.agent.agent_id].push_back(CoverageOf(info, clock_->Now(), rhythm));
  }
  for (const auto& [id, entry] : hosts.entries()) {
    if (asked(id) && by_agent.count(id) == 0) by_agent[id].push_back(CoverageOfSilentAgent(entry.row));
  }
  for (auto& [id, coverages] : by_agent) {
    const HostEntry* host = hosts.Find(id);
    for (pb::UnitCoverage& coverage : coverages) {
      if (host != nullptr) {
        coverage.set_host_id(host->row.contact.host_id);
        coverage.set_hostname(host->hostname);
      }
      *units->Add() = std::move(coverage);
    }
  }
  return absl::OkStatus();
}

absl::Status QueryEngine::GetCoverage(const Access& access, const pb::GetCoverageRequest& request,
                                      pb::GetCoverageResponse* response) const {
  if (absl::Status status = store_->CheckRead(access, pb::Record::kHost); !status.ok()) return status;
  absl::StatusOr<HostDirectory> hosts = HostDirectory::Load(*store_, access);
  if (!hosts.ok()) return hosts.status();
  std::vector<std::string> agents;
  if (!request.host().empty()) {
    absl::StatusOr<std::vector<std::string>> resolved = hosts->Resolve(request.host());
    if (!resolved.ok()) return resolved.status();
    agents = *std::move(resolved);
  }
  return AddCoverage(access, *hosts, agents, response->mutable_units());
}

}  // namespace rollcall
