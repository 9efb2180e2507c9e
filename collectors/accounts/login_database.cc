#include "collectors/accounts/login_database.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/sqlite/sqlite_pages.h"
#include "platform/sqlite/sqlite_table.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kMaxRowBytes = size_t{16} << 10;
constexpr size_t kMaxUsers = 100000;
constexpr size_t kMaxDamages = 5;
// As utmp(5): a session of a user. wtmpdb also has rows for starts and stops of the system.
constexpr int64_t kUserProcess = 3;

// The columns that are read; `type` is -1 where there is none.
struct Layout {
  absl::string_view table;
  size_t columns;
  int type;
  size_t name;
  size_t time;
  size_t terminal;
  size_t host;
  absl::Duration unit;
};

Layout LayoutOf(LoginDatabaseKind kind) {
  if (kind == LoginDatabaseKind::kLastlog2) return {"Lastlog2", 4, -1, 0, 1, 2, 3, absl::Seconds(1)};
  return {"wtmp", 7, 1, 2, 3, 5, 6, absl::Microseconds(1)};
}

std::string Text(const SqliteValue& value) {
  return value.type == SqliteValue::Type::kText ? std::string(value.bytes.substr(0, kMaxLoginText)) : "";
}

// Notes damage, the first few of it, as problems of a path.
class ProblemSink : public DamageSink {
 public:
  ProblemSink(const std::string& path, std::vector<LoginProblem>* problems, const StopToken& stop)
      : path_(path), problems_(problems), stop_(stop) {}
  void TakeDamage(const absl::Status& damage) override {
    if (++damages_ > kMaxDamages) return;
    problems_->push_back({path_, absl::DataLossError(absl::StrCat("parse ", path_, ": ", damage.message())), true});
  }
  bool stop_requested() const override { return stop_.stop_requested(); }

 private:
  const std::string& path_;
  std::vector<LoginProblem>* const problems_;
  const StopToken& stop_;
  size_t damages_ = 0;
};

std::optional<FileInfo> StatIfThere(const FileTree& files, const std::string& path) {
  const absl::StatusOr<FileInfo> info = files.Stat(path);
  return info.ok() ? std::optional<FileInfo>(*info) : std::nullopt;
}

}  // namespace

absl::Status ReadLoginDatabase(LoginDatabaseKind kind, const RandomAccessFile& database, const RandomAccessFile* log,
                               DamageSink& sink,
                               const std::function<void(absl::string_view name, LoginRecord&& record)>& visit) {
  const Layout layout = LayoutOf(kind);
  ROLLCALL_ASSIGN_OR_RETURN(const SqlitePages pages, SqlitePages::Open(database, log, sink));
  const absl::StatusOr<uint32_t> root = FindSqliteTable(pages, layout.table, sink);
  if (absl::IsNotFound(root.status())) return absl::InvalidArgumentError(root.status().message());
  if (!root.ok()) return root.status();
  return ReadSqliteTable(pages, *root, kMaxRowBytes, sink, [&](absl::string_view row) {
    if (sink.stop_requested()) return absl::CancelledError("stopped");
    const auto columns = SplitSqliteRow(row, layout.columns);
    if (!columns || columns->size() < layout.columns) {
      sink.TakeDamage(absl::InvalidArgumentError("row breaks off"));
      return absl::OkStatus();
    }
    if (layout.type >= 0 && (*columns)[static_cast<size_t>(layout.type)].integer != kUserProcess) {
      return absl::OkStatus();
    }
    const SqliteValue& name = (*columns)[layout.name];
    const SqliteValue& time = (*columns)[layout.time];
    if (name.type != SqliteValue::Type::kText || name.bytes.empty() || name.bytes.size() > kMaxLoginText) {
      sink.TakeDamage(absl::InvalidArgumentError("row without the name of a user"));
      return absl::OkStatus();
    }
    // Of a user that never logged in.
    if (time.type != SqliteValue::Type::kInteger || time.integer <= 0) return absl::OkStatus();
    visit(name.bytes, LoginRecord{absl::UnixEpoch() + time.integer * layout.unit, Text((*columns)[layout.terminal]),
                                  Text((*columns)[layout.host])});
    return absl::OkStatus();
  });
}

void LoginDatabase::Forget() {
  identity_.reset();
  problems_.clear();
  logins_.clear();
}

LoginDatabase::Identity LoginDatabase::Look(const FileTree& files, const FileInfo& database) const {
  return {database, StatIfThere(files, absl::StrCat(path_, "-wal")),
          StatIfThere(files, absl::StrCat(path_, "-journal"))};
}

absl::Status LoginDatabase::Refresh(const FileTree& files, std::vector<LoginProblem>* problems, const StopToken& stop) {
  const absl::StatusOr<FileInfo> info = files.Stat(path_);
  if (!info.ok()) {
    Forget();
    if (!absl::IsNotFound(info.status())) problems->push_back({path_, info.status()});
    return absl::OkStatus();
  }
  const Identity identity = Look(files, *info);
  if (identity_ != identity) {
    Forget();
    const absl::Status status = Read(files, identity, stop);
    if (absl::IsCancelled(status)) return absl::CancelledError(absl::StrCat("read ", path_, ": stopped"));
    // What was written to meanwhile is read again next time.
    const absl::StatusOr<FileInfo> after = files.Stat(path_);
    if (status.ok() && after.ok() && Look(files, *after) == identity) identity_ = identity;
    if (!status.ok()) {
      problems_.push_back({path_, absl::Status(status.code(), absl::StrCat("read ", path_, ": ", status.message()))});
    }
  }
  problems->insert(problems->end(), problems_.begin(), problems_.end());
  return absl::OkStatus();
}

absl::Status LoginDatabase::Read(const FileTree& files, const Identity& identity, const StopToken& stop) {
  if (identity.database.size_bytes > kMaxLoginDatabaseBytes) {
    return absl::ResourceExhaustedError(absl::StrCat("larger than ", kMaxLoginDatabaseBytes >> 20U, " MiB"));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<RandomAccessFile> database,
                            OpenRandomAccess(files, path_, kMaxLoginDatabaseBytes));
  std::unique_ptr<RandomAccessFile> log;
  if (identity.log.has_value() && identity.log->size_bytes > 0) {
    ROLLCALL_ASSIGN_OR_RETURN(log, OpenRandomAccess(files, absl::StrCat(path_, "-wal"), kMaxLoginDatabaseBytes));
  }
  ProblemSink sink(path_, &problems_, stop);
  const absl::Status journal = CheckSqliteJournal(files, absl::StrCat(path_, "-journal"));
  if (absl::IsAborted(journal)) sink.TakeDamage(journal);
  const auto keep_latest = [this](absl::string_view name, LoginRecord&& record) {
    const auto known = logins_.find(name);
    if (known == logins_.end()) {
      if (logins_.size() < kMaxUsers) logins_.emplace(name, std::move(record));
    } else if (known->second.time <= record.time) {
      known->second = std::move(record);
    }
  };
  ROLLCALL_RETURN_IF_ERROR(ReadLoginDatabase(kind_, *database, log.get(), sink, keep_latest));
  // A journal that nobody can read is said in each run and tried again; what was read is kept.
  return absl::IsAborted(journal) ? absl::OkStatus() : journal;
}

const LoginRecord* LoginDatabase::Find(absl::string_view name) const {
  const auto found = logins_.find(name);
  return found == logins_.end() ? nullptr : &found->second;
}

}  // namespace rollcall
