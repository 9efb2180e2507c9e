// Writes of one run to a unit's current records and history.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_RECORD_WRITER_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_RECORD_WRITER_H_

#include <cstring>
#include <map>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "backend/store/sqlite/connection.h"
#include "backend/store/sqlite/prepared_rows.h"
#include "backend/store/sqlite/units.h"
#include "backend/store/store.h"

namespace rollcall {

// Applies what a run found and missed to the records of a unit, keeping `unit->digest` in step.
// Lives for one run, inside one transaction. Not thread-safe.
class RecordWriter {
 public:
  // `result` must outlive the writer.
  RecordWriter(Connection* db, UnitState* unit, const pb::RunResult& result, absl::Time received_at);

  // So many more records will be found, or fewer.
  void Expect(size_t records) { found_.reserve(found_.size() + records); }
  // Writes a found record if it is new or its fingerprint differs. Of a key found twice in the run
  // the first counts. A sample is written unless it is there already. `record` must outlive the next Flush.
  absl::Status Found(const PreparedRecord& record);
  // Writes what was found and is new, which is kept back until then to be written together.
  absl::Status Flush();
  // Ends an asset that the run missed; nothing if the run found it or the unit does not have it.
  absl::Status Missed(const AssetKey& key);
  // Ends every asset that the run has not found.
  absl::Status MissedAllOthers();
  // Writes the counts. Call once, last, after Flush.
  absl::Status Finish();

  uint64_t inserted() const { return inserted_; }
  uint64_t changed() const { return changed_; }
  uint64_t retired() const { return retired_; }
  int64_t run_time() const { return run_time_; }

 private:
  struct KeyHash {
    size_t operator()(const AssetKey& key) const {
      size_t hash;  // the key is a cryptographic hash already
      std::memcpy(&hash, key.data(), sizeof(hash));
      return hash;
    }
  };
  // What is needed of a current row to end or replace it.
  struct Current {
    int kind = 0;
    Fingerprint fingerprint{};
    int64_t first_seen = 0;
    int64_t valid_from = 0;
  };
  struct Past {
    int64_t first_seen = 0;
    int64_t ended_at = 0;
  };

  absl::StatusOr<std::optional<Current>> ReadCurrent(int kind, const AssetKey& key);
  // The unit's last ended version of the asset.
  absl::StatusOr<std::optional<Past>> ReadPast(int kind, const AssetKey& key);
  absl::StatusOr<bool> UnitHasHistory();
  absl::Status FoundSample(const PreparedRecord& record);
  absl::Status InsertPastSample(const PreparedRecord& record, const Current& successor);
  // These two leave the digest to the caller. What is inserted is not there before Flush.
  absl::Status Insert(const PreparedRecord& record);
  absl::Status Replace(const PreparedRecord& record, const Current& old);
  absl::Status Retire(const AssetKey& key, const Current& old);
  // Copies the current row to the history. Returns when it ended.
  absl::StatusOr<int64_t> CopyToHistory(const AssetKey& key, const Current& old, int64_t ended_at,
                                        pb::StoredRecord::EndReason reason);
  Statement& BindKey(Statement& statement, int kind, const AssetKey& key) const;

  Connection* const db_;
  UnitState* const unit_;
  const std::string& collector_version_;
  const int64_t received_at_;
  const int64_t run_time_;
  // An empty unit is filled without looking for what it has.
  const bool starts_empty_;
  // New, and not yet written.
  PreparedRows new_rows_;
  std::optional<bool> has_history_;
  absl::flat_hash_set<AssetKey, KeyHash> found_;
  std::map<int, int64_t> kind_differences_;
  uint64_t inserted_ = 0;
  uint64_t changed_ = 0;
  uint64_t retired_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_RECORD_WRITER_H_
