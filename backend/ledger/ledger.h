// The ledger: an append-only log of what was decided and done about data, as a Merkle tree (RFC 6962).
//
// Entries appended at the same time by several threads share one write and one sync. What Append has
// returned survives a crash and a loss of power; what a crash tears is cut off when the ledger is opened,
// kept beside it, and told in an entry of its own. Damage to what was acknowledged is never cut: opening
// fails, and a person has to look.
//
// For the engine: append PURGE_INTENDED after the guards and before the first deletion, one entry per
// store's evidence and per destroyed key, then the certificate (backend/ledger/certificate.h). After a
// crash repeat what has no entry yet; entries with a unique_key are not appended twice.
#ifndef ROLLCALL_BACKEND_LEDGER_LEDGER_H_
#define ROLLCALL_BACKEND_LEDGER_LEDGER_H_

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "backend/ledger/ledger_files.h"
#include "backend/ledger/log_frame.h"
#include "backend/ledger/merkle_tree.h"
#include "backend/ledger/node_file.h"
#include "platform/clock.h"
#include "rollcall/v1/ledger.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// A state of the log.
struct TreeHead {
  uint64_t size = 0;
  LedgerHash root = {};
};

// Where an entry is.
struct Appended {
  uint64_t index = 0;
  // False if an earlier entry has its unique key.
  bool is_new = false;
};

// What opening found.
struct LedgerRecovery {
  uint64_t leaves = 0;
  // Bytes of a torn end that were cut off now.
  uint64_t cut_bytes = 0;
};

// Checks what callers set in an entry: that it says something, and the lengths of its parts. InvalidArgument
// says what is wrong. Pure.
absl::Status CheckLedgerEntry(const pb::LedgerEntry& entry);

// Thread-safe.
class Ledger {
 public:
  // Opens the ledger in `files`, or makes one, and reads all of it: every leaf is hashed and every root
  // compared, some 100 MB a second. `clock` dates the entry about a torn end and outlives the ledger.
  // FailedPrecondition if another process has it open, DataLoss if an acknowledged part of it is damaged or missing.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(std::unique_ptr<LedgerFiles> files, const Clock* clock);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Appends one entry; returns when it is durable. `index` and `previous_leaf_hash` are set by the ledger.
  // InvalidArgument if the entry is not right; nothing is appended then. After any other error it is
  // unknown whether it was, and the ledger refuses everything until it is opened again.
  absl::StatusOr<Appended> Append(pb::LedgerEntry entry);
  // The same for several, in order. They may be spread over several frames, so a crash may leave the first
  // of them only; unless this returned OK.
  absl::StatusOr<std::vector<Appended>> AppendAll(std::vector<pb::LedgerEntry> entries);

  TreeHead Head() const;
  // The entry that has `unique_key`.
  std::optional<uint64_t> Find(absl::string_view unique_key) const;
  // The bytes of a leaf. OutOfRange past the end.
  absl::StatusOr<std::string> Leaf(uint64_t index) const;

  // Of the first `size` leaves. OutOfRange if there are fewer; DataLoss if stored nodes cannot be read.
  absl::StatusOr<LedgerHash> Root(uint64_t size) const;
  absl::StatusOr<std::vector<LedgerHash>> InclusionProof(uint64_t index, uint64_t size) const;
  absl::StatusOr<std::vector<LedgerHash>> ConsistencyProof(uint64_t old_size, uint64_t new_size) const;

  const LedgerRecovery& recovery() const { return recovery_; }

 private:
  // Entries of one caller, while they wait.
  struct Waiting {
    std::vector<pb::LedgerEntry> entries;
    std::vector<Appended> appended;
    absl::Status status;
    bool done = false;
  };
  // Leaves made and not yet published.
  struct Batch;

  Ledger(std::unique_ptr<LedgerFiles> files, const Clock* clock);

  absl::Status Recover();
  absl::Status OpenLog();
  // Takes frames up to the end or the first that is not whole; log_end_ is there.
  absl::Status ReadLog(uint64_t log_bytes);
  // False if the frame is not whole. An error if it is, and wrong all the same.
  absl::StatusOr<bool> TakeFrame(uint64_t offset, absl::string_view bytes);
  absl::Status TakeLeaves(uint64_t first, const std::vector<absl::string_view>& leaves,
                          const std::vector<LedgerHash>& hashes);
  absl::Status CheckAcknowledged(const Acknowledged& acknowledged) const;
  absl::Status CheckTorn(absl::string_view rest, uint64_t acknowledged_bytes) const;
  absl::Status CutTail(uint64_t log_bytes, uint64_t acknowledged_bytes);
  absl::Status TellOfCuts();

  // Steps of the thread that commits for all.
  absl::Status Commit(const std::vector<Waiting*>& group);
  absl::Status MakeLeaf(pb::LedgerEntry* entry, Batch* batch, Appended* appended);
  absl::Status WriteFrame(Batch* batch);
  void Publish(Batch* batch);

  absl::Status CheckSize(uint64_t size) const;

  const std::unique_ptr<LedgerFiles> files_;
  const Clock* const clock_;
  std::unique_ptr<LedgerFile> log_;
  std::unique_ptr<LedgerFile> acknowledged_;
  std::unique_ptr<NodeFile> nodes_;
  LedgerRecovery recovery_;

  // Of the thread that commits (leading_), or that opens.
  TreeHasher hasher_;
  GrowingTree tree_;
  LedgerHash last_leaf_ = {};
  // The bytes of a leaf while it is appended: a million leaves take no million buffers.
  std::string leaf_;
  uint64_t log_end_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable committed_;
  std::deque<Waiting*> queue_;
  bool leading_ = false;
  absl::Status broken_;
  TreeHead head_;
  // First leaf and offset of every frame.
  std::vector<std::pair<uint64_t, uint64_t>> frames_;
  absl::flat_hash_map<std::string, uint64_t> unique_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_LEDGER_H_
