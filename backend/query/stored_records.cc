#include "backend/query/stored_records.h"

#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "proto/kind_registry.h"
#include "proto/record_identity.h"
#include "proto/wire_time.h"

namespace rollcall {

absl::StatusOr<pb::StoredRecord> ToStoredRecord(const StoredVersion& version, const HostEntry* host) {
  pb::StoredRecord stored;
  if (!stored.mutable_record()->ParseFromString(version.payload) || KindOf(stored.record()) == nullptr) {
    return absl::DataLossError(absl::StrCat("read record of agent ", version.agent.agent_id, ": it is damaged"));
  }
  FillDerivedFields(stored.mutable_record());
  // What counts is when the backend takes it to be collected; they differ if the clock is suspect.
  *stored.mutable_record()->mutable_collected_at() = ToWire(version.collected_at);
  stored.set_agent_id(version.agent.agent_id);
  if (host != nullptr) {
    stored.set_host_id(host->row.contact.host_id);
    stored.set_hostname(host->hostname);
  }
  stored.set_collector(version.collector);
  stored.set_collector_version(version.collector_version);
  *stored.mutable_received_at() = ToWire(version.received_at);
  *stored.mutable_first_seen() = ToWire(version.first_seen);
  *stored.mutable_valid_from() = ToWire(version.valid_from);
  *stored.mutable_last_seen() = ToWire(version.last_seen);
  if (version.ended_at.has_value()) *stored.mutable_ended_at() = ToWire(*version.ended_at);
  stored.set_end_reason(version.end_reason);
  stored.set_clock_suspect(version.clock_suspect);
  return stored;
}

std::vector<std::pair<const StoredVersion*, const StoredVersion*>> DiffVersions(
    const std::vector<StoredVersion>& before, const std::vector<StoredVersion>& after) {
  using Asset = std::tuple<AgentName, int, AssetKey>;
  std::map<Asset, std::pair<const StoredVersion*, const StoredVersion*>> assets;
  for (const StoredVersion& version : before) {
    assets[{version.agent, version.kind, version.asset_key}].first = &version;
  }
  for (const StoredVersion& version : after) {
    assets[{version.agent, version.kind, version.asset_key}].second = &version;
  }
  std::vector<std::pair<const StoredVersion*, const StoredVersion*>> changes;
  for (const auto& [asset, pair] : assets) {
    const bool same =
        pair.first != nullptr && pair.second != nullptr && pair.first->fingerprint == pair.second->fingerprint;
    if (!same) changes.push_back(pair);
  }
  return changes;
}

}  // namespace rollcall
