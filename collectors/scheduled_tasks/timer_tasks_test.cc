#include "collectors/scheduled_tasks/timer_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TimerTriggers Read(absl::string_view text) { return ReadTimerTriggers(ParseUnitFile(text).assignments); }

TEST(TimerTriggers, KeepsAllInOrder) {
  const TimerTriggers triggers = Read(
      "[Unit]\nOnCalendar=never\n[Timer]\nOnBootSec=15min\nOnCalendar=Mon 9:0\nOnUnitActiveSec=1d\nAccuracySec=1h\n");
  EXPECT_THAT(triggers.written, ElementsAre("OnBootSec=15min", "Mon 9:0", "OnUnitActiveSec=1d"));
  EXPECT_THAT(triggers.normalized, ElementsAre("OnBootSec=15min", "Mon *-*-* 09:00:00", "OnUnitActiveSec=1d"));
  EXPECT_EQ(triggers.calendars.size(), 1U);
  EXPECT_THAT(triggers.unreadable, IsEmpty());
}

TEST(TimerTriggers, TellsWhetherOthersThanCalendarsCount) {
  EXPECT_TRUE(Read("[Timer]\nOnCalendar=daily\nOnUnitActiveSec=15min\n").has_others);
  EXPECT_FALSE(Read("[Timer]\nOnCalendar=daily\nOnBootSec=15min\n").has_others);
  EXPECT_THAT(Read("[Timer]\nOnBootSec=15min\nOnStartupSec=1\nOnBootSec=infinity\nOnBootSec=x\n").from_boot,
              ElementsAre(absl::Minutes(15), absl::Seconds(1)));
  EXPECT_FALSE(Read("[Timer]\nOnCalendar=daily\nOnCalendar=weekly\n").has_others);
  EXPECT_FALSE(Read("[Timer]\nOnCalendar=daily\nOnBootSec=x\n").has_others) << "systemd passes it over";
  EXPECT_FALSE(Read("[Timer]\nOnBootSec=15min\nOnCalendar=\nOnCalendar=daily\n").has_others);
  std::string many = "[Timer]\n";
  for (int i = 0; i < 10'000; ++i) many += "OnCalendar=daily\n";
  EXPECT_TRUE(Read(many).has_others);
}

TEST(TimerTriggers, AnEmptySettingForgetsAllBeforeIt) {
  EXPECT_THAT(Read("[Timer]\nOnCalendar=daily\nOnBootSec=1\nOnCalendar=\nOnCalendar=weekly\n").written,
              ElementsAre("weekly"));
}

TEST(TimerTriggers, WhatSystemdDoesNotUnderstandIsKeptAsWritten) {
  const TimerTriggers triggers = Read("[Timer]\nOnCalendar=Mond 9:0\nOnBootSec=x\nOnCalendar=daily\n");
  EXPECT_THAT(triggers.unreadable, ElementsAre("OnCalendar", "OnBootSec"));
  EXPECT_THAT(triggers.written, ElementsAre("Mond 9:0", "OnBootSec=x", "daily"));
  EXPECT_EQ(triggers.calendars.size(), 1U);
}

}  // namespace
}  // namespace rollcall
