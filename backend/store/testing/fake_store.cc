#include "backend/store/testing/fake_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "backend/store/retracted_run.h"

namespace rollcall {
namespace {

constexpr std::chrono::seconds kPatience(10);

std::string HexOf(const AssetKey& key) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
}

bool ValidAt(const StoredVersion& version, const std::optional<absl::Time>& at) {
  if (!at.has_value()) return !version.ended_at.has_value();
  return version.valid_from <= *at && (!version.ended_at.has_value() || *version.ended_at > *at);
}

bool Matches(const StoredVersion& version, const ScanQuery& query) {
  const bool asked_agent = query.agent_ids.empty() || std::find(query.agent_ids.begin(), query.agent_ids.end(),
                                                                version.agent.agent_id) != query.agent_ids.end();
  return version.agent.tenant == query.tenant && asked_agent && (query.kind == 0 || query.kind == version.kind) &&
         ValidAt(version, query.at);
}

bool IsSameUnit(const UnitInfo& info, const UnitName& name) {
  return info.agent == name.agent && info.collector == name.collector && ScopeText(info.scope) == ScopeText(name.scope);
}

// The fake's versions know no scope.
bool IsWrittenBy(const StoredVersion& version, const UnitName& unit, absl::string_view collector_version) {
  return version.agent == unit.agent && version.collector == unit.collector &&
         version.collector_version == collector_version && !version.ended_at.has_value();
}

}  // namespace

void FakeStore::SetVerdict(Verdict verdict) {
  const std::lock_guard lock(mutex_);
  verdict_ = std::move(verdict);
}

void FakeStore::FailNextApplies(int times, absl::Status status) {
  const std::lock_guard lock(mutex_);
  failures_left_ = times;
  failure_ = std::move(status);
}

void FakeStore::HoldApplies(bool hold) {
  const std::lock_guard lock(mutex_);
  hold_ = hold;
  changed_.notify_all();
}

void FakeStore::SetWritable(absl::Status status) {
  const std::lock_guard lock(mutex_);
  writable_ = std::move(status);
}

void FakeStore::AddUnit(const UnitInfo& unit) {
  const std::lock_guard lock(mutex_);
  units_.push_back(unit);
}

void FakeStore::AddVersion(const StoredVersion& version) {
  const std::lock_guard lock(mutex_);
  versions_.push_back(version);
}

void FakeStore::AddAgent(const AgentRow& row) {
  const std::lock_guard lock(mutex_);
  agents_[row.contact.agent] = row;
}

std::vector<PreparedBatch> FakeStore::Applied() const {
  const std::lock_guard lock(mutex_);
  return applied_;
}

std::vector<size_t> FakeStore::GroupSizes() const {
  const std::lock_guard lock(mutex_);
  return group_sizes_;
}

std::vector<AgentContact> FakeStore::Contacts() const {
  const std::lock_guard lock(mutex_);
  return contacts_;
}

bool FakeStore::AwaitApplied(size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return applied_.size() >= count; });
}

bool FakeStore::AwaitApplyCalls(size_t count) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return apply_calls_ >= count; });
}

absl::Status FakeStore::AddTenant(absl::string_view /*tenant*/, absl::Time /*at*/) { return absl::OkStatus(); }

absl::Status FakeStore::EnrollAgent(const AgentName& agent, absl::Time at) {
  const std::lock_guard lock(mutex_);
  AgentRow& row = agents_[agent];
  row.contact.agent = agent;
  row.enrolled_at = at;
  return absl::OkStatus();
}

absl::StatusOr<bool> FakeStore::IsEnrolled(const AgentName& agent) {
  const std::lock_guard lock(mutex_);
  return agents_.count(agent) > 0;
}

absl::Status FakeStore::RecordContact(const AgentContact& contact) {
  const std::lock_guard lock(mutex_);
  const auto it = agents_.find(contact.agent);
  if (it == agents_.end()) return absl::NotFoundError("record contact: the agent is not enrolled");
  it->second.contact = contact;
  it->second.contacted = true;
  it->second.last_contact = contact.at;
  contacts_.push_back(contact);
  changed_.notify_all();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ApplyOutcome>> FakeStore::ApplyGroup(absl::Span<const PreparedBatch> batches) {
  std::unique_lock lock(mutex_);
  ++apply_calls_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !hold_; });
  if (failures_left_ > 0) {
    --failures_left_;
    return failure_;
  }
  std::vector<ApplyOutcome> outcomes;
  for (const PreparedBatch& batch : batches) {
    const RunPart part{batch.agent, batch.collector, ScopeText(batch.scope), batch.epoch, batch.generation, batch.part};
    ApplyOutcome outcome;
    if (!seen_.insert(part).second) {
      outcome.verdict = ApplyVerdict::kDuplicate;
    } else {
      outcome = verdict_ ? verdict_(batch) : ApplyOutcome();
      applied_.push_back(batch);
    }
    outcomes.push_back(outcome);
  }
  group_sizes_.push_back(batches.size());
  changed_.notify_all();
  return outcomes;
}

