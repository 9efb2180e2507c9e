#include "backend/store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/store/sqlite/agents.h"
#include "backend/store/sqlite/apply.h"
#include "backend/store/sqlite/bucket_unit.h"
#include "backend/store/sqlite/buckets.h"
#include "backend/store/sqlite/prepared_rows.h"
#include "backend/store/sqlite/purge.h"
#include "backend/store/sqlite/residue.h"
#include "backend/store/sqlite/restore.h"
#include "backend/store/sqlite/retract.h"
#include "backend/store/sqlite/scan.h"
#include "backend/store/sqlite/schema.h"
#include "backend/store/sqlite/units.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

absl::Status Annotate(absl::string_view what, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(what, ": ", status.message()));
}

// SQLite would create the file with the process's umask; records are nobody else's business.
absl::Status CreatePrivateFile(const std::string& path) {
  const ScopedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (fd.valid()) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "create file");
}

absl::Status LimitSize(Connection* connection, uint64_t max_bytes) {
  if (max_bytes == 0) return absl::OkStatus();
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t page_size, connection->QueryInt("PRAGMA page_size"));
  const uint64_t pages = max_bytes / static_cast<uint64_t>(page_size);
  return connection->Execute(absl::StrCat("PRAGMA max_page_count=", pages).c_str());
}

// Whether all that was in the log is in the database now: nobody reads an earlier state, and nobody else brings it
// over.
absl::StatusOr<bool> Checkpointed(Connection* connection) {
  Statement row = connection->Prepare("PRAGMA wal_checkpoint(PASSIVE)");
  ROLLCALL_RETURN_IF_ERROR(row.Step().status());
  const bool busy = row.ColumnInt(0) != 0;
  return !busy && row.ColumnInt(1) == row.ColumnInt(2);
}

// From now on commits write the log and do not sync it. What an earlier process may have left unsynced there, after a
// sync that failed, is brought into the database first: what follows it in the log could not be read without it.
// Another process's reader may be in the way; it is waited for as long as for any other lock.
absl::Status LeaveSyncToUs(Connection* connection) {
  constexpr int kWaitMs = 20;
  for (int waited = 0;; waited += kWaitMs) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool all, Checkpointed(connection));
    if (all) return connection->Execute("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0");
    if (waited >= kBusyTimeoutMs) break;
    sqlite3_sleep(kWaitMs);
  }
  return absl::UnavailableError(
      "bring the write-ahead log into the database: another process reads an earlier state of it, and does not end");
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(const SqliteStoreOptions& options) {
  const std::string what = absl::StrCat("open store ", options.path);
  if (absl::Status status = CreatePrivateFile(options.path); !status.ok()) return Annotate(what, status);
  absl::StatusOr<std::unique_ptr<Connection>> writer = Connection::Open(options.path, Connection::Mode::kReadWrite);
  if (!writer.ok()) return Annotate(what, writer.status());
  if (absl::Status status = PrepareSchema(writer->get()); !status.ok()) return Annotate(what, status);
  if (absl::Status status = AddPreparedRows(writer->get()); !status.ok()) return Annotate(what, status);
  if (absl::Status status = LimitSize(writer->get(), options.max_bytes); !status.ok()) return Annotate(what, status);
  if (absl::Status status = LeaveSyncToUs(writer->get()); !status.ok()) return Annotate(what, status);
  auto sync = LogSync::Open(options.path, options.sync_file ? options.sync_file : LogSync::SyncFile(::fdatasync));
  if (!sync.ok()) return Annotate(what, sync.status());
  auto checkpoint = LogCheckpoint::Open(options.path, options.log_pages);
  if (!checkpoint.ok()) return Annotate(what, checkpoint.status());
  return std::unique_ptr<SqliteStore>(
      new SqliteStore(options, *std::move(writer), *std::move(sync), *std::move(checkpoint)));
}

SqliteStore::SqliteStore(const SqliteStoreOptions& options, std::unique_ptr<Connection> writer,
                         std::unique_ptr<LogSync> sync, std::unique_ptr<LogCheckpoint> checkpoint)
    : path_(options.path),
      writer_(std::move(writer)),
      sync_(std::move(sync)),
      checkpoint_(std::move(checkpoint)),
      readers_(options.path, options.readers) {
  writer_->OnCommit([this](int pages) {
    sync_->OnCommit();
    checkpoint_->OnCommit(pages);
  });
}

template <typename Write>
absl::Status SqliteStore::InWriteTransaction(absl::string_view what, Write write) {
  const absl::StatusOr<uint64_t> commit = Commit(write);
  if (!commit.ok()) return Annotate(what, commit.status());
  absl::Status status = sync_->Await(*commit);
  if (status.ok()) checkpoint_->RunIfDue(&writer_mutex_);
  return Annotate(what, status);
}

