// What login, logout, whoami and context put on the screen, whole, and what they keep. See screens_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "cli/arguments.h"
#include "cli/config_home.h"
#include "cli/people_command.h"
#include "cli/testing/golden_screen.h"
#include "cli/testing/made_up_host.h"
#include "google/protobuf/text_format.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "rct1.00000000000000aa.00000000000000000000000000000000000000000000000000000000000000bb";
constexpr char kPem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
constexpr char kLoginTls[] =
    "tls:\n  ca_data: |\n    -----BEGIN CERTIFICATE-----\n    AAAA\n    -----END CERTIFICATE-----\n";

class PeopleScreensTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "people_screens_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    tools_.config_path = folder_ + "/rollcall/config.yaml";
    tools_.who_am_i = [this](const CliConfig& settings) -> absl::StatusOr<pb::WhoAmIResponse> {
      asked_ = settings;
      if (!refusal_.ok()) return refusal_;
      return me_;
    };
    SetMe(
        "person: 'alice' ends_at { seconds: 1795723200 } rights { tenant: 'acme' roles: 'viewer' roles: 'operator' }");
    context_.people = &tools_;
    context_.now = kMadeUpNow;
    context_.screen = &screen_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void SetMe(const std::string& text) { ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &me_)); }
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string LoginFile(const std::string& server = "inventory.example.com:8445") {
    return Write("login", absl::StrCat("server: \"", server, "\"\ntoken: ", kToken, "\n", kLoginTls));
  }
  CliConfigFile Kept() { return LoadConfigFile(tools_.config_path, true).value(); }
  // What the screen got since this was called before.
  std::string TakeScreen() {
    const std::string text = out_.str();
    out_.str("");
    return text;
  }
  void ExpectScreen(const std::string& name) { ExpectGoldenScreen(name, TakeScreen()); }

  std::string folder_;
  PeopleTools tools_;
  pb::WhoAmIResponse me_;
  absl::Status refusal_;
  CliConfig asked_;
  std::ostringstream out_;
  Screen screen_{&out_, OutputFormat::kTable, false, 0, false};
  Screen json_{&out_, OutputFormat::kJson, false, 0, false};
  Screen csv_{&out_, OutputFormat::kCsv, false, 0, false};
  CommandContext context_;
};

TEST_F(PeopleScreensTest, LoginAsksTheBackendAndKeepsTheContext) {
  ASSERT_TRUE(RunLogin(context_, {LoginFile(), "", ""}).ok());
  ExpectScreen("login");
  EXPECT_EQ(asked_.token, kToken);
  const CliConfigFile kept = Kept();
  EXPECT_EQ(kept.current_context, "alice@inventory.example.com");
  ASSERT_EQ(kept.contexts.size(), 1u);
  const CliConfig& config = kept.contexts.begin()->second;
  EXPECT_EQ(config.server, "inventory.example.com:8445");
  EXPECT_EQ(config.token, kToken);
  EXPECT_EQ(config.ca_data, kPem);
  ASSERT_TRUE(RunWhoAmI(context_).ok());
  ExpectScreen("whoami");
  EXPECT_EQ(asked_, config);
  context_.screen = &json_;
  ASSERT_TRUE(RunWhoAmI(context_).ok());
  ExpectScreen("whoami_json");
  context_.screen = &csv_;
  ASSERT_TRUE(RunWhoAmI(context_).ok());
  ExpectScreen("whoami_csv");
}

TEST_F(PeopleScreensTest, ALoginTheBackendRefusesIsNotKept) {
  refusal_ = absl::UnauthenticatedError("the token has ended");
  EXPECT_TRUE(absl::IsUnauthenticated(RunLogin(context_, {LoginFile(), "", ""})));
  EXPECT_FALSE(std::filesystem::exists(tools_.config_path));
  EXPECT_TRUE(absl::IsInvalidArgument(RunLogin(context_, {"", "", ""}))) << "nothing given";
  EXPECT_TRUE(absl::IsInvalidArgument(RunLogin(context_, {folder_ + "/none", "", ""})));
  EXPECT_TRUE(absl::IsInvalidArgument(RunLogin(context_, {LoginFile(), "", "a b"})));
  const absl::Status mistake = RunLogin(context_, {Write("bad", "server: b:1\nport: 1\n"), "", ""});
  EXPECT_THAT(std::string(mistake.message()), HasSubstr("/bad:2: 'port': unknown setting"));
}

