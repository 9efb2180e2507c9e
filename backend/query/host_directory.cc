#include "backend/query/host_directory.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/kind_registry.h"

namespace rollcall {
namespace {

constexpr size_t kScanPage = 1000;
constexpr size_t kNamedCandidates = 5;

void TakeHostRecord(const StoredVersion& version, std::map<std::string, HostEntry>* entries) {
  const auto it = entries->find(version.agent.agent_id);
  pb::Record record;
  if (it == entries->end() || !record.ParseFromString(version.payload)) return;
  it->second.hostname = record.host().hostname();
  it->second.os = record.host().os().pretty_name();
  it->second.kernel = record.host().kernel().release();
  it->second.clone_of = record.host().clone_of();
}

bool AreTwoMachines(const AgentRow& a, const AgentRow& b) {
  if (a.contact.boot_id.empty() || b.contact.boot_id.empty() || a.contact.boot_id == b.contact.boot_id) return false;
  const bool overlap = a.first_contact <= b.last_contact && b.first_contact <= a.last_contact;
  const absl::Duration apart = absl::AbsDuration(a.last_contact - b.last_contact);
  return overlap && apart < kCloneSuspicionPeriod;
}

}  // namespace

void MarkSharedHostIds(std::map<std::string, HostEntry>* entries) {
  std::map<absl::string_view, std::vector<HostEntry*>> by_host_id;
  for (auto& [agent_id, entry] : *entries) {
    if (entry.row.contacted && !entry.row.contact.host_id.empty()) {
      by_host_id[entry.row.contact.host_id].push_back(&entry);
    }
  }
  for (const auto& [host_id, sharers] : by_host_id) {
    // An image used ten thousand times must not cost their square: one partner is enough.
    for (HostEntry* one : sharers) {
      one->host_id_shared = std::any_of(sharers.begin(), sharers.end(),
                                        [one](const HostEntry* other) { return AreTwoMachines(one->row, other->row); });
    }
  }
}

HostDirectory::HostDirectory(std::vector<HostEntry> entries) {
  for (HostEntry& entry : entries) {
    std::string id = entry.row.contact.agent.agent_id;
    entries_.emplace(std::move(id), std::move(entry));
  }
}

absl::StatusOr<HostDirectory> HostDirectory::Load(const GuardedStore& store, const Access& access) {
  if (!store.MayRead(access, pb::Record::kHost)) return HostDirectory({});
  absl::StatusOr<std::vector<AgentRow>> rows = store.ListAgents(access);
  if (!rows.ok()) return rows.status();
  std::vector<HostEntry> entries;
  for (AgentRow& row : *rows) entries.push_back(HostEntry{.row = std::move(row)});
  HostDirectory directory(std::move(entries));
  GuardedScan query;
  query.kind = pb::Record::kHost;
  std::string cursor;
  do {
    absl::StatusOr<ScanPage> page = store.Scan(access, query, cursor, kScanPage);
    if (!page.ok()) return page.status();
    for (const StoredVersion& version : page->versions) TakeHostRecord(version, &directory.entries_);
    cursor = page->next_cursor;
  } while (!cursor.empty());
  MarkSharedHostIds(&directory.entries_);
  return directory;
}

const HostEntry* HostDirectory::Find(absl::string_view agent_id) const {
  const auto it = entries_.find(std::string(agent_id));
  return it == entries_.end() ? nullptr : &it->second;
}

absl::StatusOr<std::vector<std::string>> HostDirectory::Resolve(absl::string_view name) const {
  std::vector<std::string> exact;
  std::vector<std::string> prefixed;
  for (const auto& [id, entry] : entries_) {
    const std::string& host_id = entry.row.contact.host_id;
    if (id == name || host_id == name || entry.hostname == name) {
      exact.push_back(id);
    } else if (absl::StartsWith(id, name) || absl::StartsWith(host_id, name) ||
               absl::StartsWith(entry.hostname, name)) {
      prefixed.push_back(id);
    }
  }
  if (name.empty()) return absl::InvalidArgumentError("find host: no name given");
  if (!exact.empty()) return exact;
  if (prefixed.size() == 1) return prefixed;
  if (prefixed.empty()) return absl::NotFoundError(absl::StrCat("find host ", name, ": there is none of that name"));
  std::vector<std::string> names;
  for (const std::string& id : prefixed) {
    if (names.size() == kNamedCandidates) break;
    const HostEntry& entry = entries_.at(id);
    names.push_back(entry.hostname.empty() ? id : entry.hostname);
  }
  return absl::InvalidArgumentError(absl::StrCat("find host ", name, ": ", prefixed.size(),
                                                 " hosts begin with that, such as ", absl::StrJoin(names, ", ")));
}

}  // namespace rollcall
