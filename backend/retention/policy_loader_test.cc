#include "backend/retention/policy_loader.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "backend/retention/policy_check.h"

namespace rollcall {
namespace {

using testing::HasSubstr;

std::string DefaultText() {
  std::ifstream file(ROLLCALL_DEFAULT_POLICY);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(PolicyLoader, DefaultPolicyLoads) {
  const auto policy = LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY);
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->data.id(), "tcss-dpsa-module");
  EXPECT_EQ(policy->zone.name(), "UTC");
  const pb::CategoryRules* assets = policy->Find(pb::ASSET_BASIC);
  ASSERT_NE(assets, nullptr);
  EXPECT_EQ(assets->elements_size(), 24);
  EXPECT_EQ(policy->Find(pb::CATEGORY_UNSPECIFIED), nullptr);
  EXPECT_EQ(policy->Find(pb::CONSOLE_CONFIG)->archives_size(), 0);
}

TEST(PolicyLoader, SyntaxErrorsNameTheLine) {
  const auto policy = ParsePolicy("id: \"x\"\nversion: 1\nsurprise: 3\n", "a.textproto");
  EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(policy.status().message()), HasSubstr("a.textproto:3:"));
  EXPECT_THAT(std::string(policy.status().message()), HasSubstr("surprise"));
}

TEST(PolicyLoader, RuleErrorsNameTheCategory) {
  std::string text = DefaultText();
  const size_t config = text.find("category: CONSOLE_CONFIG");
  ASSERT_NE(config, std::string::npos);
  text.insert(config, "archives { kind: OBJECT }\n  ");
  const auto line = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(config), '\n');
  const auto policy = ParsePolicy(text, "p");
  EXPECT_THAT(std::string(policy.status().message()), HasSubstr("CONSOLE_CONFIG may not go to an archive"));
  EXPECT_THAT(std::string(policy.status().message()), testing::StartsWith("p:" + std::to_string(line) + ":"));
}