absl::StatusOr<std::vector<bool>> FakeStore::ConfirmUnits(const AgentName& agent,
                                                          absl::Span<const PreparedConfirmation> confirmations,
                                                          absl::Time received_at) {
  const std::lock_guard lock(mutex_);
  std::vector<bool> answers;
  for (const PreparedConfirmation& confirmation : confirmations) {
    const auto unit = std::find_if(units_.begin(), units_.end(), [&](const UnitInfo& candidate) {
      return candidate.agent == agent && candidate.collector == confirmation.collector &&
             ScopeText(candidate.scope) == ScopeText(confirmation.scope) && candidate.epoch == confirmation.epoch &&
             candidate.generation == confirmation.generation && candidate.digest.low() == confirmation.digest_low;
    });
    answers.push_back(unit != units_.end());
    if (unit != units_.end()) unit->last_run_received_at = received_at;
  }
  changed_.notify_all();
  return answers;
}

absl::StatusOr<std::vector<AgentRow>> FakeStore::ListAgents(absl::string_view tenant) {
  const std::lock_guard lock(mutex_);
  std::vector<AgentRow> rows;
  for (const auto& [name, row] : agents_) {
    if (name.tenant == tenant) rows.push_back(row);
  }
  return rows;
}

absl::StatusOr<std::vector<UnitInfo>> FakeStore::ListUnits(absl::string_view tenant, absl::string_view agent_id) {
  const std::lock_guard lock(mutex_);
  std::vector<UnitInfo> units;
  for (const UnitInfo& unit : units_) {
    if (unit.agent.tenant == tenant && (agent_id.empty() || unit.agent.agent_id == agent_id)) units.push_back(unit);
  }
  return units;
}

absl::StatusOr<std::vector<Store::KindCount>> FakeStore::CountRecords(absl::string_view tenant) {
  const std::lock_guard lock(mutex_);
  std::map<std::pair<std::string, int>, uint64_t> counts;
  for (const StoredVersion& version : versions_) {
    if (version.agent.tenant == tenant && !version.ended_at.has_value()) {
      ++counts[{version.agent.agent_id, version.kind}];
    }
  }
  std::vector<KindCount> rows;
  for (const auto& [key, count] : counts) rows.push_back({key.first, key.second, count});
  return rows;
}

absl::StatusOr<ScanPage> FakeStore::Scan(const ScanQuery& query, absl::string_view cursor, size_t limit) {
  const std::lock_guard lock(mutex_);
  size_t position = 0;
  if (!cursor.empty() && !absl::SimpleAtoi(cursor, &position)) return absl::InvalidArgumentError("scan: bad cursor");
  ScanPage page;
  for (; position < versions_.size(); ++position) {
    if (page.versions.size() == limit) {
      page.next_cursor = absl::StrCat(position);
      break;
    }
    if (Matches(versions_[position], query)) page.versions.push_back(versions_[position]);
  }
  return page;
}

absl::StatusOr<std::vector<AssetKey>> FakeStore::FindAssets(absl::string_view tenant, absl::string_view prefix,
                                                            size_t limit) {
  const std::lock_guard lock(mutex_);
  std::set<AssetKey> keys;
  for (const StoredVersion& version : versions_) {
    if (version.agent.tenant != tenant || !absl::StartsWith(HexOf(version.asset_key), prefix)) continue;
    if (keys.size() < limit) keys.insert(version.asset_key);
  }
  return std::vector<AssetKey>(keys.begin(), keys.end());
}

absl::StatusOr<std::vector<StoredVersion>> FakeStore::History(absl::string_view tenant, const AssetKey& key) {
  const std::lock_guard lock(mutex_);
  std::vector<StoredVersion> versions;
  for (const StoredVersion& version : versions_) {
    if (version.agent.tenant == tenant && version.asset_key == key) versions.push_back(version);
  }
  std::stable_sort(versions.begin(), versions.end(),
                   [](const auto& a, const auto& b) { return a.valid_from < b.valid_from; });
  return versions;
}

absl::StatusOr<uint64_t> FakeStore::CountWrittenBy(const UnitName& unit, absl::string_view collector_version) {
  const std::lock_guard lock(mutex_);
  return static_cast<uint64_t>(std::count_if(versions_.begin(), versions_.end(), [&](const StoredVersion& version) {
    return IsWrittenBy(version, unit, collector_version);
  }));
}

absl::StatusOr<uint64_t> FakeStore::Retract(const UnitName& unit, absl::string_view collector_version, absl::Time at) {
  const std::lock_guard lock(mutex_);
  const auto info = std::find_if(units_.begin(), units_.end(), [&](const UnitInfo& u) { return IsSameUnit(u, unit); });
  uint64_t count = 0;
  for (StoredVersion& version : versions_) {
    if (!IsWrittenBy(version, unit, collector_version)) continue;
    version.ended_at = std::max({at, version.last_seen, version.valid_from + absl::Nanoseconds(1)});
    version.end_reason = pb::StoredRecord::RETRACTED;
    if (info != units_.end()) info->digest.Remove(version.asset_key, version.fingerprint);
    ++count;
  }
  if (count > 0 && info != units_.end()) NoteRetraction(collector_version, count, &info->last_run);
  return count;
}

absl::Status FakeStore::CheckWritable() {
  const std::lock_guard lock(mutex_);
  return writable_;
}

}  // namespace rollcall
