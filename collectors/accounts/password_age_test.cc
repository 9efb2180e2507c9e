#include "collectors/accounts/password_age.h"

#include <gtest/gtest.h>

#include <limits>

namespace rollcall {
namespace {

absl::Time Day(int64_t day) { return absl::UnixEpoch() + day * absl::Hours(24); }

ShadowEntry Entry(std::optional<int64_t> change, std::optional<int64_t> max, std::optional<int64_t> inactive = {},
                  std::optional<int64_t> expire = {}) {
  ShadowEntry entry;
  entry.last_change_day = change;
  entry.max_days = max;
  entry.inactive_days = inactive;
  entry.expire_day = expire;
  return entry;
}

TEST(PasswordAge, ThePasswordWorksToTheEndOfItsLastDay) {
  const ShadowEntry entry = Entry(19'000, 90);
  const PasswordAge last_day = AgeOf(entry, Day(19'091) - absl::Seconds(1));
  EXPECT_EQ(last_day.last_change, Day(19'000));
  EXPECT_EQ(last_day.password_expires, Day(19'090));
  EXPECT_FALSE(last_day.password_expired);
  EXPECT_TRUE(AgeOf(entry, Day(19'091)).password_expired);
  EXPECT_FALSE(AgeOf(entry, Day(30'000)).password_inactive) << "without days of grace it never stops working";
}

TEST(PasswordAge, AfterTheDaysOfGraceItOpensNothing) {
  const ShadowEntry entry = Entry(19'000, 90, 10);
  EXPECT_FALSE(AgeOf(entry, Day(19'100)).password_inactive);
  EXPECT_TRUE(AgeOf(entry, Day(19'101)).password_inactive);
}

TEST(PasswordAge, TheAccountIsClosedFromItsDay) {
  const ShadowEntry entry = Entry(19'000, 99'999, {}, 19'500);
  EXPECT_FALSE(AgeOf(entry, Day(19'500) - absl::Seconds(1)).account_expired);
  EXPECT_TRUE(AgeOf(entry, Day(19'500)).account_expired);
  EXPECT_EQ(AgeOf(entry, Day(1)).account_expires, Day(19'500));
}

TEST(PasswordAge, DayZeroMeansChangeItNow) {
  const PasswordAge age = AgeOf(Entry(0, 99'999), Day(19'000));
  EXPECT_TRUE(age.must_change);
  EXPECT_TRUE(age.password_expired);
  EXPECT_EQ(age.last_change, std::nullopt);
}

TEST(PasswordAge, TenThousandDaysAreForever) {
  EXPECT_EQ(AgeOf(Entry(19'000, 10'000), Day(40'000)).password_expires, std::nullopt);
  EXPECT_TRUE(AgeOf(Entry(19'000, 9'999), Day(40'000)).password_expired);
  EXPECT_FALSE(AgeOf(Entry({}, 1), Day(40'000)).password_expired) << "never changed, so it has no age";
}

TEST(PasswordAge, NumbersNoCalendarHolds) {
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  const PasswordAge age = AgeOf(Entry(kHuge, kHuge, kHuge, kHuge), Day(19'000));
  EXPECT_EQ(age.last_change, std::nullopt);
  EXPECT_EQ(age.account_expires, std::nullopt);
  EXPECT_FALSE(age.account_expired);
  EXPECT_FALSE(AgeOf(Entry(1, 1, kHuge), Day(19'000)).password_inactive);
}

}  // namespace
}  // namespace rollcall
