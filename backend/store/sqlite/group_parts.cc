#include "backend/store/sqlite/group_parts.h"

#include <algorithm>
#include <limits>
#include <string>

#include "backend/store/sqlite/staged_parts.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr uint32_t kLastPart = std::numeric_limits<uint32_t>::max();

bool SameRun(const PreparedBatch& a, const PreparedBatch& b) {
  return a.generation == b.generation && a.epoch == b.epoch && a.collector == b.collector && a.agent == b.agent &&
         a.scope.type() == b.scope.type() && a.scope.id() == b.scope.id();
}

}  // namespace

bool GroupParts::LastFollows(size_t index) const {
  const auto later = group_.subspan(index + 1);
  return std::any_of(later.begin(), later.end(),
                     [&](const PreparedBatch& batch) { return batch.last && SameRun(batch, group_[index]); });
}

absl::StatusOr<bool> GroupParts::Keep(Connection* db, int64_t unit_id, size_t index) {
  const PreparedBatch& batch = group_[index];
  DropOlder(unit_id, batch.epoch, batch.generation);
  const Key key(unit_id, batch.epoch, batch.generation, batch.part);
  if (kept_.contains(key)) return false;
  if (!LastFollows(index)) return StagePart(db, unit_id, batch);
  ROLLCALL_ASSIGN_OR_RETURN(const bool staged, HasPart(db, unit_id, RunKey(batch.epoch, batch.generation), batch.part));
  if (staged) return false;
  kept_[key] = &batch;
  return true;
}

absl::StatusOr<bool> GroupParts::HasAllBefore(Connection* db, int64_t unit_id, const PreparedBatch& last) const {
  const auto first = kept_.lower_bound({unit_id, last.epoch, last.generation, 0});
  const auto end = kept_.lower_bound({unit_id, last.epoch, last.generation, last.part});
  const auto here = static_cast<uint32_t>(std::distance(first, end));
  if (here == last.part) return true;
  ROLLCALL_ASSIGN_OR_RETURN(const uint32_t staged,
                            CountPartsBefore(db, unit_id, RunKey(last.epoch, last.generation), last.part));
  return here + staged == last.part;
}

const PreparedBatch* GroupParts::Find(int64_t unit_id, const PreparedBatch& last, uint32_t part) const {
  const auto found = kept_.find({unit_id, last.epoch, last.generation, part});
  return found != kept_.end() ? found->second : nullptr;
}

absl::Status GroupParts::MoveToDatabase(Connection* db, int64_t unit_id, const PreparedBatch& last) {
  const auto first = kept_.lower_bound({unit_id, last.epoch, last.generation, 0});
  const auto end = kept_.upper_bound({unit_id, last.epoch, last.generation, kLastPart});
  for (auto it = first; it != end; ++it) {
    ROLLCALL_RETURN_IF_ERROR(StagePart(db, unit_id, *it->second).status());
  }
  kept_.erase(first, end);
  return absl::OkStatus();
}

absl::Status GroupParts::DropThrough(Connection* db, int64_t unit_id, const PreparedBatch& last) {
  DropOlder(unit_id, last.epoch, last.generation);
  kept_.erase(kept_.lower_bound({unit_id, last.epoch, last.generation, 0}),
              kept_.upper_bound({unit_id, last.epoch, last.generation, kLastPart}));
  return DropPartsThrough(db, unit_id, RunKey(last.epoch, last.generation));
}

void GroupParts::DropOlder(int64_t unit_id, uint64_t epoch, uint64_t generation) {
  kept_.erase(kept_.lower_bound({unit_id, 0, 0, 0}), kept_.lower_bound({unit_id, epoch, generation, 0}));
}

}  // namespace rollcall
