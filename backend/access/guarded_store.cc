#include "backend/access/guarded_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

constexpr int kAgentFacts = pb::Record::kHost;
// Keys looked at for some that may be read.
constexpr size_t kMaxCandidates = 256;

// A store that mixes tenants up must not be believed in anything.
absl::Status CheckTenant(const Access& access, const AgentName& agent) {
  if (agent.tenant == access.tenant()) return absl::OkStatus();
  return absl::InternalError("read store: it gave a row of another tenant");
}

UnitName NameOf(const Access& access, const GuardedUnit& unit) {
  return {{access.tenant(), unit.agent_id}, unit.collector, unit.scope};
}

}  // namespace

const pb::KindOptions* GuardedStore::DeclaredOptions(int kind) {
  const Kind* found = FindKind(kind);
  return found == nullptr ? nullptr : found->options;
}

bool GuardedStore::MayRead(const Access& access, int kind) const {
  const pb::KindOptions* options = kinds_(kind);
  return options != nullptr && access.MayRead(*options);
}

absl::Status GuardedStore::CheckRead(const Access& access, int kind) const {
  const pb::KindOptions* options = kinds_(kind);
  if (options != nullptr) return access.CheckRead(*options);
  return absl::PermissionDeniedError("read records: their kind is unknown to this backend");
}

absl::Status GuardedStore::Filter(const Access& access, std::vector<StoredVersion>* versions) const {
  for (const StoredVersion& version : *versions) ROLLCALL_RETURN_IF_ERROR(CheckTenant(access, version.agent));
  versions->erase(std::remove_if(versions->begin(), versions->end(),
                                 [&](const StoredVersion& version) { return !MayRead(access, version.kind); }),
                  versions->end());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<AgentRow>> GuardedStore::ListAgents(const Access& access) const {
  ROLLCALL_RETURN_IF_ERROR(CheckRead(access, kAgentFacts));
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<AgentRow> rows, store_->ListAgents(access.tenant()));
  for (const AgentRow& row : rows) ROLLCALL_RETURN_IF_ERROR(CheckTenant(access, row.contact.agent));
  return rows;
}

absl::StatusOr<std::vector<UnitInfo>> GuardedStore::ListUnits(const Access& access, absl::string_view agent_id) const {
  ROLLCALL_RETURN_IF_ERROR(CheckRead(access, kAgentFacts));
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<UnitInfo> units, store_->ListUnits(access.tenant(), agent_id));
  for (const UnitInfo& unit : units) ROLLCALL_RETURN_IF_ERROR(CheckTenant(access, unit.agent));
  return units;
}

absl::StatusOr<std::vector<Store::KindCount>> GuardedStore::CountRecords(const Access& access) const {
  ROLLCALL_RETURN_IF_ERROR(CheckRead(access, kAgentFacts));
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<Store::KindCount> counts, store_->CountRecords(access.tenant()));
  counts.erase(std::remove_if(counts.begin(), counts.end(),
                              [&](const Store::KindCount& count) { return !MayRead(access, count.kind); }),
               counts.end());
  return counts;
}

absl::StatusOr<ScanPage> GuardedStore::Scan(const Access& access, const GuardedScan& query, absl::string_view cursor,
                                            size_t limit) const {
  if (query.kind != 0) ROLLCALL_RETURN_IF_ERROR(CheckRead(access, query.kind));
  const ScanQuery of_tenant = {access.tenant(), query.agent_ids, query.kind, query.at};
  ROLLCALL_ASSIGN_OR_RETURN(ScanPage page, store_->Scan(of_tenant, cursor, limit));
  ROLLCALL_RETURN_IF_ERROR(Filter(access, &page.versions));
  return page;
}

absl::StatusOr<std::vector<AssetKey>> GuardedStore::FindAssets(const Access& access, absl::string_view prefix,
                                                               size_t limit) const {
  for (size_t asked = limit;; asked = std::min(2 * asked, kMaxCandidates)) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<AssetKey> keys, store_->FindAssets(access.tenant(), prefix, asked));
    std::vector<AssetKey> readable;
    for (const AssetKey& key : keys) {
      if (readable.size() == limit) break;
      const absl::StatusOr<std::vector<StoredVersion>> versions = History(access, key);
      if (absl::IsPermissionDenied(versions.status())) continue;
      if (!versions.ok()) return versions.status();
      if (!versions->empty()) readable.push_back(key);
    }
    const bool all_seen = keys.size() < asked;
    if (readable.size() == limit || (all_seen && (keys.empty() || !readable.empty()))) return readable;
    if (all_seen) {
      return absl::PermissionDeniedError(
          absl::StrCat("read asset: not for the purpose ", PurposeName(access.purpose())));
    }
    if (asked >= kMaxCandidates) {
      return absl::ResourceExhaustedError("find assets: too many keys begin with that; use more digits");
    }
  }
}

absl::StatusOr<std::vector<StoredVersion>> GuardedStore::History(const Access& access, const AssetKey& key) const {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<StoredVersion> versions, store_->History(access.tenant(), key));
  const bool found = !versions.empty();
  ROLLCALL_RETURN_IF_ERROR(Filter(access, &versions));
  if (!found || !versions.empty()) return versions;
  return absl::PermissionDeniedError(absl::StrCat("read asset: not for the purpose ", PurposeName(access.purpose())));
}

absl::StatusOr<uint64_t> GuardedStore::CountWrittenBy(const Access& access, const GuardedUnit& unit,
                                                      absl::string_view collector_version) const {
  ROLLCALL_RETURN_IF_ERROR(CheckRead(access, kAgentFacts));
  return store_->CountWrittenBy(NameOf(access, unit), collector_version);
}

absl::StatusOr<uint64_t> GuardedStore::Retract(const Access& access, const GuardedUnit& unit,
                                               absl::string_view collector_version, absl::Time at) const {
  ROLLCALL_RETURN_IF_ERROR(access.CheckChange());
  return store_->Retract(NameOf(access, unit), collector_version, at);
}

}  // namespace rollcall