template <typename Write>
absl::StatusOr<uint64_t> SqliteStore::Commit(Write write) {
  ++waiting_;
  const std::lock_guard<std::mutex> lock(writer_mutex_);
  --waiting_;
  ROLLCALL_RETURN_IF_ERROR(sync_->health());
  ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(writer_.get()));
  ROLLCALL_RETURN_IF_ERROR(write(writer_.get()));
  // Also what it only looked at has to be durable before it is answered; another process's commits too.
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t version, writer_->QueryInt("PRAGMA data_version"));
  if (version != std::exchange(seen_version_, version)) sync_->OnCommit();
  ROLLCALL_RETURN_IF_ERROR(transaction.Commit());
  return sync_->last_commit();
}

template <typename Read>
auto SqliteStore::InReadTransaction(absl::string_view what, Read read) -> decltype(read(nullptr)) {
  absl::StatusOr<ReaderPool::Lease> lease = readers_.Take();
  if (!lease.ok()) return Annotate(what, lease.status());
  absl::StatusOr<Transaction> transaction = Transaction::BeginRead(lease->get());
  if (!transaction.ok()) return Annotate(what, transaction.status());
  auto result = read(lease->get());
  if (!result.ok()) return Annotate(what, result.status());
  return result;
}

absl::StatusOr<std::vector<std::string>> SqliteStore::Tenants() {
  return InReadTransaction("list tenants", [](Connection* db) { return ReadTenants(db); });
}

absl::Status SqliteStore::AddTenant(absl::string_view tenant, absl::Time at) {
  return InWriteTransaction(absl::StrCat("add tenant ", tenant),
                            [&](Connection* db) { return InsertTenant(db, tenant, at); });
}

absl::Status SqliteStore::EnrollAgent(const AgentName& agent, absl::Time at) {
  return InWriteTransaction(absl::StrCat("enroll agent ", agent.agent_id),
                            [&](Connection* db) { return InsertAgent(db, agent, at); });
}

absl::StatusOr<bool> SqliteStore::IsEnrolled(const AgentName& agent) {
  return InReadTransaction(absl::StrCat("look up agent ", agent.agent_id),
                           [&](Connection* db) { return AgentExists(db, agent); });
}

absl::Status SqliteStore::RecordContact(const AgentContact& contact) {
  return InWriteTransaction(absl::StrCat("record contact of agent ", contact.agent.agent_id),
                            [&](Connection* db) { return UpdateContact(db, contact); });
}

