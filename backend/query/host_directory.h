// The tenant's hosts: who they are and how people may name them.
#ifndef ROLLCALL_BACKEND_QUERY_HOST_DIRECTORY_H_
#define ROLLCALL_BACKEND_QUERY_HOST_DIRECTORY_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/access/guarded_store.h"

namespace rollcall {

struct HostEntry {
  AgentRow row;
  // From the agent's current `host` record; empty before it reported one.
  std::string hostname;
  std::string os;
  std::string kernel;
  std::string clone_of;
  // Another entry has this host id and is another machine; see MarkSharedHostIds.
  bool host_id_shared = false;
};

// Marks entries that have one host id and were in contact over the same time with different boot
// ids: two machines, not one that was enrolled anew. A suspicion ends as the store's does, when
// one of them is not heard of for kCloneSuspicionPeriod. Pure.
void MarkSharedHostIds(std::map<std::string, HostEntry>* entries);

// A snapshot of a tenant's hosts. Immutable once loaded.
class HostDirectory {
 public:
  // Of the access's tenant; empty if hosts may not be read for its purpose: records that may be read then have no
  // host names.
  static absl::StatusOr<HostDirectory> Load(const GuardedStore& store, const Access& access);
  explicit HostDirectory(std::vector<HostEntry> entries);

  // In order of agent id.
  const std::map<std::string, HostEntry>& entries() const { return entries_; }
  // nullptr if the agent is not enrolled.
  const HostEntry* Find(absl::string_view agent_id) const;

  // Agents that `name` means: an exact agent id, host id or hostname, else a prefix of one that
  // fits a single host. An exact host id or hostname may be shared by several agents, then all
  // are meant. NotFound, or InvalidArgument naming the candidates of an ambiguous prefix.
  absl::StatusOr<std::vector<std::string>> Resolve(absl::string_view name) const;

 private:
  std::map<std::string, HostEntry> entries_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_HOST_DIRECTORY_H_
