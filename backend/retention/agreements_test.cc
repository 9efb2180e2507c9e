// The agreements that ship: all load, and each gives the dates a reader of its text would work out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/policy_loader.h"
#include "backend/retention/retention_policy.h"

namespace rollcall {
namespace {

constexpr char kAgreements[] = ROLLCALL_SOURCE_DIR "/backend/retention/agreements";

RetentionPolicy Load(const std::string& name) {
  auto policy = LoadRetentionPolicy(absl::StrCat(kAgreements, "/", name, ".textproto"));
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.ok() ? *std::move(policy) : RetentionPolicy();
}

TEST(Agreements, AllLoad) {
  std::set<std::string> ids;
  std::set<std::string> hashes;
  for (const auto& entry : std::filesystem::directory_iterator(kAgreements)) {
    const RetentionPolicy policy = Load(entry.path().stem().string());
    EXPECT_EQ(policy.data.id(), entry.path().stem().string());
    ids.insert(policy.data.id());
    hashes.insert(policy.hash);
  }
  EXPECT_EQ(ids.size(), 6u);
  EXPECT_EQ(hashes.size(), 6u);
}

// A day, at noon in the zone of the agreement; empty for what did not happen.
struct Case {
  const char* policy;
  pb::Category category;
  const char* collected;
  const char* hosting_ended;
  const char* feature_ended;
  const char* period_end;
  const char* requested;
  // Last day the record may be kept, the first on which it may go, and the first on which it is to go.
  const char* last_day;
  const char* not_before;
  const char* due_from;
};

std::optional<absl::Time> Noon(const char* day, absl::TimeZone zone) {
  absl::CivilDay civil;
  if (!absl::ParseCivilTime(day, &civil)) return std::nullopt;
  return absl::FromCivil(absl::CivilHour(civil) + 12, zone);
}

RetentionDecision Decide(const RetentionPolicy& policy, const Case& c) {
  RecordFacts facts;
  facts.category = c.category;
  facts.hosting_service = "cvm";
  facts.collected_at = *Noon(c.collected, policy.zone);
  facts.period_end = Noon(c.period_end, policy.zone);
  TenantEvents events;
  events.hosting = {{"cvm", Noon(c.hosting_ended, policy.zone)}};
  events.feature_terminated_at = Noon(c.feature_ended, policy.zone);
  events.deletion_requested_at = Noon(c.requested, policy.zone);
  return Evaluate(policy, facts, events, absl::InfiniteFuture());
}

std::string DayAt(absl::Time time, absl::TimeZone zone) {
  return time == absl::InfinitePast() ? "" : DayText(DayOf(time, zone));
}

TEST(Agreements, DatesWorkedByHand) {
  const Case cases[] = {
      // Up to 7 days after collection, whether the service runs or not; 3 months, clamped.
      {"ecm-shaped", pb::ASSET_BASIC, "2024-02-27", "", "", "", "", "2024-03-05", "", "2024-03-05"},
      {"ecm-shaped", pb::ASSET_BASIC, "2024-02-27", "2024-02-28", "2024-02-28", "", "", "2024-03-05", "", "2024-03-05"},
      {"ecm-shaped", pb::CONSOLE_CONFIG, "2023-11-30", "", "", "", "", "2024-02-29", "", "2024-02-29"},
      {"ecm-shaped", pb::CONSOLE_CONFIG, "2023-11-30", "", "", "", "2024-01-02", "2024-02-01", "", "2024-01-02"},
      // Four days after the paid period, not after the termination; the window is two days.
      {"ctsdb-shaped", pb::ASSET_BASIC, "2024-02-01", "", "2024-03-01", "2024-03-31", "", "2024-04-04", "2024-03-01",
       "2024-04-03"},
      {"ctsdb-shaped", pb::CONSOLE_CONFIG, "2024-02-01", "", "2024-03-01", "", "", "2024-03-05", "2024-03-01",
       "2024-03-04"},
      {"ctsdb-shaped", pb::ASSET_BASIC, "2024-02-01", "2024-03-01", "", "", "", "", "", ""},
      // A year, or 30 days after the end; configuration until requested.
      {"ipaas-shaped", pb::ASSET_BASIC, "2024-02-29", "", "", "", "", "2025-02-28", "2025-03-01", "2025-03-01"},
      {"ipaas-shaped", pb::ASSET_BASIC, "2024-11-01", "", "2024-12-01", "", "", "2024-12-31", "", "2024-12-31"},
      {"ipaas-shaped", pb::ASSET_BASIC, "2023-12-15", "", "2024-12-01", "", "", "2024-12-15", "", "2024-12-16"},
      {"ipaas-shaped", pb::CONSOLE_CONFIG, "2020-01-01", "2024-01-01", "2024-01-01", "", "", "", "", ""},
      {"ipaas-shaped", pb::CONSOLE_CONFIG, "2020-01-01", "", "", "", "2024-01-31", "2024-03-01", "2024-01-31",
       "2024-01-31"},
      // Whichever end comes first, and three months; never before 14 days; ten German working days.
      {"example-de", pb::ASSET_BASIC, "2024-01-10", "2024-06-01", "2024-03-31", "", "", "2024-06-30", "2024-01-25",
       "2024-06-30"},
      {"example-de", pb::ASSET_BASIC, "2024-01-31", "", "", "", "", "2025-01-31", "2025-02-01", "2025-02-01"},
      {"example-de", pb::ASSET_BASIC, "2024-03-20", "", "", "", "2024-03-28", "2024-04-15", "2024-03-28", "2024-03-30"},
      // The longer of 45 days and six months, at most 13 months; weekdays without holidays.
      {"example-us", pb::ASSET_BASIC, "2024-02-29", "2024-03-01", "", "", "", "2024-08-29", "2024-08-30", "2024-08-30"},
      {"example-us", pb::ASSET_BASIC, "2023-08-01", "2024-03-01", "", "", "", "2024-04-15", "2024-04-16", "2024-04-16"},
      {"example-us", pb::CONSOLE_CONFIG, "2023-08-01", "", "2024-03-01", "", "", "2024-05-30", "2024-05-31",
       "2024-05-31"},
      {"example-us", pb::CONSOLE_CONFIG, "2023-08-01", "", "", "", "2024-03-01", "2024-03-29", "2024-03-01",
       "2024-03-04"},
      {"tcss-dpsa-module", pb::ASSET_BASIC, "2024-02-29", "2024-03-01", "", "", "", "2024-08-27", "2024-08-28",
       "2024-08-28"},
      {"tcss-dpsa-module", pb::CONSOLE_CONFIG, "2023-01-01", "", "", "", "2024-01-15", "2024-02-29", "2024-01-15",
       "2024-01-18"},
  };
  for (const Case& c : cases) {
    const RetentionPolicy policy = Load(c.policy);
    const RetentionDecision decision = Decide(policy, c);
    const std::string what = absl::StrCat(c.policy, " ", c.collected, " ", c.hosting_ended, " ", c.feature_ended);
    EXPECT_EQ(decision.last_retained_day.has_value() ? DayText(*decision.last_retained_day) : "", c.last_day) << what;
    EXPECT_EQ(DayAt(decision.not_before, policy.zone), c.not_before) << what;
    if (!decision.deadline.has_value()) continue;
    EXPECT_EQ(DayAt(decision.due_from, policy.zone), c.due_from) << what;
    EXPECT_GE(decision.due_from, decision.not_before) << what;
    EXPECT_LT(decision.due_from, *decision.deadline) << what;
  }
}

// 72 hours are 72 hours, though the clocks change within them.
TEST(Agreements, HoursAreNotDays) {
  const RetentionPolicy policy = Load("example-de");
  Case c = {"", pb::CONSOLE_CONFIG, "2023-01-01", "", "2024-03-29", "", "", "", "", ""};
  const RetentionDecision decision = Decide(policy, c);
  EXPECT_EQ(*decision.deadline, absl::FromCivil(absl::CivilHour(2024, 4, 1, 13), policy.zone));
  EXPECT_EQ(decision.due_from, absl::FromCivil(absl::CivilHour(2024, 3, 31, 13), policy.zone));
  EXPECT_EQ(decision.last_retained_day, absl::CivilDay(2024, 4, 1));
}

// What must be kept for 14 days is, though the end came the day after it was collected.
TEST(Agreements, MinimumOutlivesTheEnd) {
  RetentionPolicy policy = Load("example-de");
  auto* rule = policy.data.mutable_categories(0)->mutable_retain(1);
  rule->mutable_not_after()->mutable_sum()->set_months(0);
  rule->mutable_not_after()->mutable_sum()->set_days(3);
  Case c = {"", pb::ASSET_BASIC, "2024-03-01", "2024-03-02", "", "", "", "", "", ""};
  const RetentionDecision decision = Decide(policy, c);
  EXPECT_EQ(DayAt(decision.not_before, policy.zone), "2024-03-16");
  EXPECT_EQ(decision.due_from, decision.not_before);
  EXPECT_EQ(*decision.deadline, StartOfDay(absl::CivilDay(2024, 3, 17), policy.zone));
  EXPECT_EQ(decision.last_retained_day, absl::CivilDay(2024, 3, 15));
}

TEST(Agreements, ServiceLevelIsATargetWithinTheDeadline) {
  const RetentionPolicy policy = Load("tcss-dpsa-module");
  const RetentionDecision early =
      Decide(policy, {"", pb::CONSOLE_CONFIG, "2023-01-01", "", "", "", "2024-01-15", "", "", ""});
  EXPECT_EQ(DayAt(*early.target - absl::Nanoseconds(1), policy.zone), "2024-01-22");
  // The end of the feature leaves two days.
  const RetentionDecision late =
      Decide(policy, {"", pb::CONSOLE_CONFIG, "2023-01-01", "", "2024-01-15", "", "2024-02-14", "", "", ""});
  EXPECT_EQ(*late.target, *late.deadline);
  EXPECT_EQ(late.due_from, StartOfDay(absl::CivilDay(2024, 2, 16), policy.zone));
}

// An overdue record is not made less so by a hold.
TEST(Agreements, HoldOnWhatIsOverdueLengthensNothing) {
  const RetentionPolicy policy = Load("tcss-dpsa-module");
  RecordFacts facts;
  facts.category = pb::CONSOLE_CONFIG;
  facts.collected_at = *Noon("2023-01-01", policy.zone);
  TenantEvents events;
  events.feature_terminated_at = Noon("2024-01-15", policy.zone);  // deadline: 2024-02-17
  events.holds = {{"H", *Noon("2024-02-18", policy.zone), Noon("2024-05-01", policy.zone)}};
  EXPECT_EQ(*Evaluate(policy, facts, events, absl::InfiniteFuture()).deadline,
            StartOfDay(absl::CivilDay(2024, 2, 17), policy.zone));
  EXPECT_TRUE(Evaluate(policy, facts, events, *Noon("2024-03-01", policy.zone)).held);
  events.holds[0].placed_at = *Noon("2024-02-16", policy.zone);
  EXPECT_EQ(*Evaluate(policy, facts, events, absl::InfiniteFuture()).deadline,
            StartOfDay(absl::CivilDay(2024, 5, 3), policy.zone));
}

TEST(Agreements, DatesAloneAreTheSameDates) {
  for (const auto& entry : std::filesystem::directory_iterator(kAgreements)) {
    const RetentionPolicy policy = Load(entry.path().stem().string());
    for (const pb::Category category : {pb::ASSET_BASIC, pb::CONSOLE_CONFIG}) {
      RecordFacts facts;
      facts.category = category;
      facts.hosting_service = "cvm";
      facts.collected_at = *Noon("2024-01-31", policy.zone);
      TenantEvents events;
      events.hosting = {{"cvm", Noon("2024-02-29", policy.zone)}};
      events.feature_terminated_at = Noon("2024-02-28", policy.zone);
      const absl::Time now = *Noon("2024-03-01", policy.zone);
      const RetentionDecision full = Evaluate(policy, facts, events, now);
      const RetentionDecision dates = Evaluate(policy, facts, events, now, Detail::kDates);
      EXPECT_EQ(dates.not_before, full.not_before);
      EXPECT_EQ(dates.due_from, full.due_from);
      EXPECT_EQ(dates.deadline, full.deadline);
      EXPECT_EQ(dates.clauses, full.clauses);
      EXPECT_TRUE(dates.steps.empty());
    }
  }
}

}  // namespace
}  // namespace rollcall
