#include "platform/redaction/redactor.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Argv = std::vector<std::string>;

struct ArgvCase {
  Argv argv;
  Argv redacted;
};

// What stays readable matters as much as what goes.
TEST(RedactArgvTest, ReplacesTheSecretAndNothingElse) {
  const std::vector<ArgvCase> cases = {
      {{"app", "--password=x1", "-v"}, {"app", "--password=[REDACTED:argv.long_option]", "-v"}},
      {{"app", "--password", "x1", "-v"}, {"app", "--password", "[REDACTED:argv.long_option]", "-v"}},
      {{"app", "--password", "1234"}, {"app", "--password", "[REDACTED:argv.long_option]"}},
      {{"mysql", "-uroot", "-px1", "db"}, {"mysql", "-uroot", "-p[REDACTED:argv.short_option]", "db"}},
      {{"curl", "-u", "bob:x1", "https://h/"}, {"curl", "-u", "bob:[REDACTED:argv.user_secret]", "https://h/"}},
      {{"curl", "-sSubob:x1"}, {"curl", "-sSubob:[REDACTED:argv.user_secret]"}},
      {{"curl", "-H", "Authorization: Bearer x1"}, {"curl", "-H", "Authorization: Bearer [REDACTED:text.header]"}},
      {{"git", "clone", "https://bob:x1@h/r"}, {"git", "clone", "https://bob:[REDACTED:url.userinfo]@h/r"}},
      {{"sh", "-c", "cd /a && mysql -px1 db"}, {"sh", "-c", "cd /a && mysql -p[REDACTED:argv.short_option] db"}},
      {{"A_TOKEN=x1", "app"}, {"A_TOKEN=[REDACTED:text.assignment]", "app"}},
      {{"sqlplus", "scott/x1@db"}, {"sqlplus", "scott/[REDACTED:argv.user_secret]@db"}},
      {{"openssl", "rsa", "-passin", "pass:x1"}, {"openssl", "rsa", "-passin", "pass:[REDACTED:argv.long_option]"}},
      {{"mount", "-o", "user=b,password=x1,uid=0"},
       {"mount", "-o", "user=b,password=[REDACTED:text.assignment],uid=0"}},
      {{"docker", "login", "-u", "b", "-p", "x1"},
       {"docker", "login", "-u", "b", "-p", "[REDACTED:argv.short_option]"}},
      {{"docker", "run", "-p", "80:80", "x"}, {"docker", "run", "-p", "80:80", "x"}},
  };
  for (const ArgvCase& test : cases) {
    Argv argv = test.argv;
    RedactArgv(&argv);
    EXPECT_EQ(argv, test.redacted);
  }
}

TEST(RedactArgvTest, NamesArgumentAndRule) {
  Argv argv = {"app", "--token", "x1", "https://u:x2@h/?sig=x3"};
  const std::vector<ArgvRedaction> redactions = RedactArgv(&argv);
  ASSERT_EQ(redactions.size(), 3u);
  EXPECT_EQ(redactions[0].index, 2u);
  EXPECT_EQ(redactions[0].rule, "argv.long_option");
  EXPECT_EQ(redactions[1].index, 3u);
  EXPECT_EQ(redactions[1].rule, "url.userinfo");
  EXPECT_EQ(redactions[2].rule, "url.query");
}

TEST(RedactArgvTest, TakesAnyArguments) {
  for (const Argv& odd : {Argv{}, Argv{""}, Argv{"", "", ""}, Argv{"-"}, Argv{"--"}, Argv{"=", "=="}, Argv{"--=x"},
                          Argv{"mysql", "-p"}, Argv{"curl", "-u"}, Argv{"net", "user", "b", ""}, Argv{"sh", "-c"}}) {
    Argv argv = odd;
    EXPECT_THAT(RedactArgv(&argv), IsEmpty());
    EXPECT_EQ(argv, odd);
  }
}

TEST(RedactArgvTest, ShellsInShellsEndInTheLimit) {
  Argv argv = {"sh", "-c", "sh -c 'sh -c \"sh -c \\\"sh -c \\\\\\\"mysql -pInnermost1\\\\\\\"\\\"\"'"};
  RedactArgv(&argv);
  EXPECT_FALSE(absl::StrContains(argv[2], "Innermost1")) << argv[2];
}

TEST(RedactArgvTest, ArgumentsBeyondTheLimitAreReplaced) {
  Argv argv(kMaxRedactedArguments + 2, "x");
  EXPECT_EQ(RedactArgv(&argv).size(), 2u);
  EXPECT_EQ(argv[kMaxRedactedArguments - 1], "x");
  EXPECT_EQ(argv.back(), "[REDACTED:limit]");
}

TEST(RedactUrlTest, UserinfoEndsAtTheLastAt) {
  std::string url = "postgres://app:p@ss%23x@db:5432/shop?sslmode=require";
  EXPECT_THAT(RedactUrl(&url), ElementsAre("url.userinfo"));
  EXPECT_EQ(url, "postgres://app:[REDACTED:url.userinfo]@db:5432/shop?sslmode=require");
}

TEST(RedactTextTest, KeepsTheLine) {
  std::string text = "BOOT_IMAGE=/vmlinuz  root=UUID=1-2 password=x1   quiet";
  EXPECT_THAT(RedactText(&text), ElementsAre("text.assignment"));
  EXPECT_EQ(text, "BOOT_IMAGE=/vmlinuz  root=UUID=1-2 password=[REDACTED:text.assignment]   quiet");
}

TEST(RedactTextTest, LongValuesAreCutAtACharacter) {
  for (size_t shift = 0; shift < 3; ++shift) {
    std::string text(shift, 'a');
    while (text.size() < kMaxRedactedValueBytes + 10) text += "\xe2\x82\xac";
    EXPECT_THAT(RedactText(&text), ElementsAre("size"));
    EXPECT_LE(text.size(), kMaxRedactedValueBytes);
    const std::string marker = "[REDACTED:size]";
    ASSERT_TRUE(absl::EndsWith(text, marker));
    EXPECT_EQ(text[text.size() - marker.size() - 1], '\xac') << "a whole character before the cut";
    EXPECT_THAT(RedactText(&text), IsEmpty());
  }
}

TEST(RedactTextTest, ASecretAcrossTheCutIsGone) {
  const std::string secret = "CutSecret99";
  std::string text = absl::StrCat(std::string(kMaxRedactedValueBytes - 30, 'a'), " password=", secret);
  RedactText(&text);
  EXPECT_FALSE(absl::StrContains(text, "CutSec"));
}

TEST(HoldsKnownTokenTest, KnowsFormsAndIgnoresDigests) {
  EXPECT_TRUE(HoldsKnownToken("/srv/AKIAIOSFODNN7EXAMPLE/x"));
  EXPECT_TRUE(HoldsKnownToken("-----BEGIN EC PRIVATE KEY-----\nMHcCAQ"));
  EXPECT_FALSE(HoldsKnownToken("xAKIAIOSFODNN7EXAMPLE"));
  EXPECT_FALSE(HoldsKnownToken("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  EXPECT_FALSE(HoldsKnownToken("-----BEGIN CERTIFICATE-----"));
  EXPECT_FALSE(HoldsKnownToken(""));
}

}  // namespace
}  // namespace rollcall
