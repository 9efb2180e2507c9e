// The oracle against dates that were worked out by hand.
#include "tests/simulator/oracle.h"

#include <gtest/gtest.h>

#include "tests/simulator/calendar_file.h"

namespace rollcall::simulator {
namespace {

class OracleTest : public testing::Test {
 protected:
  OracleTest() : oracle_(WorkedDays(*LoadCalendarFile()), {"cvm:1", "ecm:2"}) {}

  static Day On(int year, int month, int day) { return NumberOf({year, month, day}); }
  static Second Noon(int year, int month, int day) { return StartOf(On(year, month, day)) + kDaySeconds / 2; }
  static Fact Asset(Day day, const std::string& service = "cvm:1") {
    return {DataKind::kAssets, service, day, "host", "record"};
  }
  static Fact Setting(Day day) { return {DataKind::kSettings, kEveryService, day, "console", "setting"}; }

  void Tell(Happening::What what, Second at, const std::string& subscription, Second effective = 0) {
    Happening h;
    h.what = what;
    h.at = at;
    h.subscription = subscription;
    h.effective = effective;
    oracle_.Tell(h);
  }
  void End(Second at, const std::string& subscription) { Tell(Happening::kEnds, at, subscription, at); }
  void Request(const std::string& id, Second at, const Scope& scope = {}) {
    Happening h;
    h.what = Happening::kRequested;
    h.id = id;
    h.at = at;
    h.scope = scope;
    oracle_.Tell(h);
  }
  void Order(Happening::What what, const std::string& id, Second at) {
    Happening h;
    h.what = what;
    h.id = h.about = id;
    h.at = at;
    oracle_.Tell(h);
  }
  std::string LastDay(const Fact& fact, Second now = Noon(2030, 1, 1)) const {
    const Verdict verdict = oracle_.Ask(fact, now);
    if (verdict.not_before == kNever) return "none";
    EXPECT_EQ(verdict.deadline, verdict.not_before + kDaySeconds);
    return TextOf(DayAt(verdict.not_before) - 1);
  }

