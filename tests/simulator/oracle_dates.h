// Days of the calendar for the oracle, counted one by one: nothing here is shared with what is judged.
#ifndef ROLLCALL_TESTS_SIMULATOR_ORACLE_DATES_H_
#define ROLLCALL_TESTS_SIMULATOR_ORACLE_DATES_H_

#include <cstdint>
#include <set>
#include <string>

#include "rollcall/v1/policy.pb.h"

namespace rollcall::simulator {

// Days since 1970-01-01, and seconds since its midnight, UTC: the default agreement counts days of UTC.
using Day = int64_t;
using Second = int64_t;
inline constexpr Second kDaySeconds = 86400;

constexpr Second StartOf(Day day) { return day * kDaySeconds; }
// Of an instant not before 1970.
constexpr Day DayAt(Second second) { return second / kDaySeconds; }

struct Date {
  int year = 0;
  int month = 0;
  int day = 0;
};

// Of the years 1970 to 2099; another day gives the last one of these. All pure.
Date DateOf(Day day);
// The number of a date that there is, -1 for one that there is not.
Day NumberOf(const Date& date);
// `2024-02-29`.
std::string TextOf(Day day);
// -1 for what TextOf does not write.
Day ParseDayText(const std::string& text);

// The same day of the next month, or the last one it has: clause R5's month.
Day OneMonthLater(Day day);

// Which days are worked in China, as its file lists them.
class WorkedDays {
 public:
  explicit WorkedDays(const v1::WorkingDayCalendar& file);
  // In a year that nobody published every day is worked.
  bool IsWorked(Day day) const;
  // The day on which the 30th working day after `day` falls: clause R4's period.
  Day ThirtiethAfter(Day day) const;

 private:
  std::set<int> published_;
  std::set<Day> off_;
  std::set<Day> made_up_;
};

}  // namespace rollcall::simulator

#endif  // ROLLCALL_TESTS_SIMULATOR_ORACLE_DATES_H_
