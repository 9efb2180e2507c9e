#include "collectors/os_packages/rpm_sqlite.h"

#include <cstdint>

#include "collectors/os_packages/rpm_header.h"
#include "platform/sqlite/sqlite_pages.h"
#include "platform/sqlite/sqlite_table.h"

namespace rollcall {
namespace {

// `hnum` and `blob`; a blob is at most this much smaller than its row.
constexpr size_t kPackagesColumns = 2;
constexpr size_t kRowOverheadBytes = 32;

}  // namespace

absl::Status ReadRpmSqlite(const RandomAccessFile& database, const RandomAccessFile* log, RpmBlobSink& sink) {
  const absl::StatusOr<SqlitePages> pages = SqlitePages::Open(database, log, sink);
  if (!pages.ok()) return pages.status();
  const absl::StatusOr<uint32_t> root = FindSqliteTable(*pages, "Packages", sink);
  if (absl::IsNotFound(root.status())) return absl::InvalidArgumentError("has no table of packages");
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

}  // namespace rollcall