TEST_F(PeopleScreensTest, LoginByOptionsTakesTheAuthorityIntoTheContext) {
  tools_.given.server = "b:1";
  tools_.given.ca = Write("ca.pem", kPem);
  tools_.given.cert = "/of/the/environment";
  ASSERT_TRUE(RunLogin(context_, {"", Write("token", absl::StrCat(kToken, "\n")), "work"}).ok());
  EXPECT_EQ(Kept().contexts.at("work").ca_data, kPem);
  EXPECT_EQ(Kept().contexts.at("work").token, kToken);
  EXPECT_EQ(Kept().contexts.at("work").cert, "") << "a token is what one logs in with";
  tools_.given.ca = Write("bundle.pem", absl::StrCat("# with a comment\n", kPem));
  ASSERT_TRUE(RunLogin(context_, {"", folder_ + "/token", "work"}).ok());
  EXPECT_EQ(Kept().contexts.at("work").ca, std::filesystem::canonical(folder_ + "/bundle.pem").string());
  tools_.given.ca = folder_ + "/none.pem";
  EXPECT_TRUE(absl::IsInvalidArgument(RunLogin(context_, {"", folder_ + "/token", "work"})));
  const absl::Status token = RunLogin(context_, {"", Write("wrong", "se cret"), "work"});
  EXPECT_TRUE(absl::IsInvalidArgument(token));
  EXPECT_THAT(std::string(token.message()), Not(HasSubstr("se cret")));
}

TEST_F(PeopleScreensTest, ACertificateMakesAContextToo) {
  tools_.given.server = "b:1";
  tools_.given.ca = Write("ca.pem", kPem);
  tools_.given.cert = Write("me.crt", "c");
  tools_.given.key = Write("me.key", "k");
  ASSERT_TRUE(RunLogin(context_, {"", "", ""}).ok());
  EXPECT_EQ(Kept().contexts.at("alice@b").cert, std::filesystem::canonical(folder_ + "/me.crt").string());
  EXPECT_EQ(Kept().contexts.at("alice@b").token, "");
}

TEST_F(PeopleScreensTest, WhoHasSeveralTenantsIsToldToChooseAndStaysThere) {
  SetMe(
      "person: 'alice' ends_at { seconds: 1795723200 } rights { tenant: 'acme' roles: 'viewer' } "
      "rights { tenant: 'beta' roles: 'auditor' }");
  ASSERT_TRUE(RunLogin(context_, {LoginFile(), "", ""}).ok());
  ExpectScreen("login_tenants");
  tools_.given.tenant = "gamma";
  EXPECT_TRUE(absl::IsInvalidArgument(RunLogin(context_, {LoginFile(), "", ""})));
  tools_.given.tenant = "beta";
  ASSERT_TRUE(RunLogin(context_, {LoginFile(), "", ""}).ok());
  tools_.given.tenant = "";
  ASSERT_TRUE(RunLogin(context_, {LoginFile(), "", ""}).ok());
  EXPECT_EQ(Kept().contexts.begin()->second.tenant, "beta") << "a login that is renewed keeps it";
  TakeScreen();
  ASSERT_TRUE(RunWhoAmI(context_).ok());
  ExpectScreen("whoami_tenants");
}

