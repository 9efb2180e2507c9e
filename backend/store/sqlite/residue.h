// What the database's files still hold of what was deleted from it, and that it has to go.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_RESIDUE_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_RESIDUE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/store/sqlite/connection.h"
#include "platform/clock.h"

namespace rollcall {

// Numbers of deleting transactions, in the order they were committed.
struct ResidueState {
  // The last one.
  int64_t deleted = 0;
  // Of this one and all before it, the pages of the database hold nothing but what the log will bring there.
  int64_t scrubbed = 0;
  // Of this one and all before it, no file holds anything.
  int64_t erased = 0;
};

// To be called in every transaction that deletes for good: what it deleted is then remembered as to be erased.
absl::Status NoteDeletion(Connection* db);

// Inside the caller's transaction.
absl::StatusOr<ResidueState> ReadResidue(Connection* db);
absl::Status NoteScrubbed(Connection* db, int64_t deletion);
absl::Status NoteErased(Connection* db, int64_t deletion);

// Overwrites what the pages of the database at `path` hold between their rows, on a connection of its own, a piece at
// a time and in place. Neither readers nor writers wait: only what nobody reads is changed, and of others checkpoints
// alone change the file, which are kept off each piece by SQLite's own lock. Durable when it is OK. Unavailable if a
// checkpoint is in the way; Cancelled if `stop` is requested; DataLoss for a page that is damaged; FailedPrecondition
// if the database is too large (kMostScrubbedPages) or was made without pointer maps.
absl::Status ScrubDatabase(const std::string& path, const StopToken& stop);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_RESIDUE_H_
