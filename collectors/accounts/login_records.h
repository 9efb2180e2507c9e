// utmp(5) and lastlog(8): fixed-size records of logins, as glibc lays them out on little-endian machines.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_RECORDS_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

// Where the times in a record are 32 bits wide (x86, arm) and where 64 (aarch64, riscv64). Files carry no mark of it.
enum class TimeWidth { k32, k64 };

struct LoginRecord {
  absl::Time time;
  // As in the file, without trailing NULs.
  std::string terminal;
  // Client's address as text; what else stands in the host field if there is none.
  std::string from;
};

// Names in wtmp are cut to this many bytes.
inline constexpr size_t kUtmpNameBytes = 32;

constexpr size_t UtmpRecordBytes(TimeWidth width) { return width == TimeWidth::k32 ? 384 : 400; }
constexpr size_t LastlogRecordBytes(TimeWidth width) { return width == TimeWidth::k32 ? 292 : 296; }

// Which of the two the beginning of a file looks like.
TimeWidth GuessUtmpWidth(absl::string_view beginning);
TimeWidth GuessLastlogWidth(uint64_t file_bytes);

struct UtmpScan {
  // Bytes that are no record; the scan goes on at the next that is.
  size_t damaged_bytes = 0;
  // Bytes taken, to the end of the last whole record.
  size_t consumed = 0;
};

// Calls `visit(name, record)` for the login of each user in file order. A record that is not whole at the end is left
// for later; `text` otherwise starts with a record.
UtmpScan ScanUtmp(absl::string_view text, TimeWidth width,
                  const std::function<void(absl::string_view name, LoginRecord&& record)>& visit);

// One record of lastlog; nullopt if that user never logged in, or if it is not a record.
std::optional<LoginRecord> ParseLastlogRecord(absl::string_view record, TimeWidth width);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_LOGIN_RECORDS_H_
