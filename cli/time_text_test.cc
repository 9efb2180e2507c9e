#include "cli/time_text.h"

#include <gtest/gtest.h>

#include "proto/wire_time.h"

namespace rollcall {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1764000000);  // 2025-11-24T16:00:00Z

TEST(ParseTimeText, ReadsWhatPeopleWrite) {
  const struct {
    const char* text;
    absl::Time want;
  } kCases[] = {
      {"now", kNow},
      {"90m", kNow - absl::Minutes(90)},
      {"7d", kNow - absl::Hours(168)},
      {"2h ago", kNow - absl::Hours(2)},
      {"2024-02-29", absl::FromUnixSeconds(1709164800)},
      {"2024-02-29 01:02", absl::FromUnixSeconds(1709168520)},
      {"2024-02-29T01:02:03Z", absl::FromUnixSeconds(1709168523)},
      {"2024-02-29 01:02:03Z", absl::FromUnixSeconds(1709168523)},
      {"2024-02-29T01:02:03+01:00", absl::FromUnixSeconds(1709164923)},
  };
  for (const auto& c : kCases) {
    const auto got = ParseTimeText(c.text, kNow);
    ASSERT_TRUE(got.ok()) << c.text << ": " << got.status();
    EXPECT_EQ(*got, c.want) << c.text;
  }
}

TEST(ParseTimeText, RefusesTheRest) {
  for (const char* text : {"", "yesterday-ish", "2024-02-30", "h", "-2h", "2024-13-01", "99999999999h"}) {
    EXPECT_EQ(ParseTimeText(text, kNow).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(AgoText, GrowsWithTheDistance) {
  EXPECT_EQ(AgoText(ToWire(kNow), kNow), "just now");
  EXPECT_EQ(AgoText(ToWire(kNow - absl::Seconds(61)), kNow), "61s ago");
  EXPECT_EQ(AgoText(ToWire(kNow - absl::Minutes(61)), kNow), "61m ago");
  EXPECT_EQ(AgoText(ToWire(kNow - absl::Hours(47)), kNow), "47h ago");
  EXPECT_EQ(AgoText(ToWire(kNow - absl::Hours(49)), kNow), "2d ago");
  EXPECT_EQ(AgoText({}, kNow), "never");
}

TEST(WhenText, IsADistanceWhileThatSaysMore) {
  EXPECT_EQ(WhenText(ToWire(kNow - absl::Hours(3)), kNow), "3h ago");
  EXPECT_EQ(WhenText(ToWire(kNow + absl::Hours(3)), kNow), "in 3h");
  EXPECT_EQ(WhenText(ToWire(kNow + absl::Seconds(1)), kNow), "just now");
  EXPECT_EQ(WhenText(ToWire(kNow - absl::Hours(13 * 24)), kNow), "13d ago");
  const auto old = ToWire(kNow - absl::Hours(14 * 24));
  EXPECT_EQ(WhenText(old, kNow), DateText(old));
  EXPECT_EQ(WhenText({}, kNow), "");
}

TEST(DurationText, HasTwoUnitsAtMost) {
  EXPECT_EQ(DurationText(absl::ZeroDuration()), "0s");
  EXPECT_EQ(DurationText(absl::Milliseconds(4200)), "4.2s");
  EXPECT_EQ(DurationText(absl::Seconds(60)), "1m");
  EXPECT_EQ(DurationText(absl::Seconds(200)), "3m 20s");
  EXPECT_EQ(DurationText(absl::Minutes(310)), "5h 10m");
  EXPECT_EQ(DurationText(absl::Hours(291)), "12d 3h");
}

TEST(BytesText, PicksAUnit) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1536), "1.5 KiB");
  EXPECT_EQ(BytesText(uint64_t{16} << 30), "16 GiB");
}

TEST(TimeText, IsUtcAndEmptyWhenUnset) {
  EXPECT_EQ(TimeText({}), "");
  EXPECT_EQ(TimeText(ToWire(absl::FromUnixSeconds(1709168523))), "2024-02-29 01:02:03Z");
  EXPECT_EQ(DateText(ToWire(absl::FromUnixSeconds(1709168523))), "2024-02-29");
}

}  // namespace
}  // namespace rollcall