TEST(PolicyLoader, EveryRuleIsChecked) {
  struct Case {
    const char* message;
    std::function<void(pb::Policy*)> change;
  };
  const Case cases[] = {
      {"has no id", [](auto* p) { p->clear_id(); }},
      {"has no version", [](auto* p) { p->clear_version(); }},
      {"zone \"Mars/Olympus\"", [](auto* p) { p->set_zone("Mars/Olympus"); }},
      {"zone \"\"", [](auto* p) { p->clear_zone(); }},
      {"purge_window_days", [](auto* p) { p->set_purge_window_days(0); }},
      {"names no calendar", [](auto* p) { p->clear_calendar(); }},
      {"unknown_calendar_year", [](auto* p) { p->clear_unknown_calendar_year(); }},
      {"clause P1 stands twice", [](auto* p) { *p->add_clauses() = p->clauses(0); }},
      {"has no text", [](auto* p) { p->mutable_clauses(0)->clear_text(); }},
      {"clause \"X9\", which does not exist", [](auto* p) { p->mutable_overrides(0)->set_clause("X9"); }},
      {"names no clause", [](auto* p) { p->mutable_categories(0)->mutable_retain(0)->clear_clauses(); }},
      {"ASSET_BASIC stands twice", [](auto* p) { *p->add_categories() = p->categories(0); }},
      {"element ACCOUNTS is in", [](auto* p) { p->mutable_categories(1)->add_elements(pb::ACCOUNTS); }},
      {"element BASIC_INFORMATION is in no category",
       [](auto* p) { p->mutable_categories(0)->mutable_elements()->RemoveLast(); }},
      {"has no purposes", [](auto* p) { p->mutable_categories(0)->clear_purposes(); }},
      {"has no store", [](auto* p) { p->mutable_categories(1)->clear_stores(); }},
      {"neither elements nor settings", [](auto* p) { p->mutable_categories(1)->clear_settings(); }},
      {"kept for ever", [](auto* p) { p->mutable_categories(1)->mutable_retain()->RemoveLast(); }},
      {"effective_from \"2024-02-30\" is no day", [](auto* p) { p->set_effective_from("2024-02-30"); }},
      {"more than a year", [](auto* p) { p->set_purge_window_days(367); }},
      {"longer than request_days", [](auto* p) { p->mutable_service_levels()->set_cooling_off_hours(169); }},
      {"more than ten years", [](auto* p) { p->mutable_service_levels()->set_request_days(3661); }},
      {"element PORTS is not_covered and in ASSET_BASIC", [](auto* p) { p->add_not_covered(pb::PORTS); }},
      {"kept_until_request and has an end", [](auto* p) { p->mutable_categories(0)->set_kept_until_request(true); }},
      {"kept_until_request and has no on_request",
       [](auto* p) {
         p->mutable_categories(1)->set_kept_until_request(true);
         p->mutable_categories(1)->mutable_retain()->RemoveLast();
         p->mutable_categories(1)->clear_on_request();
       }},
      {"has no scope", [](auto* p) { p->mutable_categories(1)->mutable_retain(1)->clear_scope(); }},
      {"is the event itself",
       [](auto* p) {
         p->mutable_categories(1)->mutable_on_request(0)->mutable_not_after()->set_anchor(pb::Expression::REQUESTED);
       }},
      {"is the event itself",
       [](auto* p) {
         p->mutable_categories(1)->mutable_retain(1)->mutable_not_after()->set_anchor(pb::Expression::TERMINATED);
       }},
      {"TERMINATED where nothing has ended",
       [](auto* p) {
         auto* rule = p->mutable_categories(0)->mutable_retain(1);
         rule->set_trigger(pb::RetainRule::ALWAYS);
       }},
      {"TERMINATED where nothing has ended",
       [](auto* p) {
         p->mutable_categories(0)->mutable_retain(0)->mutable_not_before()->set_anchor(pb::Expression::TERMINATED);
       }},
      {"REQUESTED where nothing is requested",
       [](auto* p) {
         p->mutable_categories(0)->mutable_retain(0)->mutable_not_before()->set_anchor(pb::Expression::REQUESTED);
       }},
      {"period is empty",
       [](auto* p) { p->mutable_categories(1)->mutable_retain(1)->mutable_last_day()->clear_form(); }},
      {"needs one of days",
       [](auto* p) { p->mutable_categories(1)->mutable_retain(1)->mutable_last_day()->mutable_sum()->set_days(3); }},
      {"longer than a century",
       [](auto* p) {
         p->mutable_categories(1)->mutable_retain(1)->mutable_last_day()->mutable_sum()->set_months(1201);
       }},
      {"has no not_after", [](auto* p) { p->mutable_categories(1)->mutable_on_request(0)->clear_not_after(); }},
      {"does not combine", [](auto* p) { p->mutable_categories(1)->mutable_on_request(0)->clear_combine(); }},
      {"has no recipient", [](auto* p) { p->mutable_categories(0)->mutable_shares(0)->clear_recipient(); }},
      {"nested too deeply",
       [](auto* p) {
         pb::Expression* e = p->mutable_categories(1)->mutable_retain(1)->mutable_last_day();
         for (int i = 0; i < 20; ++i) {
           pb::Expression inner = *e;
           e->mutable_sum()->set_days(1);
           *e->mutable_sum()->mutable_of() = inner;
         }
       }},
  };
  pb::Policy good;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(DefaultText(), &good));
  ASSERT_TRUE(CheckPolicy(good).empty());
  for (const Case& c : cases) {
    pb::Policy policy = good;
    c.change(&policy);
    std::string all;
    for (const PolicyProblem& problem : CheckPolicy(policy)) all += problem.message + "\n";
    EXPECT_THAT(all, HasSubstr(c.message));
  }
}

TEST(PolicyLoader, FilesThatCannotBeUsed) {
  std::string folder = testing::TempDir() + "/policy_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::filesystem::create_directories(folder + "/agreements");
  const std::string path = folder + "/agreements/p.textproto";
  EXPECT_EQ(LoadRetentionPolicy(path).status().code(), absl::StatusCode::kNotFound);

  std::ofstream(path) << DefaultText();  // its calendar is missing
  EXPECT_THAT(std::string(LoadRetentionPolicy(path).status().message()), HasSubstr("cn-state-council.textproto"));

  std::filesystem::create_directories(folder + "/calendars");
  std::ofstream(folder + "/calendars/cn-state-council.textproto") << "id: \"cn-state-council\"";
  EXPECT_THAT(std::string(LoadRetentionPolicy(path).status().message()),
              testing::AllOf(HasSubstr("p.textproto: calendar: "), HasSubstr("calendar has no version")));
  // Calendars may lie elsewhere.
  const auto elsewhere = LoadRetentionPolicy(path, ROLLCALL_SOURCE_DIR "/backend/retention/calendars");
  ASSERT_TRUE(elsewhere.ok()) << elsewhere.status();
  EXPECT_EQ(elsewhere->hash, LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY)->hash);
  std::ofstream(path) << std::string((size_t{1} << 20) + 1, '#');
  EXPECT_THAT(std::string(LoadRetentionPolicy(path).status().message()), HasSubstr("larger than"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rollcall
