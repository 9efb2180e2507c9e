#include "backend/retention/retention_policy.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "backend/retention/civil_time.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const RetentionPolicy& Default() {
  static const auto* policy = new RetentionPolicy(LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY).value());
  return *policy;
}

RetentionPolicy InZone(const char* name) {
  RetentionPolicy policy = Default();
  EXPECT_TRUE(absl::LoadTimeZone(name, &policy.zone)) << name;
  return policy;
}

absl::Time Noon(absl::CivilDay day) { return absl::FromCivil(absl::CivilHour(day) + 12, absl::UTCTimeZone()); }
absl::Time Midnight(absl::CivilDay day) { return absl::FromCivil(day, absl::UTCTimeZone()); }

RecordFacts Asset(absl::CivilDay collected, std::string service = "cvm") {
  RecordFacts facts;
  facts.category = pb::ASSET_BASIC;
  facts.hosting_service = std::move(service);
  facts.collected_at = Noon(collected);
  return facts;
}

RecordFacts Config(absl::CivilDay created) {
  RecordFacts facts;
  facts.category = pb::CONSOLE_CONFIG;
  facts.collected_at = Noon(created);
  return facts;
}

TenantEvents HostingEnded(absl::CivilDay day) {
  TenantEvents events;
  events.hosting = {{"cvm", Noon(day)}};
  return events;
}

TenantEvents FeatureEnded(absl::CivilDay day) {
  TenantEvents events;
  events.feature_terminated_at = Noon(day);
  return events;
}

const absl::Time kLater = Noon(absl::CivilDay(2032, 1, 1));

// Kept through `last_day`, deleted on the day after.
void ExpectPurgedAfter(const RetentionDecision& decision, absl::CivilDay last_day, const std::string& what) {
  EXPECT_EQ(decision.last_retained_day, last_day) << what;
  EXPECT_EQ(decision.not_before, Midnight(last_day + 1)) << what;
  EXPECT_EQ(decision.deadline, Midnight(last_day + 2)) << what;
  EXPECT_EQ(decision.deadline_if_ended_now, std::nullopt) << what;
}

TEST(Retention, AssetsAfterTermination) {
  const struct {
    const char* what;
    absl::CivilDay terminated;
    absl::CivilDay collected;
    absl::CivilDay last_day;
  } cases[] = {
      {"old record", absl::CivilDay(2024, 3, 1), absl::CivilDay(2023, 1, 1), absl::CivilDay(2024, 3, 31)},
      {"fresh record", absl::CivilDay(2024, 3, 1), absl::CivilDay(2024, 2, 29), absl::CivilDay(2024, 8, 27)},
      {"before break-even", absl::CivilDay(2024, 3, 1), absl::CivilDay(2023, 10, 2), absl::CivilDay(2024, 3, 31)},
      {"break-even", absl::CivilDay(2024, 3, 1), absl::CivilDay(2023, 10, 3), absl::CivilDay(2024, 3, 31)},
      {"after break-even", absl::CivilDay(2024, 3, 1), absl::CivilDay(2023, 10, 4), absl::CivilDay(2024, 4, 1)},
      {"both on leap day", absl::CivilDay(2024, 2, 29), absl::CivilDay(2024, 2, 29), absl::CivilDay(2024, 8, 27)},
      {"old, leap day", absl::CivilDay(2024, 2, 29), absl::CivilDay(2023, 1, 1), absl::CivilDay(2024, 3, 30)},
      {"month end", absl::CivilDay(2024, 1, 31), absl::CivilDay(2023, 1, 1), absl::CivilDay(2024, 3, 1)},
      {"28 January", absl::CivilDay(2023, 1, 28), absl::CivilDay(2022, 1, 1), absl::CivilDay(2023, 2, 27)},
      {"29 January", absl::CivilDay(2023, 1, 29), absl::CivilDay(2022, 1, 1), absl::CivilDay(2023, 2, 28)},
      {"30 January", absl::CivilDay(2023, 1, 30), absl::CivilDay(2022, 1, 1), absl::CivilDay(2023, 3, 1)},
      {"31 January", absl::CivilDay(2023, 1, 31), absl::CivilDay(2022, 1, 1), absl::CivilDay(2023, 3, 2)},
      {"seen again until 28 February", absl::CivilDay(2024, 3, 1), absl::CivilDay(2024, 2, 28),
       absl::CivilDay(2024, 8, 26)},
      {"180 days are not six months", absl::CivilDay(2023, 9, 1), absl::CivilDay(2023, 8, 31),
       absl::CivilDay(2024, 2, 27)},
      {"host removed long before", absl::CivilDay(2024, 3, 1), absl::CivilDay(2023, 6, 1), absl::CivilDay(2024, 3, 31)},
      {"back in time, then ended again", absl::CivilDay(2024, 4, 10), absl::CivilDay(2023, 5, 1),
       absl::CivilDay(2024, 5, 10)},
  };
  for (const auto& c : cases) {
    const auto decision = Evaluate(Default(), Asset(c.collected), HostingEnded(c.terminated), kLater);
    ExpectPurgedAfter(decision, c.last_day, c.what);
    EXPECT_THAT(decision.clauses, ElementsAre("R3", "R1")) << c.what;
  }
}

