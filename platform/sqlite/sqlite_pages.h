// The pages of a SQLite database as they were after the last complete transaction,
// https://www.sqlite.org/fileformat2.html. Reads two files and writes none: no locks, no
// shared-memory index.
#ifndef ROLLCALL_PLATFORM_SQLITE_SQLITE_PAGES_H_
#define ROLLCALL_PLATFORM_SQLITE_SQLITE_PAGES_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/damage_sink.h"
#include "platform/file_tree.h"
#include "platform/random_access_file.h"
#include "platform/sqlite/sqlite_wal.h"

namespace rollcall {

// Looks at a rollback journal, the file `-journal` beside a database. Aborted if it says that a
// transaction was begun and neither committed nor undone: the database then holds some of it. OK
// if there is none or it is over; else nobody knows, and the error is that of reading it.
absl::Status CheckSqliteJournal(const FileTree& files, absl::string_view journal_path);

// The files must outlive it and must not change meanwhile; whether they did is for the caller to
// find out.
class SqlitePages {
 public:
  // `log` is the write-ahead log beside the database, nullptr if there is none. InvalidArgument
  // if `database` is none, Unimplemented if it is of a kind that is not read: newer, or in UTF-16, DataLoss on an
  // I/O error, Cancelled if `stop` says so.
  static absl::StatusOr<SqlitePages> Open(const RandomAccessFile& database, const RandomAccessFile* log,
                                          const DamageSink& stop);

  // Size of a page, a power of 2 from 512 to 65536.
  uint32_t page_bytes() const { return page_bytes_; }
  // The part of it that SQLite uses, at least 480.
  uint32_t usable_bytes() const { return usable_bytes_; }
  // Pages are numbered from 1 to this.
  uint32_t page_count() const { return page_count_; }

  // Copies a page to `out[0, page_bytes())`. InvalidArgument if there is no such page.
  absl::Status Read(uint32_t page, char* out) const;

 private:
  const RandomAccessFile* database_ = nullptr;
  const RandomAccessFile* log_ = nullptr;
  SqliteWal wal_;
  uint32_t page_bytes_ = 0;
  uint32_t usable_bytes_ = 0;
  uint32_t page_count_ = 0;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SQLITE_SQLITE_PAGES_H_
