#include "collectors/accounts/password_age.h"

namespace rollcall {
namespace {

// Far beyond what a timestamp of a record can hold (the end of year 9999) is "never".
constexpr int64_t kMaxDay = 2'932'896;

constexpr absl::Duration kDay = absl::Hours(24);

std::optional<absl::Time> BeginningOf(int64_t day) {
  if (day > kMaxDay) return std::nullopt;
  return absl::UnixEpoch() + day * kDay;
}

}  // namespace

PasswordAge AgeOf(const ShadowEntry& entry, absl::Time now) {
  PasswordAge age;
  const int64_t today = absl::ToInt64Hours(now - absl::UnixEpoch()) / 24;
  if (entry.expire_day.has_value()) {
    age.account_expires = BeginningOf(*entry.expire_day);
    age.account_expired = today >= *entry.expire_day;
  }
  if (!entry.last_change_day.has_value()) return age;
  if (*entry.last_change_day == 0) {
    age.must_change = true;
    age.password_expired = true;
    return age;
  }
  age.last_change = BeginningOf(*entry.last_change_day);
  // Either may be a number that no sum with it fits.
  if (!age.last_change.has_value() || entry.max_days.value_or(kNeverDays) >= kNeverDays) return age;
  const int64_t last_day = *entry.last_change_day + *entry.max_days;
  age.password_expires = BeginningOf(last_day);
  age.password_expired = today > last_day;
  age.password_inactive = age.password_expired && entry.inactive_days.has_value() && *entry.inactive_days <= kMaxDay &&
                          today > last_day + *entry.inactive_days;
  return age;
}

}  // namespace rollcall
