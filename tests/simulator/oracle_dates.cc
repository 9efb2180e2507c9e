#include "tests/simulator/oracle_dates.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace rollcall::simulator {
namespace {

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2099;
// 1970-01-01 was a Thursday; Monday is 0.
constexpr Day kFirstWeekday = 3;

bool IsLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysIn(int year, int month) {
  if (month == 2) return IsLeap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

struct Almanac {
  std::vector<Date> dates;
  std::map<std::tuple<int, int, int>, Day> numbers;
};

const Almanac& AllDays() {
  static const Almanac* const almanac = [] {
    auto* all = new Almanac;
    for (int year = kFirstYear; year <= kLastYear; ++year) {
      for (int month = 1; month <= 12; ++month) {
        for (int day = 1; day <= DaysIn(year, month); ++day) {
          all->numbers[{year, month, day}] = static_cast<Day>(all->dates.size());
          all->dates.push_back({year, month, day});
        }
      }
    }
    return all;
  }();
  return *almanac;
}

}  // namespace

Date DateOf(Day day) {
  const std::vector<Date>& dates = AllDays().dates;
  return dates[std::min(static_cast<size_t>(day), dates.size() - 1)];
}

Day NumberOf(const Date& date) {
  const auto it = AllDays().numbers.find({date.year, date.month, date.day});
  return it == AllDays().numbers.end() ? -1 : it->second;
}

std::string TextOf(Day day) {
  const Date date = DateOf(day);
  return absl::StrFormat("%04d-%02d-%02d", date.year, date.month, date.day);
}

Day ParseDayText(const std::string& text) {
  Date date;
  const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-';
  if (!shaped || !absl::SimpleAtoi(text.substr(0, 4), &date.year) ||
      !absl::SimpleAtoi(text.substr(5, 2), &date.month) || !absl::SimpleAtoi(text.substr(8, 2), &date.day)) {
    return -1;
  }
  return NumberOf(date);
}

Day OneMonthLater(Day day) {
  Date date = DateOf(day);
  date.year += date.month == 12 ? 1 : 0;
  date.month = date.month == 12 ? 1 : date.month + 1;
  date.day = std::min(date.day, DaysIn(date.year, date.month));
  return NumberOf(date);
}

WorkedDays::WorkedDays(const v1::WorkingDayCalendar& file) {
  for (const v1::WorkingDayCalendar::Year& year : file.years()) {
    published_.insert(year.year());
    for (const std::string& day : year.off_days()) off_.insert(ParseDayText(day));
    for (const std::string& day : year.make_up_days()) made_up_.insert(ParseDayText(day));
  }
}

bool WorkedDays::IsWorked(Day day) const {
  if (published_.count(DateOf(day).year) == 0) return true;
  if (made_up_.count(day) > 0) return true;
  if (off_.count(day) > 0) return false;
  return (day + kFirstWeekday) % 7 < 5;
}

Day WorkedDays::ThirtiethAfter(Day day) const {
  for (int worked = 0; worked < 30;) {
    ++day;
    if (IsWorked(day)) ++worked;
  }
  return day;
}

}  // namespace rollcall::simulator
