// What is wrong on purpose is found: every bug that the engine may have to work with, by one of a few tenants.
#include "tests/simulator/bugs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "tests/simulator/summary.h"

namespace rollcall::simulator {
namespace {

// Most are found in the first short life; ends come at the end of the shortest as well. Some take a rule that bites
// late, or a tenant to whom it happens.
struct Lives {
  int first;
  int last;
  double years;
};
constexpr Lives kLives[] = {{0, 1, 1}, {0, 0, 3}, {2, 11, 1}, {1, 6, 3}};

class BugTest : public testing::TestWithParam<NamedBug> {};

TEST_P(BugTest, IsFound) {
  for (const Lives& lives : kLives) {
    for (int tenant = lives.first; tenant <= lives.last; ++tenant) {
      LifeOptions options;
      options.history.seed = 2;
      options.history.tenant = tenant;
      options.history.years = lives.years;
      options.bug = GetParam().bug;
      // Nothing else is wrong.
      options.crash_percent = 0;
      options.history.with_copies = false;
      const absl::StatusOr<Life> life = LiveThrough(options);
      ASSERT_TRUE(life.ok()) << life.status();
      if (life->violations.empty()) continue;
      std::printf("tenant %d, %.0f years, %s: %s\n", tenant, lives.years, NameOf(life->violations[0].fault).c_str(),
                  life->violations[0].what.c_str());
      return;
    }
  }
  FAIL() << GetParam().name << " is found by no tenant";
}

std::string NameOfBug(const testing::TestParamInfo<NamedBug>& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, BugTest, testing::ValuesIn(AllBugs()), NameOfBug);

TEST(BugsTest, HaveNames) {
  Bug bug = Bug::kNone;
  EXPECT_TRUE(FindBug("six-months", &bug));
  EXPECT_EQ(bug, Bug::kSixMonths);
  EXPECT_FALSE(FindBug("none", &bug));
  EXPECT_GE(AllBugs().size(), 20u);
}

// The same tenants, with nothing wrong.
TEST(BugsTest, WithoutABugNothingIsFound) {
  for (int tenant = 0; tenant < 6; ++tenant) {
    LifeOptions options;
    options.history.seed = 2;
    options.history.tenant = tenant;
    options.history.years = 1;
    options.crash_percent = 0;
    options.history.with_copies = false;
    const absl::StatusOr<Life> life = LiveThrough(options);
    ASSERT_TRUE(life.ok()) << life.status();
    EXPECT_TRUE(life->violations.empty()) << TellOf(*life, options);
  }
}

}  // namespace
}  // namespace rollcall::simulator