TEST_F(PeopleScreensTest, ContextsAreListedUsedShownRenamedAndDeleted) {
  ASSERT_TRUE(RunContextList(context_, {}).ok());
  ExpectScreen("context_list_none");
  EXPECT_TRUE(absl::IsNotFound(RunContextShow(context_, {""})));
  ASSERT_TRUE(RunLogin(context_, {LoginFile(), "", "work"}).ok());
  ASSERT_TRUE(RunLogin(context_, {LoginFile("[2001:db8::1]:8445"), "", ""}).ok());
  CliConfigFile file = Kept();
  file.contexts["certified"] = {.server = "c:1", .ca = "/ca", .cert = "/me.crt", .key = "/me.key", .tenant = "acme"};
  ASSERT_TRUE(SaveConfigFile(tools_.config_path, file).ok());
  TakeScreen();
  ASSERT_TRUE(RunContextList(context_, {}).ok());
  ExpectScreen("context_list");
  context_.screen = &json_;
  ASSERT_TRUE(RunContextList(context_, {}).ok());
  ExpectScreen("context_list_json");
  context_.screen = &screen_;
  ASSERT_TRUE(RunContextList(context_, {true}).ok());
  EXPECT_EQ(TakeScreen(), "alice@2001:db8::1\ncertified\nwork\n");

  ASSERT_TRUE(RunContextUse(context_, {"work"}).ok());
  EXPECT_EQ(Kept().current_context, "work");
  EXPECT_TRUE(absl::IsNotFound(RunContextUse(context_, {"none"})));
  TakeScreen();
  ASSERT_TRUE(RunContextShow(context_, {""}).ok());
  ExpectScreen("context_show");
  ASSERT_TRUE(RunContextShow(context_, {"certified"}).ok());
  ExpectScreen("context_show_certificate");
  tools_.context = "certified";
  ASSERT_TRUE(RunContextShow(context_, {""}).ok());
  EXPECT_THAT(TakeScreen(), HasSubstr("/me.crt")) << "--context goes before the file's";
  tools_.context = "";

  ASSERT_TRUE(RunContextRename(context_, {"work", "office"}).ok());
  EXPECT_EQ(Kept().current_context, "office");
  EXPECT_EQ(Kept().contexts.count("work"), 0u);
  EXPECT_EQ(Kept().contexts.at("office").token, kToken);
  EXPECT_TRUE(absl::IsInvalidArgument(RunContextRename(context_, {"office", "certified"})));
  EXPECT_TRUE(absl::IsInvalidArgument(RunContextRename(context_, {"office", "a b"})));
  ASSERT_TRUE(RunContextDelete(context_, {"certified"}).ok());
  EXPECT_EQ(Kept().current_context, "office");
  TakeScreen();
  ASSERT_TRUE(RunLogout(context_, {""}).ok());
  ExpectScreen("logout");
  EXPECT_EQ(Kept().current_context, "");
  EXPECT_EQ(Kept().contexts.size(), 1u);
}

TEST_F(PeopleScreensTest, NoScreenShowsTheSecret) {
  ASSERT_TRUE(RunLogin(context_, {LoginFile(), "", "work"}).ok());
  for (Screen* screen : {&screen_, &json_, &csv_}) {
    context_.screen = screen;
    ASSERT_TRUE(RunContextList(context_, {}).ok());
    ASSERT_TRUE(RunContextShow(context_, {""}).ok());
    ASSERT_TRUE(RunWhoAmI(context_).ok());
  }
  ASSERT_TRUE(RunLogout(context_, {""}).ok());
  EXPECT_THAT(TakeScreen(), Not(HasSubstr("00bb")));
}

TEST(PeopleArguments, AreVerbsThatNeedNoConnectionBefore) {
  const std::vector<std::vector<std::string>> good = {{"login", "f"},
                                                      {"login", "-", "--name", "n", "--tenant", "acme"},
                                                      {"login", "--server", "b:1", "--ca", "c", "--token-file", "t"},
                                                      {"logout"},
                                                      {"logout", "n"},
                                                      {"whoami", "--context", "n"},
                                                      {"context", "list", "--names"},
                                                      {"context", "use", "n"},
                                                      {"context", "show"},
                                                      {"context", "rename", "a", "b"},
                                                      {"context", "delete", "n"}};
  for (const auto& words : good) {
    const ParseResult result = ParseArguments(words);
    EXPECT_FALSE(result.finished) << words[0] << ": " << result.text;
    EXPECT_FALSE(result.arguments.needs_backend) << words[0];
    EXPECT_TRUE(static_cast<bool>(result.arguments.command)) << words[0];
  }
  EXPECT_EQ(ParseArguments({"whoami", "--context", "n"}).arguments.context, "n");
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"context"}, {"context", "use"}, {"context", "rename", "a"}, {"context", "delete"}, {"login", "a", "b"}}) {
    EXPECT_EQ(ParseArguments(words).exit_code, kExitUsage) << words[0];
  }
}

}  // namespace
}  // namespace rollcall
