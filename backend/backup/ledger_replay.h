// What a ledger says that must not come back with a backup.
#ifndef ROLLCALL_BACKEND_BACKUP_LEDGER_REPLAY_H_
#define ROLLCALL_BACKEND_BACKUP_LEDGER_REPLAY_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/ledger/ledger.h"

namespace rollcall {

// A bucket whose deletion began; from there it was irrevocable.
struct Tombstone {
  pb::BucketName bucket;
  bool certified = false;
  // Whether the ledger has it only since the backup.
  bool since_backup = false;
};

struct LedgerReplay {
  // By the bucket's tag (BucketTag).
  std::map<std::string, Tombstone> tombstones;
  // Of all keys the ledger says are destroyed.
  std::set<std::string> destroyed_keys;
  // What became known since the backup, one line each, such as `t-100 hold court-7 PLACED`: a backup's lifecycle
  // database does not have it, and the ledger has no contents.
  std::vector<std::string> news;
};

// Reads all of the ledger. `backup_size` is how many entries it had in the backup. DataLoss if an entry cannot be
// parsed. Pure.
absl::StatusOr<LedgerReplay> ReplayLedger(const Ledger& ledger, uint64_t backup_size);

// Whether the ledger continues the one of `size` entries and that root. FailedPrecondition if it is shorter or another.
absl::Status CheckContinues(const Ledger& ledger, uint64_t size, absl::string_view root);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_BACKUP_LEDGER_REPLAY_H_
