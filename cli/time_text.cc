#include "cli/time_text.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Further away than this, a date says more than a distance.
constexpr absl::Duration kRecent = absl::Hours(14 * 24);

// `90m` and the like; InvalidArgument for anything else.
absl::StatusOr<absl::Duration> ParseAgo(absl::string_view text) {
  absl::ConsumeSuffix(&text, " ago");
  if (text.size() < 2) return absl::InvalidArgumentError("");
  absl::Duration unit;
  switch (text.back()) {
    case 's':
      unit = absl::Seconds(1);
      break;
    case 'm':
      unit = absl::Minutes(1);
      break;
    case 'h':
      unit = absl::Hours(1);
      break;
    case 'd':
      unit = absl::Hours(24);
      break;
    case 'w':
      unit = absl::Hours(7 * 24);
      break;
    default:
      return absl::InvalidArgumentError("");
  }
  uint32_t count = 0;
  if (!absl::SimpleAtoi(text.substr(0, text.size() - 1), &count)) return absl::InvalidArgumentError("");
  return count * unit;
}

// Out of range is the epoch: this is for display.
absl::Time AbslTime(const google::protobuf::Timestamp& time) { return FromWire(time).value_or(absl::UnixEpoch()); }

// `61s`, `61m`, `47h`, `2d`: the largest unit of which there are at least two.
std::string DistanceText(int64_t seconds) {
  if (seconds < 120) return absl::StrCat(seconds, "s");
  if (seconds < 2 * 3600) return absl::StrCat(seconds / 60, "m");
  if (seconds < 48 * 3600) return absl::StrCat(seconds / 3600, "h");
  return absl::StrCat(seconds / 86400, "d");
}

bool IsUnset(const google::protobuf::Timestamp& time) { return time.seconds() == 0 && time.nanos() == 0; }

}  // namespace

absl::StatusOr<absl::Time> ParseTimeText(absl::string_view text, absl::Time now) {
  if (text == "now") return now;
  if (const auto ago = ParseAgo(text); ago.ok()) return now - *ago;
  absl::Time time;
  std::string error;
  for (absl::string_view format : {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%E*S",
                                   "%Y-%m-%d %H:%M:%E*SZ", "%Y-%m-%dT%H:%M"}) {
    if (absl::ParseTime(format, text, absl::UTCTimeZone(), &time, &error)) return time;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "'", text, "' is no time: use 2026-11-23, 2026-11-23T18:00:00Z, 'now' or a time ago such as 2h or 7d"));
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (IsUnset(time)) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", AbslTime(time), absl::UTCTimeZone());
}

std::string DateText(const google::protobuf::Timestamp& time) {
  if (IsUnset(time)) return "";
  return absl::FormatTime("%Y-%m-%d", AbslTime(time), absl::UTCTimeZone());
}

std::string AgoText(const google::protobuf::Timestamp& time, absl::Time now) {
  if (IsUnset(time)) return "never";
  const int64_t seconds = absl::ToInt64Seconds(now - AbslTime(time));
  if (seconds < 5) return "just now";
  return absl::StrCat(DistanceText(seconds), " ago");
}

std::string WhenText(const google::protobuf::Timestamp& time, absl::Time now) {
  if (IsUnset(time)) return "";
  const absl::Duration ahead = AbslTime(time) - now;
  if (absl::AbsDuration(ahead) >= kRecent) return DateText(time);
  if (ahead < absl::Seconds(5)) return AgoText(time, now);
  return absl::StrCat("in ", DistanceText(absl::ToInt64Seconds(ahead)));
}

std::string DurationText(absl::Duration duration) {
  if (duration < absl::Minutes(1)) return absl::StrFormat("%.3gs", absl::ToDoubleSeconds(duration));
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const auto two = [](int64_t large, const char* unit, int64_t small, const char* small_unit) {
    return small == 0 ? absl::StrCat(large, unit) : absl::StrCat(large, unit, " ", small, small_unit);
  };
  if (seconds < 3600) return two(seconds / 60, "m", seconds % 60, "s");
  if (seconds < 86400) return two(seconds / 3600, "h", seconds % 3600 / 60, "m");
  return two(seconds / 86400, "d", seconds % 86400 / 3600, "h");
}

std::string BytesText(uint64_t bytes) {
  static constexpr absl::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  if (unit == 0) return absl::StrCat(bytes, " B");
  return absl::StrFormat("%.*f %s", value < 10 ? 1 : 0, value, kUnits[unit]);
}

}  // namespace rollcall
