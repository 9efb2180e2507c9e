// Lint, diff and simulation: what they find, and that they find nothing where there is nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "backend/retention/policy_diff.h"
#include "backend/retention/policy_lint.h"
#include "backend/retention/policy_words.h"
#include "backend/retention/simulation.h"
#include "backend/retention/testing/events.h"

namespace rollcall {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr absl::CivilDay kToday(2026, 8, 7);

RetentionPolicy Load(const std::string& name) {
  return LoadRetentionPolicy(absl::StrCat(ROLLCALL_SOURCE_DIR "/backend/retention/agreements/", name, ".textproto"))
      .value();
}

std::vector<std::string> Findings(const RetentionPolicy& policy) {
  const pb::PolicyLintReport report = LintPolicy(policy, kToday);
  std::vector<std::string> texts;
  for (const pb::PolicyFinding& f : report.findings()) {
    texts.push_back(absl::StrCat(pb::FindingLevel_Name(f.level()), " ", CategoryInWords(f.category()), ": ", f.text()));
  }
  return texts;
}

TEST(PolicyLint, ShippedAgreementsCanBeKept) {
  for (const char* name :
       {"tcss-dpsa-module", "ecm-shaped", "ctsdb-shaped", "ipaas-shaped", "example-de", "example-us"}) {
    const pb::PolicyLintReport report = LintPolicy(Load(name), kToday);
    EXPECT_FALSE(HasErrors(report)) << report.ShortDebugString();
    EXPECT_EQ(report.worked_dates_size(), 18) << name;
  }
}

TEST(PolicyLint, SaysHowLongAnythingIsKept) {
  const auto findings = Findings(Load("tcss-dpsa-module"));
  EXPECT_THAT(findings, Contains("FINDING_NOTE asset basic: while in use, kept without end"));
  EXPECT_THAT(
      findings,
      Contains("FINDING_NOTE asset basic: gone at the latest 181 days after the end of use, unless it is held"));
  EXPECT_THAT(findings, Contains("FINDING_NOTE asset basic: the minimum holds against a request"));
  EXPECT_THAT(findings, Contains(HasSubstr("does not know 2027")));
  EXPECT_THAT(Findings(Load("ecm-shaped")),
              Contains("FINDING_NOTE asset basic: while in use, gone at the latest 7 days after it was collected"));
  EXPECT_THAT(Findings(Load("ipaas-shaped")),
              Contains("FINDING_NOTE console config: after the end of use, kept until a request"));
}

TEST(PolicyLint, FindsWhatIsMissing) {
  const RetentionPolicy whole = Load("tcss-dpsa-module");
  const std::vector<std::string> known = Findings(whole);
  const auto finds = [&](auto change, const std::string& what) {
    RetentionPolicy policy = whole;
    EXPECT_THAT(known, Not(Contains(what)));
    change(&policy.data);
    EXPECT_THAT(Findings(policy), Contains(what));
  };
  finds([](pb::Policy* p) { p->clear_region(); },
        "FINDING_ERROR agreement: it does not say in which region the stores must be");
  finds([](pb::Policy* p) { p->clear_base(); },
        "FINDING_ERROR agreement: its sub-processors are those of a base agreement, and it names none");
  finds([](pb::Policy* p) { p->clear_subprocessors(); },
        "FINDING_WARNING agreement: it names no sub-processors and no base agreement that does");
  finds([](pb::Policy* p) { p->clear_overrides(); },
        "FINDING_NOTE agreement: no clause allows a legal hold; one that is placed holds all the same");
  finds([](pb::Policy* p) { p->clear_effective_from(); },
        "FINDING_NOTE agreement: it does not say from when it applies");
  finds([](pb::Policy* p) { p->mutable_categories(1)->clear_on_request(); },
        "FINDING_WARNING console config: a request for deletion has no effect");
  finds([](pb::Policy* p) { p->mutable_categories(0)->mutable_archives(0)->set_temporary(false); },
        "FINDING_WARNING asset basic: an archive is not temporary, though it is emptied as well");
  finds([](pb::Policy* p) { p->mutable_service_levels()->set_request_days(60); },
        "FINDING_WARNING console config: the service level of 60 days is longer than the 47 days that are allowed");
  finds([](pb::Policy* p) { p->mutable_categories(0)->mutable_on_request(0)->clear_not_before(); },
        "FINDING_NOTE asset basic: a request undercuts the minimum");
  finds(
      [](pb::Policy* p) {
        auto* sum = p->mutable_categories(0)->mutable_retain(1)->mutable_last_day()->mutable_max()->mutable_of(1);
        sum->mutable_sum()->clear_days();
        sum->mutable_sum()->set_hours(72);
      },
      "FINDING_WARNING asset basic: hours from collection are counted from the end of its day: data is deleted by "
      "days");
  finds(
      [](pb::Policy* p) {
        auto* rule = p->mutable_categories(1)->mutable_retain(1);
        rule->mutable_last_day()->mutable_sum()->mutable_of()->set_anchor(pb::Expression::REQUESTED);
      },
      "FINDING_ERROR console config: after the end of use, kept without end");
}

TEST(PolicyWords, ReadsLikeALawyer) {
  const RetentionPolicy us = Load("example-us");
  EXPECT_EQ(RuleInWords(us.data.categories(0).retain(0)),
            "After the end of the hosting service: kept through the earlier of (the later of 45 days after the end of "
            "the hosting service and 6 months after it was collected) and 13 months after the end of the hosting "
            "service, then deleted (B).");
  EXPECT_EQ(RuleInWords(us.data.categories(1).on_request(0)),
            "On request: read for legal purposes only from then on; gone by the end of 20 working days after the "
            "request (D).");
}

std::vector<std::string> Differences(const RetentionPolicy& before, const RetentionPolicy& after) {
  const pb::PolicyDiffReport report = DiffPolicies(before, after);
  std::vector<std::string> texts;
  for (const pb::PolicyDifference& d : report.differences()) {
    texts.push_back(absl::StrCat(pb::DifferenceDirection_Name(d.direction()).substr(11), " ",
                                 CategoryInWords(d.category()), " ", d.subject(), " ", d.text()));
  }
  return texts;
}

TEST(PolicyDiff, SameRulesDifferInNothing) {
  EXPECT_THAT(Differences(Load("example-de"), Load("example-de")), testing::IsEmpty());
}

TEST(PolicyDiff, EveryDifferenceIsSaid) {
  const RetentionPolicy before = Load("tcss-dpsa-module");
  const auto says = [&](auto change, const std::string& what) {
    RetentionPolicy after = before;
    change(&after.data);
    EXPECT_THAT(Differences(before, after), Contains(HasSubstr(what)));
  };
  const auto days = [](uint32_t count) {
    return [count](pb::Policy* p) {
      p->mutable_categories(0)
          ->mutable_retain(1)
          ->mutable_last_day()
          ->mutable_max()
          ->mutable_of(0)
          ->mutable_sum()
          ->set_days(count);
    };
  };
  says(days(45),
       "MORE asset basic retention old data, then the end: kept 15 days longer (2024-03-31 becomes 2024-04-15)");
  says(days(29), "LESS asset basic retention old data, then the end: kept 1 day shorter");
  says([](pb::Policy* p) { p->mutable_categories(1)->mutable_retain()->RemoveLast(); },
       "MORE console config retention ends at a month's end: kept without end");
  says([](pb::Policy* p) { p->mutable_categories(1)->add_purposes(pb::CLUSTER_SECURITY_CHECK); },
       "MORE console config purpose added: CLUSTER_SECURITY_CHECK");
  says([](pb::Policy* p) { p->mutable_categories(0)->mutable_purposes()->RemoveLast(); },
       "LESS asset basic purpose removed: LEGAL_OBLIGATION");
  says([](pb::Policy* p) { p->mutable_categories(0)->mutable_shares(1)->set_requires_grant(false); },
       "MORE asset basic share added: tke for CLUSTER_SECURITY_CHECK, ");
  says([](pb::Policy* p) { p->mutable_categories(0)->clear_archives(); },
       "LESS asset basic archive removed: object, temporary, begun within 72 hours");
  says([](pb::Policy* p) { p->mutable_categories(0)->mutable_stores()->RemoveLast(); },
       "LESS asset basic store removed: sql");
  says([](pb::Policy* p) { p->mutable_categories()->RemoveLast(); }, "LESS console config category removed");
  says([](pb::Policy* p) { p->mutable_categories(0)->mutable_elements()->RemoveLast(); },
       "LESS asset basic element removed: BASIC_INFORMATION");
  says([](pb::Policy* p) { p->mutable_subprocessors()->add_names("X"); }, "MORE agreement sub-processor added: X");
  says([](pb::Policy* p) { p->set_zone("Asia/Shanghai"); }, "OTHER agreement zone UTC becomes Asia/Shanghai");
  says([](pb::Policy* p) { p->set_purge_window_days(2); }, "MORE agreement purge window 1 becomes 2 days");
  says([](pb::Policy* p) { p->mutable_service_levels()->set_request_days(5); }, "LESS agreement service level");
  says([](pb::Policy* p) { p->clear_overrides(); }, "OTHER agreement legal holds removed: R6");
  says([](pb::Policy* p) { p->mutable_overrides(0)->add_categories(pb::CONSOLE_CONFIG); },
       "OTHER agreement legal holds added: R6, for console config");
  says([](pb::Policy* p) { p->mutable_clauses(0)->set_text("x"); }, "OTHER agreement clause reads differently: P1");
  says([](pb::Policy* p) { p->mutable_special()->set_minimum_age_attestation(false); },
       "OTHER agreement minimum age is not attested any more");
}

TEST(PolicyDiff, AHoldThatMovesToAnotherCategoryIsADifference) {
  RetentionPolicy before = Load("tcss-dpsa-module");
  before.data.mutable_overrides(0)->add_categories(pb::ASSET_BASIC);
  RetentionPolicy after = before;
  after.data.mutable_overrides(0)->set_categories(0, pb::CONSOLE_CONFIG);
  const pb::PolicyDiffReport report = DiffPolicies(before, after);
  ASSERT_EQ(report.differences_size(), 2) << report.ShortDebugString();
  EXPECT_EQ(report.differences(0).text(), "added: R6, for console config");
  EXPECT_EQ(report.differences(1).text(), "removed: R6, for asset basic");
}

pb::TenantFacts Tenant() {
  EventLog log;
  log.facts.set_tenant("t");
  const absl::Time end = absl::FromCivil(absl::CivilHour(2024, 3, 1, 12), absl::UTCTimeZone());
  log.Terminate("e", end, "cvm", end);
  auto* buckets = log.facts.add_buckets();
  buckets->set_hosting_service("cvm");
  buckets->set_category(pb::ASSET_BASIC);
  buckets->set_collected_day("2023-09-25");
  buckets->set_through_day("2023-10-10");
  buckets->set_state(pb::BUCKET_COLD);
  buckets->set_records(3);
  return log.facts;
}

TEST(Simulation, JoinsDaysAndCountsThem) {
  pb::RetentionFacts facts;
  *facts.add_tenants() = Tenant();
  const auto report = SimulateDay(Load("tcss-dpsa-module"), facts, absl::CivilDay(2024, 4, 2));
  ASSERT_TRUE(report.ok()) << report.status();
  // What was due on 1 April is overdue on the 2nd; 4 October is due on that day.
  ASSERT_EQ(report->steps_size(), 2) << report->ShortDebugString();
  EXPECT_EQ(report->steps(0).from_day(), "2023-09-25");
  EXPECT_EQ(report->steps(0).through_day(), "2023-10-03");
  EXPECT_TRUE(report->steps(0).overdue());
  EXPECT_EQ(report->steps(0).buckets(), 9u);
  EXPECT_EQ(report->steps(0).records(), 27u);
  EXPECT_EQ(report->steps(1).from_day(), "2023-10-04");
  EXPECT_FALSE(report->steps(1).overdue());
  EXPECT_EQ(report->resting_buckets(), 6u);
  EXPECT_FALSE(report->steps(1).explanation().empty());
}

TEST(Simulation, FactsAreReadAsTextAndAsJson) {
  pb::RetentionFacts facts;
  *facts.add_tenants() = Tenant();
  const auto text = ParseFacts(facts.DebugString(), "facts.textproto");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(text->SerializeAsString(), facts.SerializeAsString());
  const auto json = ParseFacts(
      R"({"tenants": [{"tenant": "t", "buckets": [{"hosting_service": "cvm", "category": "ASSET_BASIC",
          "collected_day": "2023-09-25"}]}]})",
      "facts.json");
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->tenants(0).buckets(0).collected_day(), "2023-09-25");
  for (const char* name : {"f", "f.json"}) {
    EXPECT_THAT(std::string(ParseFacts("tenants {\n surprise", name).status().message()),
                testing::StartsWith(absl::StrCat(name, ":")));
    EXPECT_THAT(std::string(ParseFacts(std::string((size_t{1} << 20) + 1, ' '), name).status().message()),
                HasSubstr("larger than 1 MiB"));
  }
}

