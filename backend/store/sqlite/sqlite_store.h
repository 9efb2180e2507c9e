// The embedded engine: one SQLite database, one writer, several readers.
#ifndef ROLLCALL_BACKEND_STORE_SQLITE_SQLITE_STORE_H_
#define ROLLCALL_BACKEND_STORE_SQLITE_SQLITE_STORE_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/store/bucket_store.h"
#include "backend/store/sqlite/connection.h"
#include "backend/store/sqlite/log_checkpoint.h"
#include "backend/store/sqlite/log_sync.h"
#include "backend/store/store.h"

namespace rollcall {

struct SqliteStoreOptions {
  // The database file. Created, readable by the owner only, if it is missing; its folder must exist.
  std::string path;
  // Connections for reading at the same time.
  size_t readers = 4;
  // Largest size of the database; beyond it writes fail with Unavailable. 0 is no limit.
  uint64_t max_bytes = 0;
  // Pages of the write-ahead log before it is brought into the database: 4 KiB each, and read beside it until then.
  int log_pages = 8192;
  // What makes the log durable; a test's own to see it fail. fdatasync if empty.
  LogSync::SyncFile sync_file;
};

// See Store and BucketStore. Writers wait for each other in this process; readers never wait for writers.
// A write that is answered survives a power loss; readers may see it a moment before it would. After a sync that
// failed every write is Unavailable until the store is opened again. Deleted content is overwritten (secure_delete).
class SqliteStore : public Store, public BucketStore {
 public:
  // Opens or creates the store and migrates its schema. FailedPrecondition if the database was
  // written by a newer version or another program; DataLoss if it is damaged.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(const SqliteStoreOptions& options);

  // Names of all tenants, sorted: for whoever sets the backend up, never for answering a caller.
  absl::StatusOr<std::vector<std::string>> Tenants();

  absl::Status AddTenant(absl::string_view tenant, absl::Time at) override;
  absl::Status EnrollAgent(const AgentName& agent, absl::Time at) override;
  absl::StatusOr<bool> IsEnrolled(const AgentName& agent) override;
  absl::Status RecordContact(const AgentContact& contact) override;
  absl::StatusOr<std::vector<ApplyOutcome>> ApplyGroup(absl::Span<const PreparedBatch> batches) override;
  absl::StatusOr<std::vector<bool>> ConfirmUnits(const AgentName& agent,
                                                 absl::Span<const PreparedConfirmation> confirmations,
                                                 absl::Time received_at) override;
  absl::StatusOr<std::vector<AgentRow>> ListAgents(absl::string_view tenant) override;
  absl::StatusOr<std::vector<UnitInfo>> ListUnits(absl::string_view tenant, absl::string_view agent_id) override;
  absl::StatusOr<std::vector<KindCount>> CountRecords(absl::string_view tenant) override;
  absl::StatusOr<ScanPage> Scan(const ScanQuery& query, absl::string_view cursor, size_t limit) override;
  absl::StatusOr<std::vector<AssetKey>> FindAssets(absl::string_view tenant, absl::string_view prefix,
                                                   size_t limit) override;
  absl::StatusOr<std::vector<StoredVersion>> History(absl::string_view tenant, const AssetKey& key) override;
  absl::StatusOr<uint64_t> CountWrittenBy(const UnitName& unit, absl::string_view collector_version) override;
  absl::StatusOr<uint64_t> Retract(const UnitName& unit, absl::string_view collector_version, absl::Time at) override;
  absl::Status CheckWritable() override;

  absl::StatusOr<BucketPage> ListBuckets(absl::string_view tenant, absl::TimeZone zone, absl::string_view cursor,
                                         size_t limit) override;
  absl::StatusOr<BucketRowPage> ScanBucket(const BucketRef& bucket, absl::string_view cursor, size_t limit,
                                           RowContent content) override;
  absl::StatusOr<BucketSummary> CountBucket(const BucketRef& bucket) override;
  absl::Status RaiseFence(absl::string_view tenant, uint64_t fence) override;
  absl::StatusOr<DeleteOutcome> DeleteRows(const BucketRef& bucket, uint64_t fence, absl::Span<const BucketRow> rows,
                                           absl::FunctionRef<bool()> go_on) override;
  absl::StatusOr<uint64_t> DropStaged(const BucketRef& bucket, uint64_t fence) override;
  absl::StatusOr<RestoreOutcome> RestoreRows(const BucketRef& bucket, uint64_t fence,
                                             absl::Span<const BucketRow> rows) override;
  absl::Status EraseResidue(const StopToken& stop) override;

  // Rows inserted, changed and deleted by this object.
  int64_t rows_written();

 private:
  SqliteStore(const SqliteStoreOptions& options, std::unique_ptr<Connection> writer, std::unique_ptr<LogSync> sync,
              std::unique_ptr<LogCheckpoint> checkpoint);

  // Runs `write` in a transaction on the writer, commits if it gives OK, and names `what` in errors. Returns when
  // everything it may have seen is durable.
  template <typename Write>
  absl::Status InWriteTransaction(absl::string_view what, Write write);
  // The same without waiting: gives the commit to wait for.
  template <typename Write>
  absl::StatusOr<uint64_t> Commit(Write write);
  // Runs `read` in one snapshot on a reader.
  template <typename Read>
  auto InReadTransaction(absl::string_view what, Read read) -> decltype(read(nullptr));

  const std::string path_;
  std::mutex writer_mutex_;
  std::atomic<int> waiting_{0};         // for writer_mutex_
  std::unique_ptr<Connection> writer_;  // guarded by writer_mutex_
  int64_t seen_version_ = 0;            // guarded by writer_mutex_
  const std::unique_ptr<LogSync> sync_;
  const std::unique_ptr<LogCheckpoint> checkpoint_;
  ReaderPool readers_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_STORE_SQLITE_SQLITE_STORE_H_
