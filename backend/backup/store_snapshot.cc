#include "backend/backup/store_snapshot.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "backend/store/purged_run.h"
#include "backend/store/sqlite/buckets.h"
#include "backend/store/sqlite/schema.h"
#include "platform/status_macros.h"
#include "rollcall/v1/run.pb.h"

namespace rollcall {
namespace {

// A table that is copied as it is. `types` has a letter for each column: i, t or b.
struct Table {
  const char* read;
  const char* write;
  const char* types;
};

constexpr Table kTables[] = {
    {"SELECT tenant_id, name, added_at FROM tenant", "INSERT INTO tenant VALUES (?, ?, ?)", "iti"},
    {"SELECT agent_id, tenant_id, name, enrolled_at, first_contact, last_contact, agent_version, host_id, boot_id,"
     " hosting_service, region, epoch, clock_offset, clone_seen_at FROM agent",
     "INSERT INTO agent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "iitiiitttttiii"},
    {"SELECT agent_id, field, value, left_at FROM former_identity", "INSERT INTO former_identity VALUES (?, ?, ?, ?)",
     "iiti"},
    // Without their records the digests are those of empty sets.
    {"SELECT unit_id, tenant_id, agent_id, collector, scope_type, scope_id, epoch, generation, 0, 0, 0,"
     " last_complete_at, received_at, run_result FROM unit",
     "INSERT INTO unit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "iiititiiiiiiib"},
    {"SELECT unit_id, kind, 0 FROM unit_kind", "INSERT INTO unit_kind VALUES (?, ?, ?)", "iii"},
    {"SELECT tenant_id, fence FROM tenant_fence", "INSERT INTO tenant_fence VALUES (?, ?)", "ii"},
};

void BindColumn(const Statement& from, int column, char type, Statement* to) {
  if (from.ColumnIsNull(column)) {
    to->Null();
  } else if (type == 'i') {
    to->Int(from.ColumnInt(column));
  } else if (type == 't') {
    to->Text(from.ColumnText(column));
  } else {
    to->Blob(from.ColumnBlob(column));
  }
}

absl::Status CopyTable(const Table& table, Connection* from, Connection* to) {
  Statement rows = from->Prepare(table.read);
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return absl::OkStatus();
    Statement insert = to->Prepare(table.write);
    for (int column = 0; table.types[column] != '\0'; ++column) {
      BindColumn(rows, column, table.types[column], &insert);
    }
    ROLLCALL_RETURN_IF_ERROR(insert.Run());
  }
}

// What the last runs said of their hosts goes with their records.
absl::Status NotePurges(Connection* db) {
  std::vector<std::pair<int64_t, std::string>> results;
  {
    Statement rows = db->Prepare("SELECT unit_id, run_result FROM unit WHERE run_result IS NOT NULL");
    while (true) {
      ROLLCALL_ASSIGN_OR_RETURN(const bool found, rows.Step());
      if (!found) break;
      pb::RunResult result;
      const absl::string_view bytes = rows.ColumnBlob(1);
      if (!result.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return absl::DataLossError("copy unit: its last run cannot be parsed");
      }
      NotePurge(&result);
      results.emplace_back(rows.ColumnInt(0), result.SerializeAsString());
    }
  }
  for (const auto& [unit_id, result] : results) {
    Statement update = db->Prepare("UPDATE unit SET run_result = ? WHERE unit_id = ?");
    ROLLCALL_RETURN_IF_ERROR(update.Blob(result).Int(unit_id).Run());
  }
  return absl::OkStatus();
}

class SnapshotRows : public RowStream {
 public:
  SnapshotRows(Connection* db, BucketRef bucket) : db_(db), bucket_(std::move(bucket)) {}

  absl::StatusOr<std::optional<BucketRow>> Next() override {
    if (next_ == page_.rows.size()) {
      if (begun_ && page_.next_cursor.empty()) return std::optional<BucketRow>();
      const std::string cursor = page_.next_cursor;
      ROLLCALL_ASSIGN_OR_RETURN(page_, ReadBucketRows(db_, bucket_, cursor, kMaxBucketRows, RowContent::kWhole));
      begun_ = true;
      next_ = 0;
      if (page_.rows.empty()) return std::optional<BucketRow>();
    }
    return std::optional<BucketRow>(std::move(page_.rows[next_++]));
  }

 private:
  Connection* const db_;
  const BucketRef bucket_;
  BucketRowPage page_;
  size_t next_ = 0;
  bool begun_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StoreSnapshot>> StoreSnapshot::Open(const std::string& database) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Connection> db, Connection::Open(database, Connection::Mode::kReadOnly));
  std::unique_ptr<StoreSnapshot> snapshot(new StoreSnapshot(std::move(db)));
  ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginRead(snapshot->db_.get()));
  snapshot->transaction_.emplace(std::move(transaction));
  // The first read: from here on nothing that is written is seen.
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t version, snapshot->db_->QueryInt("PRAGMA user_version"));
  ROLLCALL_ASSIGN_OR_RETURN(const int64_t program, snapshot->db_->QueryInt("PRAGMA application_id"));
  ROLLCALL_RETURN_IF_ERROR(snapshot->db_->QueryInt("SELECT count(*) FROM sqlite_master").status());
  if (program != kSqliteApplicationId || version != kSqliteSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat("read ", database, ": it is another program's, or of version ",
                                                      version, " where ", kSqliteSchemaVersion,
                                                      " is expected; start this backend once"));
  }
  return snapshot;
}

absl::StatusOr<std::vector<std::string>> StoreSnapshot::Tenants() {
  std::vector<std::string> names;
  Statement rows = db_->Prepare("SELECT name FROM tenant ORDER BY name");
  while (true) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) return names;
    names.emplace_back(rows.ColumnText(0));
  }
}

absl::StatusOr<std::vector<BucketSummary>> StoreSnapshot::Buckets(absl::string_view tenant, absl::TimeZone zone) {
  ROLLCALL_ASSIGN_OR_RETURN(BucketPage page, ReadBuckets(db_.get(), tenant, zone, "", SIZE_MAX));
  std::erase_if(page.buckets, [](const BucketSummary& bucket) { return bucket.records == 0; });
  return std::move(page.buckets);
}

std::unique_ptr<RowStream> StoreSnapshot::Rows(BucketRef bucket) {
  return std::make_unique<SnapshotRows>(db_.get(), std::move(bucket));
}

absl::Status StoreSnapshot::WriteSkeleton(const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> to, Connection::Open(path, Connection::Mode::kReadWrite));
  ROLLCALL_RETURN_IF_ERROR(PrepareSchema(to.get()));
  ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(to.get()));
  for (const Table& table : kTables) ROLLCALL_RETURN_IF_ERROR(CopyTable(table, db_.get(), to.get()));
  ROLLCALL_RETURN_IF_ERROR(NotePurges(to.get()));
  return transaction.Commit();
}

}  // namespace rollcall
