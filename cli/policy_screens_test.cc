// What `rollcall policy` puts on the screen; see screens_test.cc for how to change the texts on purpose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/arguments.h"
#include "cli/policy_command.h"
#include "cli/testing/golden_screen.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr char kAgreements[] = ROLLCALL_SOURCE_DIR "/backend/retention/agreements/";
constexpr char kTestData[] = ROLLCALL_SOURCE_DIR "/cli/testdata/policy/";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

struct Outcome {
  absl::Status status;
  std::string text;
};

// Parses the words as the program does and runs what they say.
Outcome RunWords(std::vector<std::string> words) {
  const ParseResult parsed = ParseArguments(words);
  if (parsed.finished) return {absl::InternalError("usage"), parsed.text};
  EXPECT_FALSE(parsed.arguments.needs_backend);
  std::ostringstream out;
  Screen screen(&out, parsed.arguments.format, parsed.arguments.wide, 0, false);
  CommandContext context;
  context.screen = &screen;
  context.now = absl::FromCivil(absl::CivilHour(2026, 8, 7, 12), absl::UTCTimeZone());
  const absl::Status status = parsed.arguments.command(context);
  return {status, out.str()};
}

void ExpectScreen(const std::string& name, const std::vector<std::string>& words) {
  const Outcome outcome = RunWords(words);
  ASSERT_TRUE(outcome.status.ok()) << outcome.status << outcome.text;
  ExpectGoldenScreen(name, outcome.text);
}

std::string Agreement(const std::string& name) { return absl::StrCat(kAgreements, name, ".textproto"); }

TEST(PolicyScreens, Lint) { ExpectScreen("policy_lint", {"policy", "lint", Agreement("tcss-dpsa-module")}); }
TEST(PolicyScreens, LintOfOtherShapes) {
  for (const char* name : {"ecm-shaped", "ctsdb-shaped", "ipaas-shaped", "example-de", "example-us"}) {
    ExpectScreen(absl::StrCat("policy_lint_", absl::StrReplaceAll(name, {{"-", "_"}})),
                 {"policy", "lint", Agreement(name)});
  }
}

TEST(PolicyScreens, Simulate) {
  const std::string facts = absl::StrCat(kTestData, "facts.json");
  for (const char* day : {"2024-03-02", "2024-04-01", "2024-08-28"}) {
    ExpectScreen(absl::StrCat("policy_simulate_", absl::StrReplaceAll(day, {{"-", "_"}})),
                 {"policy", "simulate", Agreement("tcss-dpsa-module"), "--facts", facts, "--at", day});
  }
  ExpectScreen("policy_simulate_explain", {"policy", "simulate", Agreement("tcss-dpsa-module"), "--facts", facts,
                                           "--at", "2024-04-01", "--explain"});
}

TEST(PolicyScreens, Diff) {
  ExpectScreen("policy_diff", {"policy", "diff", Agreement("tcss-dpsa-module"), Agreement("example-us")});
  ExpectScreen("policy_diff_same", {"policy", "diff", Agreement("example-de"), Agreement("example-de")});
}

TEST(PolicyCommand, SpeaksJsonAndCsv) {
  const Outcome lint = RunWords({"policy", "lint", Agreement("tcss-dpsa-module"), "--format", "json"});
  EXPECT_THAT(lint.text, HasSubstr("\"example\":\"ends on a leap day\",\"collected\":\"2024-02-29\""));
  EXPECT_EQ(std::count(lint.text.begin(), lint.text.end(), '\n'), 1);
  const Outcome csv = RunWords({"policy", "lint", Agreement("tcss-dpsa-module"), "--format", "csv"});
  EXPECT_THAT(csv.text, testing::StartsWith("CATEGORY,EXAMPLE,"));
  const Outcome simulated = RunWords({"policy", "simulate", Agreement("tcss-dpsa-module"), "--format", "json",
                                      "--facts", absl::StrCat(kTestData, "facts.json"), "--at", "2024-04-01"});
  EXPECT_THAT(simulated.text, HasSubstr("\"action\":\"purge\""));
  const Outcome diff =
      RunWords({"policy", "diff", Agreement("tcss-dpsa-module"), Agreement("ecm-shaped"), "--format", "json"});
  EXPECT_THAT(diff.text, HasSubstr("\"direction\":\"DIFFERENCE_LESS\""));
}

TEST(PolicyCommand, SaysWhatIsWrongAndWhere) {
  const Outcome missing = RunWords({"policy", "lint", "/nowhere.textproto"});
  EXPECT_EQ(ExitCodeFor(missing.status), kExitNotFound);
  std::string folder = testing::TempDir() + "/policy_command_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string broken = folder + "/p.textproto";
  std::ofstream(broken) << "id: \"x\"\nversion: y\n";
  const Outcome unreadable = RunWords({"policy", "lint", broken});
  EXPECT_EQ(ExitCodeFor(unreadable.status), kExitUsage);
  EXPECT_THAT(std::string(unreadable.status.message()), HasSubstr("p.textproto:2:"));

  // An agreement that loads and yet cannot be kept: nobody knows where its stores are.
  std::ofstream(broken) << absl::StrReplaceAll(ReadAll(Agreement("example-us")), {{"region: REGION_FROM_TENANT", ""}});
  const Outcome lint =
      RunWords({"policy", "lint", broken, "--calendars", ROLLCALL_SOURCE_DIR "/backend/retention/calendars"});
  EXPECT_EQ(ExitCodeFor(lint.status), kExitIncomplete);
  EXPECT_THAT(lint.text, HasSubstr("error: agreement: it does not say in which region"));

  const std::string facts = folder + "/facts.json";
  const auto simulate = [&](const std::string& text) {
    std::ofstream(facts) << text;
    return RunWords({"policy", "simulate", Agreement("example-de"), "--facts", facts, "--at", "2024-04-01"}).status;
  };
  EXPECT_THAT(std::string(simulate("{").message()), HasSubstr("facts.json: "));
  EXPECT_THAT(std::string(simulate(R"({"tenants":[{"tenant":"t","buckets":[{}]}]})").message()),
              HasSubstr("facts.json: tenant t: bucket of "));
  EXPECT_THAT(std::string(simulate(R"({"tenants":[{"tenant":"t","events":[{"id":"e"}]}]})").message()),
              HasSubstr("event e: has no time"));
  EXPECT_TRUE(simulate("{}").ok());
  EXPECT_EQ(
      ExitCodeFor(RunWords({"policy", "simulate", Agreement("example-de"), "--facts", facts, "--at", "soon"}).status),
      kExitUsage);
  std::filesystem::remove_all(folder);
}

TEST(PolicyCommand, HelpAndUsage) {
  EXPECT_THAT(RunWords({"policy", "--help"}).text,
              testing::AllOf(HasSubstr("lint"), HasSubstr("simulate"), HasSubstr("diff")));
  EXPECT_THAT(RunWords({"policy", "simulate", "--help"}).text, HasSubstr("--facts"));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"policy"},
                                             {"policy", "lint"},
                                             {"policy", "diff", "a"},
                                             {"policy", "simulate", "a", "--at", "2024-01-01"}}) {
    const ParseResult result = ParseArguments(words);
    EXPECT_TRUE(result.finished);
    EXPECT_EQ(result.exit_code, kExitUsage);
  }
}

}  // namespace
}  // namespace rollcall
