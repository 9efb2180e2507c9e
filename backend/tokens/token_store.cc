#include "backend/tokens/token_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "backend/store/sqlite/migration.h"
#include "platform/errno_status.h"
#include "platform/scoped_fd.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr int kApplicationId = 0x52435454;  // "RCTT"
constexpr const char* kMigrations[] = {R"sql(
  CREATE TABLE tokens(
    id TEXT PRIMARY KEY NOT NULL,
    secret_hash TEXT NOT NULL,
    person TEXT NOT NULL,
    identities TEXT NOT NULL,  -- one a line
    made_us INTEGER NOT NULL,
    ends_us INTEGER NOT NULL,
    revoked_us INTEGER,
    used_us INTEGER) WITHOUT ROWID;
  CREATE TABLE events(
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    token_id TEXT NOT NULL REFERENCES tokens(id),
    what INTEGER NOT NULL,
    at_us INTEGER NOT NULL);
  CREATE INDEX events_by_token ON events(token_id);
)sql"};

// Made before SQLite opens it: the write-ahead log gets the mode of the database.
absl::Status MakePrivate(const std::string& path) {
  const ScopedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat info;
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "open tokens", path);
  if ((info.st_mode & 077) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("open tokens ", path, ": others may use it; set its mode to 0600"));
}

std::optional<absl::Time> OptionalTime(const Statement& row, int column) {
  if (row.ColumnIsNull(column)) return std::nullopt;
  return absl::FromUnixMicros(row.ColumnInt(column));
}

// Columns from `first` on: id, secret_hash, person, identities, made_us, ends_us, revoked_us, used_us.
TokenRow RowOf(const Statement& row, int first) {
  TokenRow token;
  token.id = std::string(row.ColumnText(first));
  token.secret_hash = std::string(row.ColumnText(first + 1));
  token.person = std::string(row.ColumnText(first + 2));
  token.identities = absl::StrSplit(row.ColumnText(first + 3), '\n');
  token.made_at = absl::FromUnixMicros(row.ColumnInt(first + 4));
  token.ends_at = absl::FromUnixMicros(row.ColumnInt(first + 5));
  token.revoked_at = OptionalTime(row, first + 6);
  token.used_at = OptionalTime(row, first + 7);
  return token;
}

absl::Status AddEvent(Connection* db, const std::string& id, TokenEvent::What what, absl::Time at) {
  return db->Prepare("INSERT INTO events(token_id, what, at_us) VALUES(?, ?, ?)")
      .Text(id)
      .Int(static_cast<int64_t>(what))
      .Int(absl::ToUnixMicros(at))
      .Run();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenStore>> TokenStore::Open(const std::string& path) {
  ROLLCALL_RETURN_IF_ERROR(MakePrivate(path));
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Connection> db, Connection::Open(path, Connection::Mode::kReadWrite));
  ROLLCALL_RETURN_IF_ERROR(MigrateDatabase(db.get(), {kApplicationId, kMigrations}));
  return std::unique_ptr<TokenStore>(new TokenStore(std::move(db)));
}

absl::Status TokenStore::Add(const TokenRow& token) {
  ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(db_.get()));
  // What is not in the ledger yet stays until it is.
  ROLLCALL_RETURN_IF_ERROR(
      db_->Prepare("DELETE FROM tokens WHERE ends_us < ? AND id NOT IN (SELECT token_id FROM events)")
          .Int(absl::ToUnixMicros(token.made_at - kKeepEndedTokens))
          .Run());
  const std::string identities = absl::StrJoin(token.identities, "\n");
  ROLLCALL_RETURN_IF_ERROR(db_->Prepare("INSERT INTO tokens(id, secret_hash, person, identities, made_us, ends_us) "
                                        "VALUES(?, ?, ?, ?, ?, ?)")
                               .Text(token.id)
                               .Text(token.secret_hash)
                               .Text(token.person)
                               .Text(identities)
                               .Int(absl::ToUnixMicros(token.made_at))
                               .Int(absl::ToUnixMicros(token.ends_at))
                               .Run());
  ROLLCALL_RETURN_IF_ERROR(AddEvent(db_.get(), token.id, TokenEvent::What::kMade, token.made_at));
  return transaction.Commit();
}

absl::Status TokenStore::Revoke(const std::string& id, absl::Time now) {
  ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(db_.get()));
  {
    Statement find = db_->Prepare("SELECT revoked_us FROM tokens WHERE id = ?");
    ROLLCALL_ASSIGN_OR_RETURN(const bool found, find.Text(id).Step());
    if (!found) return absl::NotFoundError(absl::StrCat("revoke token ", id, ": there is none of that id"));
    if (!find.ColumnIsNull(0)) return absl::AlreadyExistsError(absl::StrCat("revoke token ", id, ": it was revoked"));
  }
  ROLLCALL_RETURN_IF_ERROR(
      db_->Prepare("UPDATE tokens SET revoked_us = ? WHERE id = ?").Int(absl::ToUnixMicros(now)).Text(id).Run());
  ROLLCALL_RETURN_IF_ERROR(AddEvent(db_.get(), id, TokenEvent::What::kRevoked, now));
  return transaction.Commit();
}

absl::StatusOr<std::vector<TokenRow>> TokenStore::List() {
  std::vector<TokenRow> rows;
  Statement row = db_->Prepare(
      "SELECT id, secret_hash, person, identities, made_us, ends_us, revoked_us, used_us FROM tokens "
      "ORDER BY made_us, id");
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return rows;
    rows.push_back(RowOf(row, 0));
  }
}

absl::StatusOr<int64_t> TokenStore::Version() { return db_->QueryInt("PRAGMA data_version"); }

absl::Status TokenStore::NoteUses(const std::map<std::string, absl::Time>& used_at) {
  ROLLCALL_ASSIGN_OR_RETURN(Transaction transaction, Transaction::BeginWrite(db_.get()));
  for (const auto& [id, time] : used_at) {
    ROLLCALL_RETURN_IF_ERROR(
        db_->Prepare("UPDATE tokens SET used_us = ?1 WHERE id = ?2 AND (used_us IS NULL OR used_us < ?1)")
            .Int(absl::ToUnixSeconds(time) / 3600 * 3'600'000'000)
            .Text(id)
            .Run());
  }
  return transaction.Commit();
}

absl::StatusOr<std::vector<TokenEvent>> TokenStore::PendingEvents() {
  std::vector<TokenEvent> events;
  Statement row = db_->Prepare(
      "SELECT e.sequence, e.what, e.at_us, t.id, t.secret_hash, t.person, t.identities, t.made_us, t.ends_us, "
      "t.revoked_us, t.used_us FROM events e JOIN tokens t ON t.id = e.token_id ORDER BY e.sequence LIMIT 100");
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool more, row.Step());
    if (!more) return events;
    TokenEvent event;
    event.sequence = row.ColumnInt(0);
    event.what = row.ColumnInt(1) == static_cast<int64_t>(TokenEvent::What::kRevoked) ? TokenEvent::What::kRevoked
                                                                                      : TokenEvent::What::kMade;
    event.at = absl::FromUnixMicros(row.ColumnInt(2));
    event.token = RowOf(row, 3);
    events.push_back(std::move(event));
  }
}

absl::Status TokenStore::ForgetEvent(int64_t sequence) {
  return db_->Prepare("DELETE FROM events WHERE sequence = ?").Int(sequence).Run();
}

std::string TokenDatabasePath(const std::string& data_dir) { return absl::StrCat(data_dir, "/tokens.db"); }

}  // namespace rollcall
