#include "collectors/accounts/login_records.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace rollcall {
namespace {

// Offsets in struct utmp; those behind the exit status depend on the width of times.
constexpr size_t kTypeAt = 0;
constexpr size_t kLineAt = 8;
constexpr size_t kLineBytes = 32;
constexpr size_t kUserAt = 44;
constexpr size_t kHostAt = 76;
constexpr size_t kHostBytes = 256;
constexpr size_t kAddressBytes = 16;

constexpr size_t SecondsAt(TimeWidth width) { return width == TimeWidth::k32 ? 340 : 344; }
constexpr size_t MicrosecondsAt(TimeWidth width) { return width == TimeWidth::k32 ? 344 : 352; }
constexpr size_t AddressAt(TimeWidth width) { return width == TimeWidth::k32 ? 348 : 360; }

// ut_type of a user's login, and the greatest there is.
constexpr uint64_t kUserProcess = 7;
constexpr uint64_t kMaxType = 9;

uint64_t Number(absl::string_view bytes, size_t at, size_t width) {
  uint64_t number = 0;
  for (size_t i = width; i > 0; --i) number = number << 8U | static_cast<uint8_t>(bytes[at + i - 1]);
  return number;
}

// Text up to the first NUL or the end of the field.
absl::string_view Text(absl::string_view bytes, size_t at, size_t width) {
  const absl::string_view field = bytes.substr(at, width);
  return field.substr(0, field.find('\0'));
}

bool IsText(absl::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

uint64_t Seconds(absl::string_view record, TimeWidth width) {
  return Number(record, SecondsAt(width), width == TimeWidth::k32 ? 4 : 8);
}

// Times before 1980 and after 2106 are no times of a login.
bool IsTime(uint64_t seconds) { return seconds >= 315'532'800 && seconds <= 0xFFFFFFFFU; }

bool IsUtmpRecord(absl::string_view record, TimeWidth width) {
  const uint64_t type = Number(record, kTypeAt, 2);
  if (type > kMaxType) return false;
  if (Number(record, MicrosecondsAt(width), width == TimeWidth::k32 ? 4 : 8) >= 1'000'000) return false;
  const absl::string_view user = Text(record, kUserAt, kUtmpNameBytes);
  if (!IsText(user) || !IsText(Text(record, kLineAt, kLineBytes)) || !IsText(Text(record, kHostAt, kHostBytes))) {
    return false;
  }
  return type != kUserProcess || (!user.empty() && IsTime(Seconds(record, width)));
}

std::string Address(absl::string_view bytes) {
  constexpr absl::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);
  const bool is_v4 = std::all_of(bytes.begin() + 4, bytes.end(), [](char c) { return c == '\0'; });
  if (is_v4 && Number(bytes, 0, 4) == 0) return "";
  std::array<char, INET6_ADDRSTRLEN> text = {};
  const bool mapped = bytes.substr(0, kMapped.size()) == kMapped;
  const int family = is_v4 || mapped ? AF_INET : AF_INET6;
  if (mapped) bytes.remove_prefix(kMapped.size());
  return ::inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr ? "" : text.data();
}

LoginRecord Login(absl::string_view record, TimeWidth width) {
  LoginRecord login;
  login.time = absl::FromUnixSeconds(static_cast<int64_t>(Seconds(record, width)));
  login.terminal = std::string(Text(record, kLineAt, kLineBytes));
  login.from = Address(record.substr(AddressAt(width), kAddressBytes));
  if (login.from.empty()) login.from = std::string(Text(record, kHostAt, kHostBytes));
  return login;
}

}  // namespace

TimeWidth GuessUtmpWidth(absl::string_view beginning) {
  std::array<size_t, 2> good = {0, 0};
  for (const TimeWidth width : {TimeWidth::k32, TimeWidth::k64}) {
    const size_t bytes = UtmpRecordBytes(width);
    for (size_t at = 0; at + bytes <= beginning.size(); at += bytes) {
      const absl::string_view record = beginning.substr(at, bytes);
      const bool login = Number(record, kTypeAt, 2) != 0;
      good[static_cast<size_t>(width)] +=
          login && IsTime(Seconds(record, width)) && IsUtmpRecord(record, width) ? 1 : 0;
    }
  }
  return good[1] > good[0] ? TimeWidth::k64 : TimeWidth::k32;
}

TimeWidth GuessLastlogWidth(uint64_t file_bytes) {
  const bool fits_narrow = file_bytes % LastlogRecordBytes(TimeWidth::k32) == 0;
  return !fits_narrow && file_bytes % LastlogRecordBytes(TimeWidth::k64) == 0 ? TimeWidth::k64 : TimeWidth::k32;
}

UtmpScan ScanUtmp(absl::string_view text, TimeWidth width,
                  const std::function<void(absl::string_view name, LoginRecord&& record)>& visit) {
  const size_t bytes = UtmpRecordBytes(width);
  UtmpScan scan;
  bool aligned = true;
  while (scan.consumed + bytes <= text.size()) {
    const absl::string_view record = text.substr(scan.consumed, bytes);
    // Zeros are an empty record, but none that shows where records start.
    const bool empty = Number(record, kTypeAt, 2) == 0 || !IsTime(Seconds(record, width));
    if (!IsUtmpRecord(record, width) || (empty && !aligned)) {
      ++scan.consumed;
      ++scan.damaged_bytes;
      aligned = false;
      continue;
    }
    aligned = true;
    if (Number(record, kTypeAt, 2) == kUserProcess) {
      visit(Text(record, kUserAt, kUtmpNameBytes), Login(record, width));
    }
    scan.consumed += bytes;
  }
  return scan;
}

std::optional<LoginRecord> ParseLastlogRecord(absl::string_view record, TimeWidth width) {
  if (record.size() != LastlogRecordBytes(width)) return std::nullopt;
  const size_t time_bytes = width == TimeWidth::k32 ? 4 : 8;
  const uint64_t seconds = Number(record, 0, time_bytes);
  if (!IsTime(seconds)) return std::nullopt;
  LoginRecord login;
  login.time = absl::FromUnixSeconds(static_cast<int64_t>(seconds));
  login.terminal = std::string(Text(record, time_bytes, kLineBytes));
  login.from = std::string(Text(record, time_bytes + kLineBytes, kHostBytes));
  if (!IsText(login.terminal) || !IsText(login.from)) return std::nullopt;
  return login;
}

}  // namespace rollcall
