// SQLite's write-ahead log, https://www.sqlite.org/fileformat2.html#walformat.
#ifndef ROLLCALL_PLATFORM_SQLITE_SQLITE_WAL_H_
#define ROLLCALL_PLATFORM_SQLITE_SQLITE_WAL_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "platform/damage_sink.h"
#include "platform/random_access_file.h"

namespace rollcall {

// Where the newest committed version of each page is in a log.
class SqliteWal {
 public:
  // Reads the log from its beginning to its last transaction that is complete: frames are
  // checked by salt and checksum, as SQLite itself does after a crash. What follows, a
  // transaction under way or frames of an earlier use of the file, does not count. A log that is
  // empty or whose header is damaged has no frames: SQLite, too, ignores it. Cancelled if `stop`
  // says so; DataLoss if the file cannot be read.
  static absl::StatusOr<SqliteWal> Open(const RandomAccessFile& file, const DamageSink& stop);

  // 0 if there is no committed frame.
  uint32_t page_bytes() const { return page_bytes_; }
  // Pages of the database after the last transaction; 0 if there is no committed frame.
  uint32_t database_pages() const { return database_pages_; }
  // Offset of the page's bytes in the log, if it is there.
  std::optional<uint64_t> Find(uint32_t page) const;

 private:
  uint32_t page_bytes_ = 0;
  uint32_t database_pages_ = 0;
  // Page and number of its last frame, sorted by page.
  std::vector<std::pair<uint32_t, uint32_t>> frames_;
};

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SQLITE_SQLITE_WAL_H_
