#include "collectors/accounts/shadow_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = PasswordField::State;

TEST(ParseShadow, ReadsEntries) {
  const auto file = ParseShadow(
      "root:$y$j9T$salt$hash:19000:0:99999:7:::\n"
      "daemon:*:19000:0:99999:7:::\n"
      "alice:!$6$salt$hash:19500:1:90:14:30:20000:\n"
      "guest::::::::\n"
      "old:ab0123456789.:100:0:9\n"
      "+@nis\n# comment\n\n");
  EXPECT_THAT(file.problems, IsEmpty());
  ASSERT_EQ(file.entries.size(), 5U);
  EXPECT_EQ(file.entries[0].password.algorithm, "yescrypt");
  EXPECT_EQ(file.entries[1].password.state, State::kLocked);
  EXPECT_EQ(file.entries[2].password.state, State::kLocked);
  EXPECT_EQ(file.entries[2].password.algorithm, "sha512");
  EXPECT_EQ(file.entries[2].last_change_day, 19500);
  EXPECT_EQ(file.entries[2].min_days, 1);
  EXPECT_EQ(file.entries[2].max_days, 90);
  EXPECT_EQ(file.entries[2].warn_days, 14);
  EXPECT_EQ(file.entries[2].inactive_days, 30);
  EXPECT_EQ(file.entries[2].expire_day, 20000);
  EXPECT_EQ(file.entries[3].password.state, State::kNone);
  EXPECT_EQ(file.entries[3].last_change_day, std::nullopt);
  EXPECT_EQ(file.entries[4].max_days, 9);
}

TEST(ParseShadow, NegativeDaysAreNone) {
  const auto file = ParseShadow("a:*:-1:-1:-1:-1:-1:-1:\n");
  ASSERT_EQ(file.entries.size(), 1U);
  EXPECT_EQ(file.entries[0].last_change_day, std::nullopt);
  EXPECT_EQ(file.entries[0].expire_day, std::nullopt);
}

struct Damage {
  const char* name;
  std::string text;
  const char* problem;
};

// Each between two good lines, which must stay.
TEST(ParseShadow, KeepsTheGoodLines) {
  const Damage kDamages[] = {
      {"truncated", "bad:$6$salt$ha", "line 2: not 9 fields"},
      {"no name", ":$6$salt$hash:1:::::: ", "line 2: no name"},
      {"number", "bad:$6$salt$hash:soon:0:99999:7:::", "line 2: bad number in field 3"},
      {"number too large", "bad:*:99999999999999999999:0:99999:7:::", "line 2: bad number in field 3"},
      {"too many fields", "bad:*:1:0:99999:7:::::::", "line 2: not 9 fields"},
      {"a hash alone", "$6$salt$hash", "line 2: not 9 fields"},
      {"NUL byte", std::string("bad:$6$sa\0lt:1:0:99999:7:::", 27), "line 2: NUL byte"},
      {"overlong line", absl::StrCat("bad:", std::string(1 << 20, ':')), "line 2: not 9 fields"},
      {"invalid UTF-8", "\xFF\xFE:*", "line 2: not 9 fields"},
  };
  for (const Damage& damage : kDamages) {
    SCOPED_TRACE(damage.name);
    const auto file = ParseShadow(absl::StrCat("a:*:1:0:99999:7:::\n", damage.text, "\nz:*:1:0:99999:7:::\r\n"));
    ASSERT_GE(file.entries.size(), 2U);
    EXPECT_EQ(file.entries.front().name, "a");
    EXPECT_EQ(file.entries.back().name, "z");
    EXPECT_FALSE(file.entries.back().damaged);
    ASSERT_EQ(file.problems.size(), 1U);
    EXPECT_EQ(file.problems[0].message(), damage.problem);
  }
}

TEST(ParseShadow, ADamagedLineIsNoEntryWithoutAPassword) {
  const auto file = ParseShadow("bad:\n");
  ASSERT_EQ(file.entries.size(), 1U);
  EXPECT_TRUE(file.entries[0].damaged);
}

TEST(ParseShadow, ProblemsAreBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "bad\n";
  EXPECT_EQ(ParseShadow(text).problems.size(), 10U);
}

TEST(ParseGroupShadow, ReadsEntries) {
  const auto file = ParseGroupShadow("root:*::\nops:$6$salt$hash:alice, bob:carol\nopen:::\nshort:!\n");
  ASSERT_EQ(file.entries.size(), 4U);
  EXPECT_EQ(file.entries[1].password.algorithm, "sha512");
  EXPECT_THAT(file.entries[1].administrators, ElementsAre("alice", "bob"));
  EXPECT_EQ(file.entries[2].password.state, State::kNone);
  EXPECT_TRUE(file.entries[3].damaged);
  ASSERT_EQ(file.problems.size(), 1U);
  EXPECT_EQ(file.problems[0].message(), "line 4: not 4 fields");
}

}  // namespace
}  // namespace rollcall