TEST(Retention, ConfigurationAfterTermination) {
  const struct {
    absl::CivilDay terminated;
    absl::CivilDay last_day;
  } cases[] = {
      {absl::CivilDay(2024, 2, 29), absl::CivilDay(2024, 3, 29)},
      {absl::CivilDay(2024, 1, 31), absl::CivilDay(2024, 2, 29)},
      {absl::CivilDay(2023, 1, 28), absl::CivilDay(2023, 2, 28)},
      {absl::CivilDay(2023, 1, 29), absl::CivilDay(2023, 2, 28)},
      {absl::CivilDay(2023, 1, 30), absl::CivilDay(2023, 2, 28)},
      {absl::CivilDay(2023, 1, 31), absl::CivilDay(2023, 2, 28)},
      {absl::CivilDay(2024, 12, 15), absl::CivilDay(2025, 1, 15)},
  };
  for (const auto& c : cases) {
    const auto decision = Evaluate(Default(), Config(absl::CivilDay(2022, 1, 1)), FeatureEnded(c.terminated), kLater);
    ExpectPurgedAfter(decision, c.last_day, DayText(c.terminated));
    EXPECT_THAT(decision.clauses, ElementsAre("R5"));
  }
}

TEST(Retention, ZoneDecidesTheDay) {
  const absl::Time ended = absl::FromCivil(absl::CivilHour(2024, 2, 29, 18), absl::UTCTimeZone());
  TenantEvents events;
  events.feature_terminated_at = ended;
  events.hosting = {{"cvm", ended}};
  const RetentionPolicy shanghai = InZone("Asia/Shanghai");
  EXPECT_EQ(Evaluate(Default(), Config(absl::CivilDay(2023, 1, 1)), events, kLater).last_retained_day,
            absl::CivilDay(2024, 3, 29));
  EXPECT_EQ(Evaluate(shanghai, Config(absl::CivilDay(2023, 1, 1)), events, kLater).last_retained_day,
            absl::CivilDay(2024, 4, 1));
  EXPECT_EQ(Evaluate(shanghai, Asset(absl::CivilDay(2023, 1, 1)), events, kLater).not_before,
            absl::FromCivil(absl::CivilHour(2024, 3, 31, 16), absl::UTCTimeZone()));
}

TEST(Retention, DaylightSavingDoesNotMoveTheDay) {
  const RetentionPolicy new_york = InZone("America/New_York");
  TenantEvents events;
  events.hosting = {{"cvm", absl::FromCivil(absl::CivilHour(2024, 2, 15, 12), new_york.zone)}};
  const auto decision = Evaluate(new_york, Asset(absl::CivilDay(2023, 1, 1)), events, kLater);
  EXPECT_EQ(decision.not_before, absl::FromCivil(absl::CivilHour(2024, 3, 17, 4), absl::UTCTimeZone()));
  EXPECT_EQ(decision.deadline, absl::FromCivil(absl::CivilHour(2024, 3, 18, 4), absl::UTCTimeZone()));
}

TEST(Retention, DayThatAZoneSkipped) {
  const RetentionPolicy apia = InZone("Pacific/Apia");  // 30 days after 30 November is the skipped day
  TenantEvents events;
  events.hosting = {{"cvm", absl::FromCivil(absl::CivilHour(2011, 11, 30, 12), apia.zone)}};
  const auto decision = Evaluate(apia, Asset(absl::CivilDay(2011, 1, 1)), events, kLater);
  EXPECT_EQ(decision.last_retained_day, absl::CivilDay(2011, 12, 30));
  EXPECT_EQ(decision.not_before, absl::FromCivil(absl::CivilDay(2011, 12, 31), apia.zone));
}

