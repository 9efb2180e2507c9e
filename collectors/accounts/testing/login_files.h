// Makes records of wtmp and lastlog, for tests.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_LOGIN_FILES_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_LOGIN_FILES_H_

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "collectors/accounts/login_records.h"

namespace rollcall {

inline void PutBytes(std::string* record, size_t at, absl::string_view bytes) {
  std::copy(bytes.begin(), bytes.end(), record->begin() + static_cast<ptrdiff_t>(at));
}

inline void PutNumber(std::string* record, size_t at, size_t width, uint64_t number) {
  for (size_t i = 0; i < width; ++i) (*record)[at + i] = static_cast<char>(number >> (8 * i));
}

struct TestLogin {
  absl::string_view user;
  absl::string_view line = "pts/0";
  // Text of the host field, and an address for the address field.
  absl::string_view host = "";
  const char* address = nullptr;
  uint64_t seconds = 1'700'000'000;
  // USER_PROCESS.
  uint64_t type = 7;
};

inline std::string UtmpRecord(const TestLogin& login, TimeWidth width = TimeWidth::k32) {
  const bool narrow = width == TimeWidth::k32;
  std::string record(UtmpRecordBytes(width), '\0');
  PutNumber(&record, 0, 2, login.type);
  PutNumber(&record, 4, 4, 4711);
  PutBytes(&record, 8, login.line.substr(0, 32));
  PutBytes(&record, 40, "ts/0");
  PutBytes(&record, 44, login.user.substr(0, 32));
  PutBytes(&record, 76, login.host.substr(0, 256));
  PutNumber(&record, narrow ? 340 : 344, narrow ? 4 : 8, login.seconds);
  PutNumber(&record, narrow ? 344 : 352, narrow ? 4 : 8, 123'456);
  if (login.address != nullptr) {
    char bytes[16] = {};
    const bool v4 = ::inet_pton(AF_INET, login.address, bytes) == 1;
    if (v4 || ::inet_pton(AF_INET6, login.address, bytes) == 1) {
      PutBytes(&record, narrow ? 348 : 360, absl::string_view(bytes, sizeof bytes));
    }
  }
  return record;
}

// `text` with the entry of user `uid` set; grown as needed.
inline void SetLastlog(std::string* text, uint32_t uid, uint64_t seconds, absl::string_view line,
                       absl::string_view host, TimeWidth width = TimeWidth::k32) {
  const size_t bytes = LastlogRecordBytes(width);
  const size_t time_bytes = width == TimeWidth::k32 ? 4 : 8;
  const size_t at = uid * bytes;
  text->resize(std::max(text->size(), at + bytes), '\0');
  std::fill_n(text->begin() + static_cast<ptrdiff_t>(at), bytes, '\0');
  PutNumber(text, at, time_bytes, seconds);
  PutBytes(text, at + time_bytes, line.substr(0, 32));
  PutBytes(text, at + time_bytes + 32, host.substr(0, 256));
}

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_TESTING_LOGIN_FILES_H_
