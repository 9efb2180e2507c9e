// Parts of runs that come whole within one group of batches.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_GROUP_PARTS_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_GROUP_PARTS_H_

#include <cstdint>
#include <map>
#include <tuple>

#include "backend/store/sqlite/connection.h"
#include "backend/store/store.h"

namespace rollcall {

// An agent sends the parts of a run one after the other, so most often the last part is in the same
// group and transaction as the others. These then need not be written to the database to be read and
// deleted again in the same transaction: this keeps pointers to them instead. What the group leaves
// behind in the database is the same. Lives for one transaction. Not thread-safe.
class GroupParts {
 public:
  // `group` must outlive this.
  explicit GroupParts(absl::Span<const PreparedBatch> group) : group_(group) {}

  absl::Span<const PreparedBatch> group() const { return group_; }

  // Keeps a part, which is not its run's last: here if the last one follows in the group, in the database
  // otherwise. Drops those of older runs. False if the part was there already.
  absl::StatusOr<bool> Keep(Connection* db, int64_t unit_id, size_t index);
  // Whether parts 0 to `last.part` - 1 of the run are there.
  absl::StatusOr<bool> HasAllBefore(Connection* db, int64_t unit_id, const PreparedBatch& last) const;
  // The part if it is kept here; nullptr if it is in the database.
  const PreparedBatch* Find(int64_t unit_id, const PreparedBatch& last, uint32_t part) const;
  // The run could not be applied: puts its parts where they outlive the transaction.
  absl::Status MoveToDatabase(Connection* db, int64_t unit_id, const PreparedBatch& last);
  // Drops the parts of the run and of older ones, here and in the database.
  absl::Status DropThrough(Connection* db, int64_t unit_id, const PreparedBatch& last);

 private:
  // Unit, epoch, generation, part.
  using Key = std::tuple<int64_t, uint64_t, uint64_t, uint32_t>;

  bool LastFollows(size_t index) const;
  void DropOlder(int64_t unit_id, uint64_t epoch, uint64_t generation);

  const absl::Span<const PreparedBatch> group_;
  std::map<Key, const PreparedBatch*> kept_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_GROUP_PARTS_H_