TEST(Retention, InServiceThereIsNoDeadline) {
  const absl::Time now = Noon(absl::CivilDay(2024, 5, 1));
  for (const TenantEvents& events :
       {TenantEvents{}, FeatureEnded(absl::CivilDay(2024, 1, 1)), HostingEnded(absl::CivilDay(2024, 6, 30))}) {
    const auto decision = Evaluate(Default(), Asset(absl::CivilDay(2024, 2, 29)), events, now);
    EXPECT_EQ(decision.not_before, Midnight(absl::CivilDay(2024, 8, 28)));  // the day after collected + 180 days
    EXPECT_EQ(decision.deadline, std::nullopt);
    EXPECT_EQ(decision.last_retained_day, std::nullopt);
    EXPECT_EQ(decision.deadline_if_ended_now, Midnight(absl::CivilDay(2024, 8, 29)));
    EXPECT_FALSE(decision.restricted);
    EXPECT_FALSE(decision.DeletableAt(kLater));
    EXPECT_THAT(decision.clauses, ElementsAre("R1", "R2", "R3"));
  }
}

TEST(Retention, TerminationCountsWhenItHappens) {
  const TenantEvents announced = HostingEnded(absl::CivilDay(2024, 6, 30));
  EXPECT_EQ(
      Evaluate(Default(), Asset(absl::CivilDay(2023, 1, 1)), announced, Noon(absl::CivilDay(2024, 6, 29))).deadline,
      std::nullopt);
  ExpectPurgedAfter(
      Evaluate(Default(), Asset(absl::CivilDay(2023, 1, 1)), announced, Noon(absl::CivilDay(2024, 6, 30))),
      absl::CivilDay(2024, 7, 30), "");
}

TEST(Retention, SeveralHostingServices) {
  TenantEvents events;
  events.hosting = {{"ecm", Noon(absl::CivilDay(2024, 9, 15))}, {"cvm", Noon(absl::CivilDay(2024, 3, 1))}};
  const absl::CivilDay collected(2024, 2, 10);
  ExpectPurgedAfter(Evaluate(Default(), Asset(collected, "cvm"), events, kLater), absl::CivilDay(2024, 8, 8), "cvm");
  for (const char* service : {"ALL", ""}) {
    ExpectPurgedAfter(Evaluate(Default(), Asset(collected, service), events, kLater), absl::CivilDay(2024, 10, 15),
                      service);
  }
  const absl::Time between = Noon(absl::CivilDay(2024, 5, 1));
  EXPECT_EQ(Evaluate(Default(), Asset(collected, "ecm"), events, between).deadline, std::nullopt);
  EXPECT_EQ(Evaluate(Default(), Asset(collected, "ALL"), events, between).deadline, std::nullopt);
  EXPECT_EQ(Evaluate(Default(), Asset(collected, "other"), events, kLater).deadline, std::nullopt);
}

