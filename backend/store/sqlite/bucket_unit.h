// The unit whose rows are being deleted or put back.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_BUCKET_UNIT_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_BUCKET_UNIT_H_

#include <map>
#include <memory>

#include "backend/store/bucket_store.h"
#include "backend/store/sqlite/connection.h"
#include "backend/store/sqlite/units.h"

namespace rollcall {

// Keeps digest and counts of one unit in step with its current records while some come or go. Lives within one
// transaction. Not thread-safe.
class BucketUnit {
 public:
  // The unit of the row; nullptr if it is unknown.
  static absl::StatusOr<std::unique_ptr<BucketUnit>> Find(Connection* db, const BucketRow& row);

  // Whether the row is of this unit.
  bool Has(const BucketRow& row) const;
  // The hosting service of its agent.
  absl::string_view service() const { return service_; }
  // When it was last seen whole, or kNeverComplete.
  int64_t last_complete_at() const { return reported_.state.last_complete_at; }
  // Binds tenant, agent, unit, kind and asset key.
  Statement& BindKey(Statement& statement, const StoredVersion& version) const;

  // A current record was deleted, or is current again.
  void Remove(const StoredVersion& version);
  void Add(const StoredVersion& version);
  // Writes what changed; with `purged` the last run says so if the set lost records. Call once, last.
  absl::Status Finish(Connection* db, bool purged);

 private:
  BucketUnit(UnitName name, ReportedUnit reported, std::string service)
      : name_(std::move(name)), reported_(std::move(reported)), service_(std::move(service)) {}

  UnitName name_;
  ReportedUnit reported_;
  std::string service_;
  std::map<int, int64_t> kind_differences_;
  bool set_changed_ = false;
};

// Compares with the highest fence the tenant was shown, and keeps it if it is higher. FailedPrecondition if it is
// lower, NotFound if there is no such tenant.
absl::Status PassFence(Connection* db, absl::string_view tenant, uint64_t fence);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_BUCKET_UNIT_H_
