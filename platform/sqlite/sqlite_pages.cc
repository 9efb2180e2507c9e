#include "platform/sqlite/sqlite_pages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "platform/byte_order.h"

namespace rollcall {
namespace {

// The database's header: the first bytes of page 1.
constexpr size_t kHeaderBytes = 100;
constexpr absl::string_view kMagic("SQLite format 3\0", 16);
constexpr size_t kPageSizeAt = 16;
constexpr size_t kReadVersionAt = 19;
constexpr size_t kReservedAt = 20;
constexpr size_t kChangeCounterAt = 24;
constexpr size_t kPageCountAt = 28;
constexpr size_t kEncodingAt = 56;
constexpr size_t kPageCountValidForAt = 92;

constexpr absl::string_view kJournalMagic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);

constexpr uint32_t kUtf8 = 1;
constexpr uint32_t kMinUsableBytes = 480;

}  // namespace

absl::Status CheckSqliteJournal(const FileTree& files, absl::string_view journal_path) {
  bool truncated = false;
  const auto start = files.ReadPrefix(journal_path, kJournalMagic.size(), &truncated);
  if (absl::IsNotFound(start.status())) return absl::OkStatus();
  if (!start.ok()) return start.status();
  return *start == kJournalMagic ? absl::AbortedError("a transaction is not complete") : absl::OkStatus();
}

absl::StatusOr<SqlitePages> SqlitePages::Open(const RandomAccessFile& database, const RandomAccessFile* log,
                                              const DamageSink& stop) {
  SqlitePages pages;
  pages.database_ = &database;
  if (log != nullptr) {
    absl::StatusOr<SqliteWal> wal = SqliteWal::Open(*log, stop);
    if (!wal.ok()) return wal.status();
    pages.log_ = log;
    pages.wal_ = *std::move(wal);
  }
  const auto first_page = pages.wal_.Find(1);
  char header[kHeaderBytes];
  const absl::Status status =
      first_page ? log->ReadAt(*first_page, sizeof header, header) : database.ReadAt(0, sizeof header, header);
  if (absl::IsDataLoss(status)) return status;
  if (!status.ok() || absl::string_view(header, kMagic.size()) != kMagic) {
    return absl::InvalidArgumentError("not a SQLite database");
  }
  // 65536 does not fit and is written as 1.
  const uint32_t size_field = LoadBigEndian16(header + kPageSizeAt);
  pages.page_bytes_ = size_field == 1 ? 65536 : size_field;
  const bool is_power = pages.page_bytes_ >= 512 && (pages.page_bytes_ & (pages.page_bytes_ - 1)) == 0;
  const uint32_t reserved = ByteAt(header, kReservedAt);
  if (!is_power || pages.page_bytes_ - reserved < kMinUsableBytes) {
    return absl::InvalidArgumentError(absl::StrCat("impossible page size ", pages.page_bytes_));
  }
  if (pages.wal_.page_bytes() != 0 && pages.wal_.page_bytes() != pages.page_bytes_) {
    return absl::InvalidArgumentError("write-ahead log has pages of another size");
  }
  pages.usable_bytes_ = pages.page_bytes_ - reserved;
  if (ByteAt(header, kReadVersionAt) > 2) return absl::UnimplementedError("newer than SQLite 3");
  // 0 as long as there is no table.
  if (LoadBigEndian32(header + kEncodingAt) > kUtf8) return absl::UnimplementedError("texts are not in UTF-8");

  const uint64_t in_file = database.size_bytes() / pages.page_bytes_;
  if (pages.wal_.database_pages() != 0) {
    pages.page_count_ = pages.wal_.database_pages();
  } else if (LoadBigEndian32(header + kChangeCounterAt) == LoadBigEndian32(header + kPageCountValidForAt)) {
    pages.page_count_ = LoadBigEndian32(header + kPageCountAt);
  }
  // Written by a SQLite older than 3.7, or not at all.
  if (pages.page_count_ == 0) pages.page_count_ = static_cast<uint32_t>(std::min<uint64_t>(in_file, UINT32_MAX));
  // A damaged count must not cost memory: no more pages than both files can hold.
  const uint64_t in_log = log == nullptr ? 0 : log->size_bytes() / pages.page_bytes_;
  pages.page_count_ = static_cast<uint32_t>(std::min<uint64_t>(pages.page_count_, in_file + in_log + 1));
  return pages;
}

absl::Status SqlitePages::Read(uint32_t page, char* out) const {
  if (page == 0 || page > page_count_) return absl::InvalidArgumentError(absl::StrCat("there is no page ", page));
  if (const auto offset = wal_.Find(page)) return log_->ReadAt(*offset, page_bytes_, out);
  return database_->ReadAt(uint64_t{page - 1} * page_bytes_, page_bytes_, out);
}

}  // namespace rollcall