TEST(Retention, RequestForConfiguration) {
  TenantEvents events;
  events.deletion_requested_at = Noon(absl::CivilDay(2024, 1, 15));
  const auto decision =
      Evaluate(Default(), Config(absl::CivilDay(2023, 1, 1)), events, Noon(absl::CivilDay(2024, 1, 16)));
  EXPECT_EQ(decision.last_retained_day, absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(decision.deadline, Midnight(absl::CivilDay(2024, 3, 1)));
  EXPECT_EQ(decision.not_before, Noon(absl::CivilDay(2024, 1, 15)));
  EXPECT_TRUE(decision.restricted);
  EXPECT_THAT(decision.clauses, ElementsAre("R4", "R5"));
  EXPECT_FALSE(
      Evaluate(Default(), Config(absl::CivilDay(2023, 1, 1)), events, Noon(absl::CivilDay(2024, 1, 14))).restricted);
}

TEST(Retention, RequestNeverMovesADeadlineLater) {
  TenantEvents events = FeatureEnded(absl::CivilDay(2024, 1, 31));
  events.deletion_requested_at = Noon(absl::CivilDay(2024, 2, 20));  // 30 working days end on 2024-04-02
  const auto decision = Evaluate(Default(), Config(absl::CivilDay(2023, 1, 1)), events, kLater);
  EXPECT_EQ(decision.last_retained_day, absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(decision.deadline, Midnight(absl::CivilDay(2024, 3, 2)));
}

TEST(Retention, RequestWithinTheMinimumRestrictsNowAndDeletesAtTheFloor) {
  TenantEvents events;
  events.deletion_requested_at = Noon(absl::CivilDay(2024, 4, 1));
  const auto decision =
      Evaluate(Default(), Asset(absl::CivilDay(2024, 3, 1)), events, Noon(absl::CivilDay(2024, 4, 1)));
  EXPECT_TRUE(decision.restricted);
  EXPECT_EQ(decision.last_retained_day, absl::CivilDay(2024, 8, 28));
  EXPECT_EQ(decision.not_before, Midnight(absl::CivilDay(2024, 8, 29)));
  EXPECT_EQ(decision.deadline, Midnight(absl::CivilDay(2024, 8, 30)));
  EXPECT_FALSE(decision.DeletableAt(Midnight(absl::CivilDay(2024, 8, 29)) - absl::Nanoseconds(1)));
  EXPECT_TRUE(decision.DeletableAt(Midnight(absl::CivilDay(2024, 8, 29))));
}

TEST(Retention, HoldSuspendsAndItsReleaseGivesADay) {
  TenantEvents events;
  events.deletion_requested_at = Noon(absl::CivilDay(2024, 6, 3));
  events.holds = {{"H1", Noon(absl::CivilDay(2024, 3, 20)), Noon(absl::CivilDay(2024, 7, 15))}};
  const auto held = Evaluate(Default(), Config(absl::CivilDay(2023, 1, 1)), events, Noon(absl::CivilDay(2024, 7, 1)));
  EXPECT_TRUE(held.held);
  EXPECT_TRUE(held.restricted);
  EXPECT_EQ(held.deadline, std::nullopt);
  EXPECT_FALSE(held.DeletableAt(kLater));
  EXPECT_THAT(held.clauses, testing::Contains("R6"));
  const auto released =
      Evaluate(Default(), Config(absl::CivilDay(2023, 1, 1)), events, Noon(absl::CivilDay(2024, 7, 15)));
  EXPECT_FALSE(released.held);
  EXPECT_EQ(released.deadline, Midnight(absl::CivilDay(2024, 7, 17)));  // by the end of 07-16
  // Counted Monday to Friday the request's own deadline was 07-15; the release gives one day more.
  events.holds[0].released_at = Noon(absl::CivilDay(2024, 8, 20));
  EXPECT_EQ(Evaluate(Default(), Config(absl::CivilDay(2023, 1, 1)), events, kLater).deadline,
            Midnight(absl::CivilDay(2024, 8, 22)));
  events.holds[0].placed_at = Noon(absl::CivilDay(2024, 9, 1));
  events.holds[0].released_at.reset();
  EXPECT_FALSE(Evaluate(Default(), Config(absl::CivilDay(2023, 1, 1)), events, Noon(absl::CivilDay(2024, 8, 1))).held);
}

TEST(Retention, StepsTellALawyer) {
  const auto decision =
      Evaluate(Default(), Asset(absl::CivilDay(2024, 2, 29)), HostingEnded(absl::CivilDay(2024, 3, 1)), kLater);
  const std::string steps = absl::StrJoin(decision.steps, "\n");
  EXPECT_THAT(steps, HasSubstr("last observed on 2024-02-29 (UTC)"));
  EXPECT_THAT(steps, HasSubstr("R3, R1: the hosting service ended on 2024-03-01"));
  EXPECT_THAT(steps, HasSubstr("ended 2024-03-01 + 30 days = 2024-03-31"));
  EXPECT_THAT(steps, HasSubstr("collected 2024-02-29 + 180 days = 2024-08-27"));
}

TEST(Retention, UnknownCategoryIsKeptAndRestricted) {
  RecordFacts facts = Asset(absl::CivilDay(2020, 1, 1));
  facts.category = pb::CATEGORY_UNSPECIFIED;
  const auto decision = Evaluate(Default(), facts, HostingEnded(absl::CivilDay(2020, 1, 2)), kLater);
  EXPECT_TRUE(decision.restricted);
  EXPECT_EQ(decision.deadline, std::nullopt);
  EXPECT_EQ(decision.not_before, absl::InfiniteFuture());
}

TEST(Retention, TotalForAbsurdTimes) {
  for (const absl::Time time : {absl::InfinitePast(), absl::InfiniteFuture(), absl::UnixEpoch()}) {
    RecordFacts facts = Asset(absl::CivilDay(2020, 1, 1));
    facts.collected_at = time;
    TenantEvents events = HostingEnded(absl::CivilDay(2024, 1, 1));
    events.deletion_requested_at = time;
    events.holds = {{"h", time, time}};
    for (const absl::Time now : {absl::InfinitePast(), absl::InfiniteFuture(), kLater}) {
      EXPECT_FALSE(Evaluate(Default(), facts, events, now).steps.empty());
    }
  }
}

// Agreements of other shapes need no code.
TEST(Retention, OtherAgreements) {
  RetentionPolicy policy = Default();
  pb::CategoryRules* config = policy.data.mutable_categories(1);
  const auto last_day = [&](const char* expression) {
    EXPECT_TRUE(
        google::protobuf::TextFormat::ParseFromString(expression, config->mutable_retain(1)->mutable_last_day()));
    return Evaluate(policy, Config(absl::CivilDay(2024, 1, 10)), FeatureEnded(absl::CivilDay(2024, 3, 1)), kLater);
  };
  // "within up to four days of the end of your last service period"
  RecordFacts facts = Config(absl::CivilDay(2024, 1, 10));
  facts.period_end = Noon(absl::CivilDay(2024, 3, 31));
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString("sum { of { anchor: PERIOD_END } days: 4 }",
                                                            config->mutable_retain(1)->mutable_last_day()));
  EXPECT_EQ(Evaluate(policy, facts, FeatureEnded(absl::CivilDay(2024, 3, 1)), kLater).last_retained_day,
            absl::CivilDay(2024, 4, 4));
  // "up to 7 days" from the day it was stored, or at the end if that is earlier
  EXPECT_EQ(
      last_day("min { of { sum { of { anchor: CREATED } days: 7 } } of { anchor: TERMINATED } }").last_retained_day,
      absl::CivilDay(2024, 1, 17));
  // Hours are exact and have no window.
  const auto hours = last_day("sum { of { anchor: TERMINATED } hours: 72 }");
  EXPECT_EQ(hours.not_before, Noon(absl::CivilDay(2024, 3, 4)));
  // "either end": the first counts
  config->mutable_retain(1)->set_scope(pb::HOSTING_OR_FEATURE);
  TenantEvents events = FeatureEnded(absl::CivilDay(2024, 5, 1));
  events.hosting = {{"cvm", Noon(absl::CivilDay(2024, 3, 1))}};
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString("sum { of { anchor: TERMINATED } days: 1 }",
                                                            config->mutable_retain(1)->mutable_last_day()));
  EXPECT_EQ(Evaluate(policy, Config(absl::CivilDay(2024, 1, 10)), events, kLater).last_retained_day,
            absl::CivilDay(2024, 3, 2));
}