absl::StatusOr<std::vector<ApplyOutcome>> SqliteStore::ApplyGroup(absl::Span<const PreparedBatch> batches) {
  std::vector<ApplyOutcome> outcomes;
  outcomes.reserve(batches.size());
  absl::Status status = InWriteTransaction("apply batches", [&](Connection* db) -> absl::Status {
    GroupParts parts(batches);
    for (size_t index = 0; index < batches.size(); ++index) {
      ROLLCALL_ASSIGN_OR_RETURN(ApplyOutcome outcome, ApplyBatch(db, index, &parts));
      outcomes.push_back(outcome);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return outcomes;
}

absl::StatusOr<std::vector<bool>> SqliteStore::ConfirmUnits(const AgentName& agent,
                                                            absl::Span<const PreparedConfirmation> confirmations,
                                                            absl::Time received_at) {
  std::vector<bool> answers;
  answers.reserve(confirmations.size());
  absl::Status status = InWriteTransaction("confirm units", [&](Connection* db) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<AgentIds> ids, FindAgentIds(db, agent));
    if (!ids.has_value()) return absl::NotFoundError(absl::StrCat("agent ", agent.agent_id, " is not enrolled"));
    for (const PreparedConfirmation& confirmation : confirmations) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool confirmed, ConfirmUnit(db, *ids, confirmation, received_at));
      answers.push_back(confirmed);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return answers;
}

absl::StatusOr<std::vector<AgentRow>> SqliteStore::ListAgents(absl::string_view tenant) {
  return InReadTransaction("list agents", [&](Connection* db) { return ReadAgents(db, tenant); });
}

absl::StatusOr<std::vector<UnitInfo>> SqliteStore::ListUnits(absl::string_view tenant, absl::string_view agent_id) {
  return InReadTransaction("list units", [&](Connection* db) { return ReadUnits(db, tenant, agent_id); });
}

absl::StatusOr<std::vector<Store::KindCount>> SqliteStore::CountRecords(absl::string_view tenant) {
  return InReadTransaction("count records", [&](Connection* db) { return ReadKindCounts(db, tenant); });
}

absl::StatusOr<ScanPage> SqliteStore::Scan(const ScanQuery& query, absl::string_view cursor, size_t limit) {
  return InReadTransaction("scan records", [&](Connection* db) { return ScanVersions(db, query, cursor, limit); });
}

absl::StatusOr<std::vector<AssetKey>> SqliteStore::FindAssets(absl::string_view tenant, absl::string_view prefix,
                                                              size_t limit) {
  return InReadTransaction("find assets", [&](Connection* db) { return ReadAssetKeys(db, tenant, prefix, limit); });
}

absl::StatusOr<std::vector<StoredVersion>> SqliteStore::History(absl::string_view tenant, const AssetKey& key) {
  return InReadTransaction("read history", [&](Connection* db) { return ReadHistory(db, tenant, key); });
}

absl::StatusOr<uint64_t> SqliteStore::CountWrittenBy(const UnitName& unit, absl::string_view collector_version) {
  return InReadTransaction("count records of a collector version",
                           [&](Connection* db) { return CountRecordsWrittenBy(db, unit, collector_version); });
}

absl::StatusOr<uint64_t> SqliteStore::Retract(const UnitName& unit, absl::string_view collector_version,
                                              absl::Time at) {
  uint64_t count = 0;
  absl::Status status = InWriteTransaction("retract records", [&](Connection* db) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(count, RetractRecords(db, unit, collector_version, at));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return count;
}

absl::Status SqliteStore::CheckWritable() {
  const absl::Status probed = InWriteTransaction(
      "write probe", [](Connection* db) { return db->Prepare("UPDATE probe SET writes = writes + 1").Run(); });
  // After the probe, which checkpoints again if the last one failed.
  return probed.ok() ? Annotate("checkpoint", checkpoint_->health()) : probed;
}

absl::StatusOr<BucketPage> SqliteStore::ListBuckets(absl::string_view tenant, absl::TimeZone zone,
                                                    absl::string_view cursor, size_t limit) {
  return InReadTransaction("list buckets",
                           [&](Connection* db) { return ReadBuckets(db, tenant, zone, cursor, limit); });
}

absl::StatusOr<BucketRowPage> SqliteStore::ScanBucket(const BucketRef& bucket, absl::string_view cursor, size_t limit,
                                                      RowContent content) {
  return InReadTransaction("scan bucket",
                           [&](Connection* db) { return ReadBucketRows(db, bucket, cursor, limit, content); });
}

// A snapshot taken now has all that is committed: there is one file, and no copies of it.
absl::StatusOr<BucketSummary> SqliteStore::CountBucket(const BucketRef& bucket) {
  return InReadTransaction("count bucket", [&](Connection* db) { return ReadBucketSummary(db, bucket); });
}

absl::Status SqliteStore::RaiseFence(absl::string_view tenant, uint64_t fence) {
  return InWriteTransaction("raise fence", [&](Connection* db) { return PassFence(db, tenant, fence); });
}

absl::StatusOr<DeleteOutcome> SqliteStore::DeleteRows(const BucketRef& bucket, uint64_t fence,
                                                      absl::Span<const BucketRow> rows,
                                                      absl::FunctionRef<bool()> go_on) {
  // Who purges has time; who waits to write is an agent, most likely.
  constexpr int kFewestRows = 16;
  int handled = 0;
  const auto go_on_unless_awaited = [&] { return (++handled < kFewestRows || waiting_ == 0) && go_on(); };
  DeleteOutcome outcome;
  absl::Status status = InWriteTransaction("delete rows of a bucket", [&](Connection* db) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(outcome, DeleteBucketRows(db, bucket, fence, rows, go_on_unless_awaited));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return outcome;
}

absl::StatusOr<uint64_t> SqliteStore::DropStaged(const BucketRef& bucket, uint64_t fence) {
  // Looked for on a reader: all that is staged has to be decoded.
  const auto runs = InReadTransaction("find staged parts", [&](Connection* db) { return FindStagedRuns(db, bucket); });
  if (!runs.ok()) return runs.status();
  uint64_t parts = 0;
  absl::Status status = InWriteTransaction("drop staged parts", [&](Connection* db) -> absl::Status {
    ROLLCALL_RETURN_IF_ERROR(PassFence(db, bucket.tenant, fence));
    ROLLCALL_ASSIGN_OR_RETURN(parts, DropStagedRuns(db, *runs));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return parts;
}

absl::StatusOr<RestoreOutcome> SqliteStore::RestoreRows(const BucketRef& bucket, uint64_t fence,
                                                        absl::Span<const BucketRow> rows) {
  RestoreOutcome outcome;
  absl::Status status = InWriteTransaction("put back rows of a bucket", [&](Connection* db) -> absl::Status {
    ROLLCALL_ASSIGN_OR_RETURN(outcome, RestoreBucketRows(db, bucket, fence, rows));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return outcome;
}

absl::Status SqliteStore::EraseResidue(const StopToken& stop) {
  const auto state = InReadTransaction("look up residue", [](Connection* db) { return ReadResidue(db); });
  if (!state.ok()) return state.status();
  const int64_t deleted = state->deleted;
  if (state->erased == deleted) return absl::OkStatus();
  if (state->scrubbed < deleted) {
    // Pages first: what is brought there from the log, now or later, is scrubbed on the way.
    if (absl::Status status = ScrubDatabase(path_, stop); !status.ok()) return Annotate("erase residue", status);
    ROLLCALL_RETURN_IF_ERROR(
        InWriteTransaction("note scrubbed pages", [&](Connection* db) { return NoteScrubbed(db, deleted); }));
  }
  if (absl::Status status = checkpoint_->Truncate(&writer_mutex_); !status.ok()) {
    return Annotate("erase residue", status);
  }
  return InWriteTransaction("note erased residue", [&](Connection* db) { return NoteErased(db, deleted); });
}

int64_t SqliteStore::rows_written() {
  const std::lock_guard<std::mutex> lock(writer_mutex_);
  return writer_->total_changes();
}

}  // namespace rollcall