TEST(Simulation, SaysWhoseFactsMakeNoSense) {
  pb::RetentionFacts facts;
  *facts.add_tenants() = Tenant();
  facts.mutable_tenants(0)->mutable_buckets(0)->set_collected_day("2023-02-29");
  EXPECT_THAT(std::string(SimulateDay(Load("example-de"), facts, kToday).status().message()),
              HasSubstr("tenant t: bucket of cvm on 2023-02-29: collected_day is no day"));
}

// 1 MiB of such lines is 45 million buckets, which are 6 GB.
TEST(Simulation, RefusesMoreBucketsThanAMillionOverAllTenants) {
  pb::RetentionFacts facts;
  for (int i = 0; i < 274; ++i) {
    pb::BucketFacts* bucket = facts.add_tenants()->add_buckets();
    bucket->set_hosting_service("ALL");
    bucket->set_category(pb::ASSET_BASIC);
    bucket->set_collected_day("2014-01-01");
    bucket->set_through_day("2023-12-31");  // 3,652 days
  }
  const auto report = SimulateDay(Load("example-de"), facts, kToday);
  EXPECT_TRUE(absl::IsInvalidArgument(report.status())) << report.status();
  EXPECT_THAT(std::string(report.status().message()),
              HasSubstr("the facts stand for 1000648 buckets, more than 1000000"));
  // Days that are none do not make the sum less.
  facts.mutable_tenants(0)->mutable_buckets(0)->set_through_day("0001-01-01");
  facts.mutable_tenants(1)->mutable_buckets(0)->set_through_day("9999-12-31");
  EXPECT_THAT(std::string(SimulateDay(Load("example-de"), facts, kToday).status().message()),
              HasSubstr("buckets, more than 1000000"));
}

}  // namespace
}  // namespace rollcall