// ---- Against dates counted one by one

bool Leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

// A calendar that shares nothing with the code under test.
struct Date {
  int year;
  int month;
  int day;
  static int Length(int year, int month) {
    if (month == 2) return Leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  }
  void Next() {
    if (++day <= Length(year, month)) return;
    day = 1;
    if (++month <= 12) return;
    month = 1;
    ++year;
  }
  friend auto operator<=>(const Date&, const Date&) = default;
};

Date Walk(Date date, int days) {
  while (days-- > 0) date.Next();
  return date;
}

Date NextMonth(Date date) {
  const int day = date.day;
  do date.Next();
  while (date.day != 1);
  while (date.day < day && date.day < Date::Length(date.year, date.month)) date.Next();
  return date;
}

absl::CivilDay Civil(const Date& date) { return absl::CivilDay(date.year, date.month, date.day); }

TEST(Retention, AgreesWithDatesCountedOneByOne) {
  for (const char* zone :
       {"UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe"}) {
    const RetentionPolicy policy = InZone(zone);
    for (Date ended{2019, 1, 1}; ended < Date{2032, 12, 31}; ended.Next()) {
      const absl::Time at = absl::FromCivil(absl::CivilHour(Civil(ended)) + 15, policy.zone);
      TenantEvents events;
      events.hosting = {{"cvm", at}};
      events.feature_terminated_at = at;
      // 150 days before the end is where the two periods meet.
      const int age = 140 + (ended.day + ended.month) % 20;
      RecordFacts asset = Asset(absl::CivilDay(2019, 1, 1));
      asset.collected_at = absl::FromCivil(absl::CivilHour(Civil(ended) - age) + 3, policy.zone);
      const Date expected = Walk(ended, std::max(30, 180 - age));
      const auto decision = Evaluate(policy, asset, events, absl::InfiniteFuture());
      ASSERT_EQ(decision.last_retained_day, Civil(expected)) << zone << " " << Civil(ended);
      ASSERT_EQ(absl::ToCivilDay(decision.not_before, policy.zone), Civil(Walk(expected, 1)));
      ASSERT_EQ(absl::ToCivilDay(decision.not_before - absl::Nanoseconds(1), policy.zone), Civil(expected));
      ASSERT_EQ(absl::ToCivilDay(*decision.deadline, policy.zone), Civil(Walk(expected, 2)));
      const auto config = Evaluate(policy, Config(absl::CivilDay(2018, 1, 1)), events, absl::InfiniteFuture());
      ASSERT_EQ(config.last_retained_day, Civil(NextMonth(ended))) << zone << " " << Civil(ended);
    }
  }
}

