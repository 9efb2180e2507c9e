// Rows of a table of a SQLite database.
#ifndef ROLLCALL_PLATFORM_SQLITE_SQLITE_TABLE_H_
#define ROLLCALL_PLATFORM_SQLITE_SQLITE_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "platform/damage_sink.h"
#include "platform/sqlite/sqlite_pages.h"

namespace rollcall {

// A value of a row, as a view into it.
struct SqliteValue {
  enum class Type { kNull, kInteger, kReal, kBlob, kText };
  Type type = Type::kNull;
  absl::string_view bytes;  // of a blob or text
  int64_t integer = 0;
};

// Splits a row into its first columns, `max_columns` at most. Nothing if it is damaged. Pure.
std::optional<std::vector<SqliteValue>> SplitSqliteRow(absl::string_view row, size_t max_columns);

// First page of the table called `name`, for ReadSqliteTable. NotFound if there is none; damage of
// the table of tables goes to `sink`, Cancelled if it asked for that.
absl::StatusOr<uint32_t> FindSqliteTable(const SqlitePages& pages, absl::string_view name, DamageSink& sink);

// Gives every row of the table whose tree begins at page `root` to `take`, in the order of their
// numbers, and every part that could not be read to `sink`. Returns what `take` failed with, or
// Cancelled if the sink asked for that. Rows larger than `max_row_bytes` are damage. No page is
// read twice and no bytes of one count for two rows, so that a loop ends and all rows together are
// no larger than the file; a page has no more rows or children than fit into it.
absl::Status ReadSqliteTable(const SqlitePages& pages, uint32_t root, size_t max_row_bytes, DamageSink& sink,
                             absl::FunctionRef<absl::Status(absl::string_view row)> take);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SQLITE_SQLITE_TABLE_H_
