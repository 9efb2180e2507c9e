// The store as those who answer callers see it: nothing of it can be read without an Access.
#ifndef ROLLCALL_BACKEND_ACCESS_GUARDED_STORE_H_
#define ROLLCALL_BACKEND_ACCESS_GUARDED_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/access/access.h"
#include "backend/store/store.h"

namespace rollcall {

// A ScanQuery without a tenant: that is the access's.
struct GuardedScan {
  // All agents of the tenant if empty.
  std::vector<std::string> agent_ids;
  // All kinds that may be read if 0.
  int kind = 0;
  // Versions valid at that instant; current versions if unset.
  std::optional<absl::Time> at;
};

// Names a unit of the access's tenant.
struct GuardedUnit {
  std::string agent_id;
  std::string collector;
  pb::Scope scope;
};

// Reads and changes the access's tenant only, and yields only rows of kinds that may be read for its purpose; the
// decision is made anew for every row. Facts of agents and units that are no records are as the `host` kind.
// Thread-safe. Errors: PermissionDenied if nothing of what is asked for may be read, Internal if the store
// yields another tenant's rows, others from the store.
class GuardedStore {
 public:
  // Options of a kind; nullptr if it is unknown, and then nothing of it is read.
  using KindLookup = const pb::KindOptions* (*)(int kind);
  static const pb::KindOptions* DeclaredOptions(int kind);

  // `store` outlives this.
  explicit GuardedStore(Store* store, KindLookup kinds = &DeclaredOptions) : store_(store), kinds_(kinds) {}

  bool MayRead(const Access& access, int kind) const;
  absl::Status CheckRead(const Access& access, int kind) const;

  absl::StatusOr<std::vector<AgentRow>> ListAgents(const Access& access) const;
  // Units of one agent, or of the whole tenant if `agent_id` is empty.
  absl::StatusOr<std::vector<UnitInfo>> ListUnits(const Access& access, absl::string_view agent_id) const;
  absl::StatusOr<std::vector<Store::KindCount>> CountRecords(const Access& access) const;
  // A page may be shorter than `limit`, or empty, and go on.
  absl::StatusOr<ScanPage> Scan(const Access& access, const GuardedScan& query, absl::string_view cursor,
                                size_t limit) const;
  // Keys that begin with `prefix` and have a version that may be read, the `limit` smallest. PermissionDenied if there
  // are such keys and none may be read; ResourceExhausted if too many of others stand before them.
  absl::StatusOr<std::vector<AssetKey>> FindAssets(const Access& access, absl::string_view prefix, size_t limit) const;
  absl::StatusOr<std::vector<StoredVersion>> History(const Access& access, const AssetKey& key) const;

  absl::StatusOr<uint64_t> CountWrittenBy(const Access& access, const GuardedUnit& unit,
                                          absl::string_view collector_version) const;
  absl::StatusOr<uint64_t> Retract(const Access& access, const GuardedUnit& unit, absl::string_view collector_version,
                                   absl::Time at) const;

 private:
  // Drops what may not be read.
  absl::Status Filter(const Access& access, std::vector<StoredVersion>* versions) const;

  Store* const store_;
  const KindLookup kinds_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_GUARDED_STORE_H_
