// Parts of runs, kept until the last part comes.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_STAGED_PARTS_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_STAGED_PARTS_H_

#include <string>
#include <vector>

#include "backend/store/sqlite/connection.h"
#include "backend/store/store.h"

namespace rollcall {

// What a part brings.
struct PartBody {
  std::vector<PreparedRecord> records;
  std::vector<AssetKey> retired;
};

// The body as bytes, and back. DataLoss if the bytes were not written by EncodePart.
std::string EncodePart(absl::Span<const PreparedRecord> records, absl::Span<const AssetKey> retired);
absl::StatusOr<PartBody> DecodePart(absl::string_view bytes);

// Name of a run in the table; sorts as (epoch, generation).
std::string RunKey(uint64_t epoch, uint64_t generation);

// Keeps a part, and drops those of older runs. False if the part was there already.
absl::StatusOr<bool> StagePart(Connection* db, int64_t unit_id, const PreparedBatch& batch);
// Whether that part of a run is there, and how many of its parts 0 to `end` - 1 are.
absl::StatusOr<bool> HasPart(Connection* db, int64_t unit_id, absl::string_view run, uint32_t part);
absl::StatusOr<uint32_t> CountPartsBefore(Connection* db, int64_t unit_id, absl::string_view run, uint32_t end);
absl::StatusOr<PartBody> ReadPart(Connection* db, int64_t unit_id, absl::string_view run, uint32_t part);
// Drops the parts of a run and of older ones.
absl::Status DropPartsThrough(Connection* db, int64_t unit_id, absl::string_view run);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_STAGED_PARTS_H_