// ---- Properties

TEST(Retention, Monotonicity) {
  std::mt19937 random(7);
  const auto day = [&](int from, int to) {
    return Noon(absl::CivilDay(2023, 1, 1) + std::uniform_int_distribution<int>(from, to)(random));
  };
  for (int i = 0; i < 3000; ++i) {
    RecordFacts facts = random() % 2 == 0 ? Asset(absl::CivilDay(2023, 1, 1)) : Config(absl::CivilDay(2023, 1, 1));
    facts.collected_at = day(0, 700);
    TenantEvents events;
    if (random() % 4 != 0) events.hosting = {{"cvm", day(0, 900)}, {"ecm", day(0, 900)}};
    if (random() % 4 != 0) events.feature_terminated_at = day(0, 900);
    if (random() % 2 != 0) events.holds = {{"a", day(0, 900), day(0, 1200)}, {"b", day(0, 300), day(0, 1200)}};
    const absl::Time now = day(0, 1500);
    const auto plain = Evaluate(Default(), facts, events, now);
    if (plain.deadline.has_value()) {
      ASSERT_LT(plain.not_before, *plain.deadline);
    }

    // Twice gives the same, and the order of events does not matter.
    TenantEvents shuffled = events;
    std::reverse(shuffled.hosting.begin(), shuffled.hosting.end());
    std::reverse(shuffled.holds.begin(), shuffled.holds.end());
    const auto again = Evaluate(Default(), facts, shuffled, now);
    ASSERT_EQ(again.not_before, plain.not_before);
    ASSERT_EQ(again.deadline, plain.deadline);
    ASSERT_EQ(again.steps, plain.steps);

    // A request never makes a deadline later.
    TenantEvents requested = events;
    requested.deletion_requested_at = day(0, 1500);
    const auto with_request = Evaluate(Default(), facts, requested, now);
    if (plain.deadline.has_value()) {
      ASSERT_LE(*with_request.deadline, *plain.deadline);
    }
    if (with_request.deadline.has_value()) {
      ASSERT_LT(with_request.not_before, *with_request.deadline);
    }
    // And never undercuts the minimum.
    if (facts.category == pb::ASSET_BASIC) {
      ASSERT_GE(with_request.not_before, StartOfDay(DayOf(facts.collected_at, Default().zone) + 181, Default().zone));
    }

    // A hold never makes a deletion possible earlier.
    TenantEvents held = requested;
    held.holds.push_back({"c", day(0, 900), day(0, 1500)});
    const auto with_hold = Evaluate(Default(), facts, held, now);
    ASSERT_GE(with_hold.not_before, with_request.not_before);
    if (with_hold.DeletableAt(now)) {
      ASSERT_TRUE(with_request.DeletableAt(now));
    }

    // A later observation never makes it earlier.
    RecordFacts later = facts;
    later.collected_at += absl::Hours(24) * static_cast<int64_t>(random() % 200);
    const auto with_later = Evaluate(Default(), later, requested, now);
    ASSERT_GE(with_later.not_before, with_request.not_before);
    ASSERT_GE(with_later.deadline.value_or(absl::InfiniteFuture()),
              with_request.deadline.value_or(absl::InfiniteFuture()));

    // Nothing survives 181 days and the window after the end, unless it is held.
    if (facts.category == pb::ASSET_BASIC && !events.hosting.empty() && !plain.held && events.holds.empty() &&
        plain.deadline.has_value() && facts.collected_at <= *events.hosting[0].terminated_at) {
      ASSERT_LE(*plain.deadline, *events.hosting[0].terminated_at + absl::Hours(24) * 182);
    }
  }
}

}  // namespace
}  // namespace rollcall
