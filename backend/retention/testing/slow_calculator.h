// A second opinion on every date: slow, written from the words of policy.proto and lifecycle.proto, and sharing no date
// or event code with what it checks. It walks days, knows the Gregorian calendar by heart, and counts in
// nanoseconds of the zone's own clock; so clock changes at midnight are beyond it. For tests.
#ifndef ROLLCALL_BACKEND_RETENTION_TESTING_SLOW_CALCULATOR_H_
#define ROLLCALL_BACKEND_RETENTION_TESTING_SLOW_CALCULATOR_H_

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rollcall/v1/lifecycle.pb.h"
#include "rollcall/v1/policy.pb.h"

namespace rollcall {

// Nanoseconds since 2015-01-01T00:00 on the wall.
using Wall = int64_t;
inline constexpr Wall kWallSecond = 1'000'000'000;
inline constexpr Wall kWallHour = 3600 * kWallSecond;
inline constexpr Wall kWallDay = 24 * kWallHour;
inline constexpr Wall kNever = std::numeric_limits<Wall>::max();
inline constexpr Wall kAlways = std::numeric_limits<Wall>::min();

// An event as the calculator takes it: one line of a diary. Fields that do not apply are empty.
struct DiaryEntry {
  enum What { kTerminate, kWithdraw, kReturn, kPaid, kHold, kRelease, kRequest, kCancelRequest };
  What what;
  std::string id;
  Wall at;
  // The feature is "".
  std::string subscription;
  Wall effective = 0;
  // Of kRelease and kCancelRequest.
  std::string about;
  // Of kHold and kRequest: only this service; all if empty.
  std::string only_service;
};

struct SecondOpinion {
  bool held = false;
  bool restricted = false;
  bool ended = false;
  Wall not_before = kAlways;
  Wall due_from = kNever;
  Wall deadline = kNever;  // kNever: none

  bool MayDelete(Wall now) const { return !held && deadline != kNever && now >= not_before; }
  bool IsDue(Wall now) const { return !held && deadline != kNever && now >= due_from; }
};

class SlowCalculator {
 public:
  // `off` and `make_up` are days since 2015-01-01; `years` those that are published.
  SlowCalculator(const rollcall::v1::Policy& policy, std::set<int> years, std::set<int> off, std::set<int> make_up);

  // For data of `service` collected on `day` (and stored at its end), with what is known at `now`.
  SecondOpinion Ask(const std::string& service, const std::vector<std::string>& services, int day,
                    const std::vector<DiaryEntry>& diary, Wall now) const;

  static int DayNumber(int year, int month, int day);
  int Year(int day) const { return dates_[static_cast<size_t>(day)].year; }
  int Month(int day) const { return dates_[static_cast<size_t>(day)].month; }
  int DayOfMonth(int day) const { return dates_[static_cast<size_t>(day)].day; }

 private:
  struct Date {
    int year, month, day;
  };
  struct Subscription {
    Wall ended = kNever;
    Wall will_end = kNever;
    Wall will_return = kNever;
    Wall paid_until = kNever;
  };
  // What the rules may mean by the end; and until when is paid for.
  struct Ends {
    Wall feature, hosting, paid_until;
  };
  // The end of a period; whole if it is 24:00 of `day` rather than an instant in it.
  struct End {
    Wall end;
    int day;
    bool whole;
  };
  struct Events {
    Wall collected, terminated, requested, period_end;
  };

  // Every day of 60 years, one after the other.
  static const std::vector<Date>& Dates();
  int Walk(int day, uint32_t days) const;
  int WalkMonths(int day, uint32_t months) const;
  int WalkWorkingDays(int day, uint32_t days) const;
  bool IsWorked(int day) const;
  std::optional<End> PeriodOf(const rollcall::v1::Expression& e, const Events& events) const;
  static void Happen(Wall until, Subscription* s);
  static void HearEnds(const std::vector<DiaryEntry>& said, Wall instant, Subscription* s);
  static void HearReturns(const std::vector<DiaryEntry>& said, Wall instant, Subscription* s);
  static Subscription Replay(const std::string& name, const std::vector<DiaryEntry>& diary, Wall now);
  Ends EndsOf(const std::string& service, const std::vector<std::string>& services,
              const std::vector<DiaryEntry>& diary, Wall now) const;
  void ApplyRetain(const rollcall::v1::RetainRule& rule, const Events& events, SecondOpinion* opinion) const;
  void ApplyRules(const Ends& ends, Events events, SecondOpinion* opinion) const;
  Wall RequestedAt(const std::string& service, int day, const std::vector<DiaryEntry>& diary, Wall now) const;
  static void ApplyHolds(const std::string& service, const std::vector<DiaryEntry>& diary, Wall now,
                         SecondOpinion* opinion);
  void ApplyRequests(const rollcall::v1::CategoryRules& rules, const Events& events, SecondOpinion* opinion) const;

  rollcall::v1::Policy policy_;
  const std::vector<Date>& dates_;
  std::set<int> years_;
  std::set<int> off_;
  std::set<int> make_up_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_TESTING_SLOW_CALCULATOR_H_
