// Calendar expressions of systemd timers: systemd.time(7), "CALENDAR EVENTS".
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CALENDAR_EXPRESSION_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CALENDAR_EXPRESSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// `5`, `5..9`, `5/2` or `5..9/2` of one field.
struct CalendarRange {
  static constexpr int64_t kNone = -1;

  int64_t start = 0;
  // kNone without `..`.
  int64_t stop = kNone;
  // 0 without `/`.
  int64_t step = 0;

  friend bool operator==(const CalendarRange&, const CalendarRange&) = default;
};

// A field without ranges is `*`.
using CalendarField = std::vector<CalendarRange>;

struct CalendarExpression {
  // Bit 0 is Monday. All seven if no day is named.
  uint8_t weekdays = 0x7f;
  CalendarField year;
  CalendarField month;
  CalendarField day;
  // `~` before the day: days are counted from the end of the month, the last one is 1.
  bool from_end_of_month = false;
  CalendarField hour;
  CalendarField minute;
  // Seconds with their fraction, in microseconds.
  CalendarField microsecond;
  // Time zone as written; empty for the host's, `UTC` for that in any spelling. Whether there
  // is such a zone is not checked.
  std::string timezone;
};

// Longest expression read, in bytes.
inline constexpr size_t kMaxCalendarBytes = 1024;

// Reads one expression. InvalidArgument names what is wrong with it, without its text. What
// systemd 252 refuses is refused, except that any word in the place of a time zone is taken
// for one. Pure.
absl::StatusOr<CalendarExpression> ParseCalendarExpression(absl::string_view text);

// The expression in systemd's normal form, such as `Mon..Fri *-*-* 09:00:00 UTC`.
std::string FormatCalendarExpression(const CalendarExpression& expression);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_CALENDAR_EXPRESSION_H_