  Oracle oracle_;
};

TEST_F(OracleTest, DaysAreThoseOfTheCalendar) {
  EXPECT_EQ(TextOf(On(2024, 2, 29)), "2024-02-29");
  EXPECT_EQ(On(2023, 2, 29), -1);
  EXPECT_EQ(ParseDayText("1970-01-02"), 1);
  EXPECT_EQ(ParseDayText("1970-1-02"), -1);
  EXPECT_EQ(TextOf(OneMonthLater(On(2024, 1, 31))), "2024-02-29");
  EXPECT_EQ(TextOf(OneMonthLater(On(2023, 12, 31))), "2024-01-31");
}

TEST_F(OracleTest, WorkingDaysAreThoseOfTheNotices) {
  const WorkedDays days(*LoadCalendarFile());
  EXPECT_EQ(TextOf(days.ThirtiethAfter(On(2024, 1, 15))), "2024-02-29");
  EXPECT_EQ(TextOf(days.ThirtiethAfter(On(2024, 9, 13))), "2024-10-31");
  EXPECT_EQ(TextOf(days.ThirtiethAfter(On(2024, 9, 14))), "2024-11-01");
  EXPECT_EQ(TextOf(days.ThirtiethAfter(On(2019, 12, 27))), "2020-02-17");
  // 2027 is not published.
  EXPECT_EQ(TextOf(days.ThirtiethAfter(On(2026, 12, 1))), "2027-01-08");
}

TEST_F(OracleTest, AssetsAfterTheEnd) {
  EXPECT_EQ(LastDay(Asset(On(2023, 1, 1))), "none");
  End(Noon(2024, 3, 1), "cvm:1");
  EXPECT_EQ(LastDay(Asset(On(2023, 1, 1))), "2024-03-31");
  EXPECT_EQ(LastDay(Asset(On(2024, 2, 29))), "2024-08-27");
  EXPECT_EQ(LastDay(Asset(On(2023, 10, 3))), "2024-03-31");
  EXPECT_EQ(LastDay(Asset(On(2023, 10, 4))), "2024-04-01");
  EXPECT_EQ(LastDay(Asset(On(2023, 1, 1), "ecm:2")), "none");
  // What belongs to all ends with the last.
  EXPECT_EQ(LastDay(Asset(On(2024, 2, 10), kEveryService)), "none");
  End(Noon(2024, 9, 15), "ecm:2");
  EXPECT_EQ(LastDay(Asset(On(2024, 2, 10), kEveryService)), "2024-10-15");
}

TEST_F(OracleTest, SettingsAfterTheEndOfTheFeature) {
  End(Noon(2023, 1, 30), kTheFeature);
  EXPECT_EQ(LastDay(Setting(On(2023, 1, 1))), "2023-02-28");
  EXPECT_EQ(LastDay(Asset(On(2022, 1, 1))), "none");
}

TEST_F(OracleTest, EndsAreMovedAndUndone) {
  Tell(Happening::kEnds, Noon(2024, 1, 1), "cvm:1", Noon(2024, 6, 30));
  Tell(Happening::kEnds, Noon(2024, 1, 2), "cvm:1", Noon(2024, 7, 31));
  EXPECT_EQ(oracle_.EndOf("cvm:1", Noon(2024, 7, 30)), kNever);
  EXPECT_EQ(oracle_.EndOf("cvm:1", Noon(2024, 8, 1)), Noon(2024, 7, 31));
  Tell(Happening::kReturns, Noon(2024, 8, 20), "cvm:1");
  Tell(Happening::kEnds, Noon(2024, 9, 1), "cvm:1", Noon(2024, 9, 10));
  Tell(Happening::kStays, Noon(2024, 9, 5), "cvm:1");
  EXPECT_EQ(LastDay(Asset(On(2023, 5, 1))), "none");
}

TEST_F(OracleTest, RequestsWaitAndNeverDelay) {
  Request("r", Noon(2024, 1, 15));
  const Verdict settings = oracle_.Ask(Setting(On(2024, 1, 10)), Noon(2024, 1, 16));
  EXPECT_EQ(settings.not_before, Noon(2024, 1, 15));
  EXPECT_EQ(settings.due_from, Noon(2024, 1, 18));
  EXPECT_EQ(settings.deadline, StartOf(On(2024, 3, 1)));
  // The 180 days hold.
  EXPECT_EQ(LastDay(Asset(On(2023, 12, 1))), "2024-05-29");
  EXPECT_EQ(LastDay(Asset(On(2024, 1, 16))), "none");
  Order(Happening::kTakenBack, "r", Noon(2024, 1, 17));
  EXPECT_EQ(oracle_.Ask(Setting(On(2024, 1, 10)), Noon(2024, 1, 18)).not_before, kNever);
}

TEST_F(OracleTest, ARequestAfterTheEndDoesNotLengthen) {
  End(Noon(2024, 1, 31), kTheFeature);
  Request("r", Noon(2024, 2, 20));
  const Verdict verdict = oracle_.Ask(Setting(On(2024, 1, 1)), Noon(2024, 2, 21));
  EXPECT_EQ(verdict.deadline, StartOf(On(2024, 3, 2)));
  EXPECT_EQ(verdict.not_before, Noon(2024, 2, 20));
  EXPECT_EQ(verdict.due_from, Noon(2024, 2, 23));
}

TEST_F(OracleTest, HoldsStopAndTheirReleaseGivesADay) {
  End(Noon(2024, 3, 1), "cvm:1");
  Order(Happening::kHeld, "h", Noon(2024, 3, 20));
  EXPECT_TRUE(oracle_.Ask(Asset(On(2023, 1, 1)), Noon(2024, 4, 5)).held);
  Order(Happening::kReleased, "h", Noon(2024, 7, 15));
  const Verdict verdict = oracle_.Ask(Asset(On(2023, 1, 1)), Noon(2024, 7, 16));
  EXPECT_FALSE(verdict.held);
  EXPECT_EQ(verdict.deadline, StartOf(On(2024, 7, 17)));
}

TEST_F(OracleTest, PartsAreForRecordsOnly) {
  Scope scope;
  scope.name = "record";
  Request("r", Noon(2024, 1, 15), scope);
  Fact other = Asset(On(2023, 1, 1));
  EXPECT_TRUE(oracle_.Ask(other, Noon(2024, 2, 1)).IsDue(Noon(2024, 2, 1)));
  EXPECT_TRUE(oracle_.InRequestedPart(other, Noon(2024, 2, 1)));
  // Not for what came later.
  EXPECT_EQ(oracle_.Ask(other, Noon(2024, 2, 1), Noon(2024, 1, 20)).not_before, kNever);
  other.name.clear();
  EXPECT_EQ(oracle_.Ask(other, Noon(2024, 2, 1)).not_before, kNever);
}

}  // namespace
}  // namespace rollcall::simulator
