#include "collectors/accounts/login_history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr absl::string_view kLogFolder = "/var/log";
constexpr absl::string_view kWtmp = "/var/log/wtmp";
constexpr absl::string_view kLastlog = "/var/log/lastlog";

// Read at a time, so that a stop is seen and memory stays small.
constexpr size_t kChunkBytes = size_t{1} << 20;

bool IsSameFile(const FileInfo& a, const FileInfo& b) { return a.device == b.device && a.inode == b.inode; }

// `wtmp.1`, or of names such as `wtmp-20240131` the last; empty if there is none.
std::string RotatedWtmp(const FileTree& files) {
  const auto entries = files.List(kLogFolder);
  if (!entries.ok()) return "";
  std::string latest;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name == "wtmp.1") return absl::StrCat(kLogFolder, "/", entry.name);
    absl::string_view date = entry.name;
    if (!absl::ConsumePrefix(&date, "wtmp-") || date.size() != 8) continue;
    if (date.find_first_not_of("0123456789") == absl::string_view::npos) latest = entry.name;
  }
  return latest.empty() ? "" : absl::StrCat(kLogFolder, "/", latest);
}

// Whether `login` is another than the latest known. wtmp says more of the same login than lastlog: the terminal's full
// name and the address.
bool IsLater(const LoginRecord& login, const std::optional<KnownLogin>& latest) {
  constexpr absl::Duration kSameLogin = absl::Seconds(5);
  return !latest.has_value() || login.time > latest->record.time + kSameLogin;
}

}  // namespace

void WtmpFile::Forget() {
  info_.reset();
  read_to_ = 0;
  skipped_bytes_ = 0;
  damaged_bytes_ = 0;
  logins_.clear();
}

absl::Status WtmpFile::ReadOn(const PositionalFile& file, const StopToken& stop) {
  const uint64_t size = file.info().size_bytes;
  if (read_to_ == 0) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string beginning, file.Read(0, size_t{64} << 10));
    width_ = GuessUtmpWidth(beginning);
  }
  const uint64_t record_bytes = UtmpRecordBytes(width_);
  if (size - read_to_ > kMaxTailBytes) {
    const uint64_t tail = (size - kMaxTailBytes) / record_bytes * record_bytes;
    skipped_bytes_ += tail - read_to_;
    read_to_ = tail;
  }
  while (read_to_ + record_bytes <= size) {
    if (stop.stop_requested()) return absl::CancelledError(absl::StrCat("read ", path_, ": stopped"));
    ROLLCALL_ASSIGN_OR_RETURN(const std::string chunk, file.Read(read_to_, kChunkBytes));
    const UtmpScan scan = ScanUtmp(chunk, width_, [this](absl::string_view name, LoginRecord&& record) {
      logins_.insert_or_assign(std::string(name), std::move(record));
    });
    damaged_bytes_ += scan.damaged_bytes;
    if (scan.consumed == 0) break;
    read_to_ += scan.consumed;
  }
  return absl::OkStatus();
}

absl::Status WtmpFile::Refresh(const FileTree& files, std::vector<LoginProblem>* problems, const StopToken& stop) {
  absl::StatusOr<FileInfo> info = files.Stat(path_);
  if (info.ok() && !(info_.has_value() && *info_ == *info)) {
    absl::StatusOr<PositionalFile> file = PositionalFile::Open(files, path_);
    if (file.ok()) {
      const bool grew = info_.has_value() && IsSameFile(*info_, file->info()) &&
                        file->info().size_bytes >= info_->size_bytes &&
                        // It may have grown after info_ was taken, and been cut since.
                        read_to_ <= file->info().size_bytes;
      if (!grew) Forget();
      // Only what was read to the end is remembered.
      info_.reset();
      const absl::Status status = ReadOn(*file, stop);
      if (absl::IsCancelled(status)) return status;
      if (status.ok()) info_ = *info;
      info = status.ok() ? info : absl::StatusOr<FileInfo>(status);
    } else {
      info = file.status();
    }
  }
  if (!info.ok()) {
    if (!absl::IsNotFound(info.status())) problems->push_back({path_, info.status()});
    Forget();
    return absl::OkStatus();
  }
  if (skipped_bytes_ > 0) {
    problems->push_back({path_,
                         absl::ResourceExhaustedError(
                             absl::StrCat("read ", path_, ": only the last ", kMaxTailBytes >> 20U, " MiB are read")),
                         true});
  }
  if (damaged_bytes_ > 0) {
    problems->push_back(
        {path_, absl::DataLossError(absl::StrCat("parse ", path_, ": some bytes are no records")), true});
  }
  return absl::OkStatus();
}

