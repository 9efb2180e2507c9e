#include "backend/store/sqlite/prepared_rows.h"

#include <memory>

#include "backend/store/sqlite/row_values.h"

namespace rollcall {
namespace {

enum Column { kKind, kAssetKey, kFingerprint, kCollectedAt, kFirstSeen, kValidFrom, kClockSuspect, kPayload, kRows };

constexpr char kDeclaration[] =
    "CREATE TABLE x(kind, asset_key, fingerprint, collected_at, first_seen, valid_from, clock_suspect, payload,"
    " rows HIDDEN)";

// SQLite knows these by their first member.
struct Cursor {
  sqlite3_vtab_cursor base{};
  const PreparedRows* rows = nullptr;
  size_t at = 0;
};

Cursor* Of(sqlite3_vtab_cursor* base) { return reinterpret_cast<Cursor*>(base); }

int Connect(sqlite3* db, void*, int, const char* const*, sqlite3_vtab** table, char**) {
  const int code = sqlite3_declare_vtab(db, kDeclaration);
  if (code != SQLITE_OK) return code;
  *table = std::make_unique<sqlite3_vtab>().release();
  return SQLITE_OK;
}

int Disconnect(sqlite3_vtab* table) {
  const std::unique_ptr<sqlite3_vtab> owned(table);
  return SQLITE_OK;
}

// There is one plan: to go through the rows that are given.
int BestIndex(sqlite3_vtab*, sqlite3_index_info* info) {
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (constraint.iColumn != kRows || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ || constraint.usable == 0) continue;
    info->aConstraintUsage[i].argvIndex = 1;
    info->aConstraintUsage[i].omit = 1;
    return SQLITE_OK;
  }
  return SQLITE_CONSTRAINT;
}

int Open(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
  *cursor = &std::make_unique<Cursor>().release()->base;
  return SQLITE_OK;
}

int Close(sqlite3_vtab_cursor* cursor) {
  const std::unique_ptr<Cursor> owned(Of(cursor));
  return SQLITE_OK;
}

int Filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value** values) {
  Of(cursor)->rows = static_cast<const PreparedRows*>(sqlite3_value_pointer(values[0], kPreparedRowsPointer));
  Of(cursor)->at = 0;
  // Not a pointer, or one to something else.
  return Of(cursor)->rows != nullptr ? SQLITE_OK : SQLITE_MISUSE;
}

int Next(sqlite3_vtab_cursor* cursor) {
  ++Of(cursor)->at;
  return SQLITE_OK;
}

int AtEnd(sqlite3_vtab_cursor* cursor) { return Of(cursor)->at >= Of(cursor)->rows->size() ? 1 : 0; }

template <typename Bytes>
void GiveBlob(sqlite3_context* context, const Bytes& bytes) {
  sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_STATIC);
}

int Give(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
  const PreparedRow& row = (*Of(cursor)->rows)[Of(cursor)->at];
  const PreparedRecord& record = *row.record;
  switch (column) {
    case kKind:
      sqlite3_result_int(context, record.kind);
      break;
    case kAssetKey:
      GiveBlob(context, record.asset_key);
      break;
    case kFingerprint:
      GiveBlob(context, record.fingerprint);
      break;
    case kCollectedAt:
      sqlite3_result_int64(context, ToNanos(record.collected_at));
      break;
    case kFirstSeen:
      sqlite3_result_int64(context, row.first_seen);
      break;
    case kValidFrom:
      sqlite3_result_int64(context, row.valid_from);
      break;
    case kClockSuspect:
      sqlite3_result_int(context, record.clock_suspect ? 1 : 0);
      break;
    case kPayload:
      GiveBlob(context, record.payload);
      break;
    default:
      sqlite3_result_null(context);
  }
  return SQLITE_OK;
}

int RowId(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  *id = static_cast<sqlite3_int64>(Of(cursor)->at);
  return SQLITE_OK;
}

// Without xCreate it needs no CREATE VIRTUAL TABLE, and no schema knows of it.
constexpr sqlite3_module kModule = {.iVersion = 0,
                                    .xConnect = Connect,
                                    .xBestIndex = BestIndex,
                                    .xDisconnect = Disconnect,
                                    .xDestroy = Disconnect,
                                    .xOpen = Open,
                                    .xClose = Close,
                                    .xFilter = Filter,
                                    .xNext = Next,
                                    .xEof = AtEnd,
                                    .xColumn = Give,
                                    .xRowid = RowId};

}  // namespace

absl::Status AddPreparedRows(Connection* connection) { return connection->AddTable("prepared_rows", &kModule); }

}  // namespace rollcall
