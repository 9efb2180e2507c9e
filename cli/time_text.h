// Instants and sizes as people write and read them.
#ifndef ROLLCALL_CLI_TIME_TEXT_H_
#define ROLLCALL_CLI_TIME_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace rollcall {

// Reads `now`, RFC 3339, `YYYY-MM-DD` (its first instant, UTC), `YYYY-MM-DD HH:MM[:SS]`
// (UTC) or a time ago such as `90m`, `2h`, `7d`. InvalidArgument otherwise.
absl::StatusOr<absl::Time> ParseTimeText(absl::string_view text, absl::Time now);

// `2026-11-23 18:04:05Z`; empty for an unset (zero) timestamp.
std::string TimeText(const google::protobuf::Timestamp& time);
// `2026-11-23`.
std::string DateText(const google::protobuf::Timestamp& time);
// `5m ago`, `3d ago`, `just now`.
std::string AgoText(const google::protobuf::Timestamp& time, absl::Time now);
// For tables: `3h ago` or `in 3h` for what is less than two weeks away, else the date; empty for an unset one.
std::string WhenText(const google::protobuf::Timestamp& time, absl::Time now);
// `4.2s`, `3m 20s`, `5h 10m`, `12d 3h`.
std::string DurationText(absl::Duration duration);
// `1.5 GiB`.
std::string BytesText(uint64_t bytes);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_TIME_TEXT_H_