const LoginRecord* WtmpFile::Find(absl::string_view name) const {
  const auto found = logins_.find(name.substr(0, kUtmpNameBytes));
  return found == logins_.end() ? nullptr : &found->second;
}

absl::StatusOr<LastlogFile> LastlogFile::Open(const FileTree& files) {
  ROLLCALL_ASSIGN_OR_RETURN(PositionalFile file, PositionalFile::Open(files, kLastlog));
  const TimeWidth width = GuessLastlogWidth(file.info().size_bytes);
  return LastlogFile(std::move(file), width);
}

std::optional<LoginRecord> LastlogFile::Find(uint32_t uid) const {
  const size_t bytes = LastlogRecordBytes(width_);
  const auto record = file_.Read(uint64_t{uid} * bytes, bytes);
  return record.ok() ? ParseLastlogRecord(*record, width_) : std::nullopt;
}

LoginHistory::LoginHistory() {
  databases_.emplace_back(LoginDatabaseKind::kWtmpdb, "/var/lib/wtmpdb/wtmp.db");
  // Where Debian has it; the other is a link to it there.
  databases_.emplace_back(LoginDatabaseKind::kWtmpdb, "/var/log/wtmp.db");
  databases_.emplace_back(LoginDatabaseKind::kLastlog2, "/var/lib/lastlog/lastlog2.db");
}

absl::Status LoginHistory::Refresh(const FileTree& files, std::vector<LoginProblem>* problems, const StopToken& stop) {
  std::vector<std::string> paths = {std::string(kWtmp)};
  if (std::string rotated = RotatedWtmp(files); !rotated.empty()) paths.push_back(std::move(rotated));
  std::vector<WtmpFile> wtmp;
  for (std::string& path : paths) {
    const auto known =
        std::find_if(wtmp_.begin(), wtmp_.end(), [&path](const WtmpFile& file) { return file.path() == path; });
    wtmp.push_back(known == wtmp_.end() ? WtmpFile(std::move(path)) : std::move(*known));
  }
  wtmp_.swap(wtmp);
  for (WtmpFile& file : wtmp_) ROLLCALL_RETURN_IF_ERROR(file.Refresh(files, problems, stop));
  for (LoginDatabase& database : databases_) ROLLCALL_RETURN_IF_ERROR(database.Refresh(files, problems, stop));
  lastlog_.reset();
  absl::StatusOr<LastlogFile> lastlog = LastlogFile::Open(files);
  if (lastlog.ok()) {
    lastlog_.emplace(*std::move(lastlog));
  } else if (!absl::IsNotFound(lastlog.status())) {
    problems->push_back({std::string(kLastlog), lastlog.status()});
  }
  return absl::OkStatus();
}

std::optional<KnownLogin> LoginHistory::Find(absl::string_view name, uint32_t uid) const {
  std::optional<KnownLogin> latest;
  for (const WtmpFile& file : wtmp_) {
    const LoginRecord* login = file.Find(name);
    if (login == nullptr) continue;
    latest = KnownLogin{*login, file.path()};
    break;
  }
  for (const LoginDatabase& database : databases_) {
    const LoginRecord* login = database.Find(name);
    if (login != nullptr && IsLater(*login, latest)) latest = KnownLogin{*login, database.path()};
  }
  if (!lastlog_.has_value()) return latest;
  const std::optional<LoginRecord> login = lastlog_->Find(uid);
  return login.has_value() && IsLater(*login, latest) ? KnownLogin{*login, kLastlog} : latest;
}

}  // namespace rollcall
