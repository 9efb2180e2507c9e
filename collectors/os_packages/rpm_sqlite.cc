#include "collectors/os_packages/rpm_sqlite.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collectors/os_packages/rpm_header.h"
#include "collectors/os_packages/sqlite_pages.h"
#include "collectors/os_packages/sqlite_table.h"

namespace rollcall {
namespace {

// Page of the table of tables, with the columns type, name, tbl_name, rootpage and sql.
constexpr uint32_t kSchemaRoot = 1;
constexpr size_t kMaxSchemaRowBytes = size_t{64} << 10;
// `hnum` and `blob`; a blob is at most this much smaller than its row.
constexpr size_t kPackagesColumns = 2;
constexpr size_t kRowOverheadBytes = 32;

absl::StatusOr<uint32_t> FindPackagesTable(const SqlitePages& pages, RpmBlobSink& sink) {
  std::optional<uint32_t> root;
  const auto look = [&root](absl::string_view row) {
    const auto columns = SplitSqliteRow(row, 4);
    if (!columns || columns->size() < 4 || (*columns)[0].bytes != "table" || (*columns)[1].bytes != "Packages") {
      return absl::OkStatus();
    }
    const int64_t page = (*columns)[3].integer;
    if (page > kSchemaRoot && page <= UINT32_MAX) root = static_cast<uint32_t>(page);
    return absl::OkStatus();
  };
  if (absl::Status status = ReadSqliteTable(pages, kSchemaRoot, kMaxSchemaRowBytes, sink, look); !status.ok()) {
    return status;
  }
  if (!root) return absl::InvalidArgumentError("has no table of packages");
  return *root;
}

}  // namespace

absl::Status ReadRpmSqlite(const RandomAccessFile& database, const RandomAccessFile* log, RpmBlobSink& sink) {
  const absl::StatusOr<SqlitePages> pages = SqlitePages::Open(database, log, sink);
  if (!pages.ok()) return pages.status();
  const absl::StatusOr<uint32_t> root = FindPackagesTable(*pages, sink);
  if (!root.ok()) return root.status();
  const auto take = [&sink](absl::string_view row) {
    const auto columns = SplitSqliteRow(row, kPackagesColumns);
    if (!columns || columns->size() < kPackagesColumns || (*columns)[1].type != SqliteValue::Type::kBlob) {
      sink.TakeDamage(absl::InvalidArgumentError("row without a header"));
      return absl::OkStatus();
    }
    return sink.TakeBlob((*columns)[1].bytes);
  };
  return ReadSqliteTable(*pages, *root, kMaxRpmHeaderBytes + kRowOverheadBytes, sink, take);
}

bool IsHotSqliteJournal(absl::string_view first_bytes) {
  return absl::StartsWith(first_bytes, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7");
}

}  // namespace rollcall
