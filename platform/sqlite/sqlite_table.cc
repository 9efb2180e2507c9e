#include "platform/sqlite/sqlite_table.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "platform/byte_order.h"

namespace rollcall {
namespace {

// Page of the table of tables, with the columns type, name, tbl_name, rootpage and sql.
constexpr uint32_t kSchemaRoot = 1;
constexpr size_t kMaxSchemaRowBytes = size_t{64} << 10;
// Types of pages, their first byte.
constexpr char kInteriorTablePage = 0x05;
constexpr char kLeafTablePage = 0x0d;
// The database's header precedes that of page 1.
constexpr size_t kDatabaseHeaderBytes = 100;
constexpr size_t kCellCountAt = 3;
constexpr size_t kRightmostChildAt = 8;
constexpr size_t kLeafHeaderBytes = 8;
constexpr size_t kInteriorHeaderBytes = 12;
// A cell takes no less of its page, and its place is named by two bytes more.
constexpr size_t kMinCellBytes = 4;
constexpr size_t kPlaceBytes = 2;
// SQLite's own limit. A tree that deep has more rows than fit in any file.
constexpr int kMaxDepth = 20;
constexpr uint32_t kStepsBetweenStopChecks = 1024;

// Takes a variable-length number off `bytes`. False if they end before it does.
bool TakeVarint(absl::string_view* bytes, uint64_t* number) {
  *number = 0;
  for (size_t i = 0; i < 9; ++i) {
    if (i >= bytes->size()) return false;
    const uint32_t byte = ByteAt(bytes->data(), static_cast<int>(i));
    if (i == 8) {
      *number = *number << 8 | byte;
    } else {
      *number = *number << 7 | (byte & 0x7F);
      if ((byte & 0x80) != 0) continue;
    }
    bytes->remove_prefix(i + 1);
    return true;
  }
  return false;
}

// Bytes of integers and reals by serial type.
constexpr size_t kFixedBytes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};

int64_t LoadInteger(absl::string_view bytes) {
  uint64_t number = !bytes.empty() && (ByteAt(bytes.data(), 0) & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (size_t i = 0; i < bytes.size(); ++i) number = number << 8 | ByteAt(bytes.data(), static_cast<int>(i));
  return static_cast<int64_t>(number);
}

// Takes the value of a serial type off `body`. False if it ends before.
bool TakeValue(uint64_t serial_type, absl::string_view* body, SqliteValue* value) {
  if (serial_type == 10 || serial_type == 11) return false;
  const uint64_t size = serial_type >= 12 ? (serial_type - 12) / 2 : kFixedBytes[serial_type];
  if (size > body->size()) return false;
  const absl::string_view bytes = body->substr(0, size);
  body->remove_prefix(size);
  if (serial_type >= 12) {
    value->type = serial_type % 2 == 0 ? SqliteValue::Type::kBlob : SqliteValue::Type::kText;
    value->bytes = bytes;
  } else if (serial_type == 7) {
    value->type = SqliteValue::Type::kReal;
  } else if (serial_type != 0) {
    value->type = SqliteValue::Type::kInteger;
    value->integer = serial_type == 8 ? 0 : serial_type == 9 ? 1 : LoadInteger(bytes);
  }
  return true;
}

class Walk {
 public:
  Walk(const SqlitePages& pages, size_t max_row_bytes, DamageSink& sink,
       absl::FunctionRef<absl::Status(absl::string_view)> take)
      : pages_(pages),
        max_row_bytes_(max_row_bytes),
        sink_(sink),
        take_(take),
        used_(size_t{pages.page_count()} + 1),
        overflow_(pages.page_bytes()) {}

  // Visits the page and all below it.
  absl::Status Visit(uint32_t page, int depth) {
    // A page that cannot be had must not cost the memory of one.
    if (absl::Status damage = Claim(page); !damage.ok()) return Damaged(page, damage);
    std::vector<char> bytes(pages_.page_bytes());
    if (absl::Status damage = pages_.Read(page, bytes.data()); !damage.ok()) return Damaged(page, damage);
    const char type = bytes[page == 1 ? kDatabaseHeaderBytes : 0];
    if (type == kLeafTablePage) return VisitLeaf(page, bytes);
    if (type != kInteriorTablePage) return Damaged(page, absl::InvalidArgumentError("not a page of a table"));
    if (depth >= kMaxDepth) return Damaged(page, absl::InvalidArgumentError("tree is too deep"));
    return VisitInterior(page, bytes, depth);
  }

 private:
  // Cancelled if it is time to stop, else OK: the walk goes on behind the damage.
  absl::Status Damaged(uint32_t page, const absl::Status& damage) {
    if (absl::IsCancelled(damage)) return damage;
    sink_.TakeDamage(absl::Status(damage.code(), absl::StrCat("page ", page, ": ", damage.message())));
    return CheckStop();
  }

  // Every page and every piece of damage is a step.
  absl::Status CheckStop() {
    if (++steps_ % kStepsBetweenStopChecks == 0 && sink_.stop_requested()) return absl::CancelledError("stopped");
    return absl::OkStatus();
  }

  // Takes a page that nothing else has claimed.
  absl::Status Claim(uint32_t page) {
    if (page == 0 || page > pages_.page_count()) return absl::InvalidArgumentError("there is no such page");
    if (used_[page]) return absl::InvalidArgumentError("used twice, or a loop");
    used_[page] = true;
    return CheckStop();
  }

  // Places of the cells in a page, in order; those outside the page and those that are more than
  // fit into it are damage and left out. `begin` is where the places are named.
  absl::Status FindCells(uint32_t page, const std::vector<char>& bytes, size_t begin, std::vector<size_t>* cells) {
    const size_t header = page == 1 ? kDatabaseHeaderBytes : 0;
    const size_t count = LoadBigEndian16(bytes.data() + header + kCellCountAt);
    const size_t most = (pages_.usable_bytes() - begin) / (kMinCellBytes + kPlaceBytes);
    bool all_inside = true;
    for (size_t i = 0; i < std::min(count, most); ++i) {
      const size_t place = LoadBigEndian16(bytes.data() + begin + i * kPlaceBytes);
      if (place < begin || place + kMinCellBytes > pages_.usable_bytes()) {
        all_inside = false;
      } else {
        cells->push_back(place);
      }
    }
    if (count > most) return Damaged(page, absl::InvalidArgumentError("impossible number of rows"));
    if (!all_inside) return Damaged(page, absl::InvalidArgumentError("impossible place of a row"));
    return absl::OkStatus();
  }

  absl::Status VisitInterior(uint32_t page, const std::vector<char>& bytes, int depth) {
    const size_t begin = (page == 1 ? kDatabaseHeaderBytes : 0) + kInteriorHeaderBytes;
    std::vector<size_t> cells;
    if (absl::Status status = FindCells(page, bytes, begin, &cells); !status.ok()) return status;
    for (const size_t cell : cells) {
      if (absl::Status status = Visit(LoadBigEndian32(bytes.data() + cell), depth + 1); !status.ok()) return status;
    }
    const size_t header = page == 1 ? kDatabaseHeaderBytes : 0;
    return Visit(LoadBigEndian32(bytes.data() + header + kRightmostChildAt), depth + 1);
  }

  absl::Status VisitLeaf(uint32_t page, const std::vector<char>& bytes) {
    const size_t begin = (page == 1 ? kDatabaseHeaderBytes : 0) + kLeafHeaderBytes;
    std::vector<size_t> cells;
    if (absl::Status status = FindCells(page, bytes, begin, &cells); !status.ok()) return status;
    unread_ = pages_.usable_bytes() - begin;
    for (const size_t cell : cells) {
      const absl::Status damage = ReadRow({bytes.data() + cell, pages_.usable_bytes() - cell});
      if (!damage.ok()) {
        if (absl::Status status = Damaged(page, damage); !status.ok()) return status;
        continue;
      }
      if (absl::Status status = take_(row_); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Bytes of a row that are in its leaf if the row has `size` in all.
  size_t LocalBytes(uint64_t size) const {
    const uint64_t usable = pages_.usable_bytes();
    const uint64_t max_local = usable - 35;
    if (size <= max_local) return size;
    const uint64_t min_local = (usable - 12) * 32 / 255 - 23;
    const uint64_t local = min_local + (size - min_local) % (usable - 4);
    return local <= max_local ? local : min_local;
  }

  // Into row_. `cell` reaches to the end of its page.
  absl::Status ReadRow(absl::string_view cell) {
    const size_t cell_bytes = cell.size();
    uint64_t size = 0;
    uint64_t row_number = 0;
    if (!TakeVarint(&cell, &size) || !TakeVarint(&cell, &row_number)) {
      return absl::InvalidArgumentError("row breaks off");
    }
    if (size > max_row_bytes_) return absl::ResourceExhaustedError("row is larger than the limit");
    if (size > uint64_t{pages_.page_count()} * pages_.page_bytes()) {
      return absl::InvalidArgumentError("row is larger than the file");
    }
    const size_t local = LocalBytes(size);
    const bool overflows = local < size;
    if (local + (overflows ? 4 : 0) > cell.size()) return absl::InvalidArgumentError("row breaks off");
    // Rows do not share bytes, so those of a page are together no larger than it is.
    const size_t taken = cell_bytes - cell.size() + local + (overflows ? 4 : 0);
    if (taken > unread_) return absl::InvalidArgumentError("overlaps other rows");
    unread_ -= taken;
    row_.reserve(size);
    row_.assign(cell.data(), local);
    return overflows ? ReadOverflow(LoadBigEndian32(cell.data() + local), size) : absl::OkStatus();
  }

  // Appends the rest of a row of `size` bytes: a chain of pages.
  absl::Status ReadOverflow(uint32_t page, size_t size) {
    while (row_.size() < size) {
      absl::Status status = Claim(page);
      if (status.ok()) status = pages_.Read(page, overflow_.data());
      if (!status.ok()) {
        return absl::Status(status.code(), absl::StrCat("overflow page ", page, ": ", status.message()));
      }
      page = LoadBigEndian32(overflow_.data());
      row_.append(overflow_.data() + 4, std::min<size_t>(pages_.usable_bytes() - 4, size - row_.size()));
    }
    return absl::OkStatus();
  }

  const SqlitePages& pages_;
  const size_t max_row_bytes_;
  DamageSink& sink_;
  const absl::FunctionRef<absl::Status(absl::string_view)> take_;
  std::vector<bool> used_;
  uint32_t steps_ = 0;
  // Bytes of the current leaf that no row has claimed yet.
  size_t unread_ = 0;
  std::vector<char> overflow_;
  std::string row_;
};

}  // namespace

std::optional<std::vector<SqliteValue>> SplitSqliteRow(absl::string_view row, size_t max_columns) {
  absl::string_view rest = row;
  uint64_t header_bytes = 0;
  if (!TakeVarint(&rest, &header_bytes)) return std::nullopt;
  const size_t length_bytes = row.size() - rest.size();
  if (header_bytes < length_bytes || header_bytes > row.size()) return std::nullopt;
  absl::string_view types = row.substr(length_bytes, header_bytes - length_bytes);
  absl::string_view body = row.substr(header_bytes);
  std::vector<SqliteValue> values;
  while (!types.empty() && values.size() < max_columns) {
    uint64_t serial_type = 0;
    SqliteValue value;
    if (!TakeVarint(&types, &serial_type) || !TakeValue(serial_type, &body, &value)) return std::nullopt;
    values.push_back(value);
  }
  return values;
}

absl::StatusOr<uint32_t> FindSqliteTable(const SqlitePages& pages, absl::string_view name, DamageSink& sink) {
  std::optional<uint32_t> root;
  const auto look = [&root, name](absl::string_view row) {
    const auto columns = SplitSqliteRow(row, 4);
    if (!columns || columns->size() < 4 || (*columns)[0].bytes != "table" || (*columns)[1].bytes != name) {
      return absl::OkStatus();
    }
    const int64_t page = (*columns)[3].integer;
    if (page > kSchemaRoot && page <= UINT32_MAX) root = static_cast<uint32_t>(page);
    return absl::OkStatus();
  };
  if (absl::Status status = ReadSqliteTable(pages, kSchemaRoot, kMaxSchemaRowBytes, sink, look); !status.ok()) {
    return status;
  }
  if (!root) return absl::NotFoundError(absl::StrCat("has no table ", name));
  return *root;
}

absl::Status ReadSqliteTable(const SqlitePages& pages, uint32_t root, size_t max_row_bytes, DamageSink& sink,
                             absl::FunctionRef<absl::Status(absl::string_view row)> take) {
  return Walk(pages, max_row_bytes, sink, take).Visit(root, 0);
}

}  // namespace rollcall
