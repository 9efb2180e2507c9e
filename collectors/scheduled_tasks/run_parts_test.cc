#include "collectors/scheduled_tasks/run_parts.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(RunParts, FileNamesWithDotsOnDebian) {
  EXPECT_EQ(WhyRunPartsSkips("man-db", CronDialect::kDebian), "");
  EXPECT_EQ(WhyRunPartsSkips("0anacron_2", CronDialect::kDebian), "");
  EXPECT_EQ(WhyRunPartsSkips("backup.sh", CronDialect::kDebian), "file name with a dot");
  EXPECT_EQ(WhyRunPartsSkips("x.dpkg-old", CronDialect::kDebian), "file name with a dot");
  EXPECT_EQ(WhyRunPartsSkips("a~", CronDialect::kDebian), "file name that is passed over");
  EXPECT_EQ(WhyRunPartsSkips("b\xc3\xa4", CronDialect::kDebian), "file name that is passed over");
  EXPECT_EQ(WhyRunPartsSkips("backup.sh", CronDialect::kBusybox), "file name with a dot");
}

TEST(RunParts, RedHatTakesDotsButNoBackups) {
  EXPECT_EQ(WhyRunPartsSkips("backup.sh", CronDialect::kCronie), "");
  EXPECT_EQ(WhyRunPartsSkips("logrotate", CronDialect::kCronie), "");
  for (absl::string_view name : {"a~", "a,", "a.rpmsave", "a.rpmorig", "a.rpmnew", "a.swp", "a,v", "a.cfsaved"}) {
    EXPECT_NE(WhyRunPartsSkips(name, CronDialect::kCronie), "") << name;
  }
}

TEST(RunParts, CronHasRulesOfItsOwn) {
  EXPECT_EQ(WhyCronSkips("php", CronDialect::kDebian, false), "");
  EXPECT_EQ(WhyCronSkips("php.dpkg-dist", CronDialect::kDebian, false), "file name with a dot");
  EXPECT_EQ(WhyCronSkips("0hourly.cron", CronDialect::kCronie, false), "");
  EXPECT_NE(WhyCronSkips("x.rpmnew", CronDialect::kCronie, false), "");
  EXPECT_NE(WhyCronSkips("#x", CronDialect::kCronie, false), "");
  EXPECT_NE(WhyCronSkips("x~", CronDialect::kCronie, false), "");
  EXPECT_NE(WhyCronSkips("x", CronDialect::kBusybox, false), "");
}

TEST(RunParts, NamesOfTheLinuxStandardBase) {
  for (absl::string_view name : {"nightly", "com.example-nightly", "_vendor-job", "a.b-c.d-e"}) {
    EXPECT_EQ(WhyCronSkips(name, CronDialect::kDebian, true), "") << name;
  }
  for (absl::string_view name :
       {"a.b", "x.dpkg-old", "x.dpkg-dist", "a.b-", "-.", "a-b.c", "UPPER", "with_underscore", "-dash"}) {
    EXPECT_NE(WhyCronSkips(name, CronDialect::kDebian, true), "") << name;
  }
  EXPECT_NE(WhyCronSkips("com.example-nightly", CronDialect::kDebian, false), "");
}

TEST(RunParts, OptionsOfTheDaemonTurnThemOn) {
  EXPECT_TRUE(UsesLsbNames("# EXTRA_OPTS='-L 5'\nEXTRA_OPTS='-l'\n"));
  EXPECT_TRUE(UsesLsbNames("  EXTRA_OPTS=\"-L 5 -l\""));
  EXPECT_FALSE(UsesLsbNames("#EXTRA_OPTS='-l'\nREAD_ENV=\"yes\"\n"));
  EXPECT_FALSE(UsesLsbNames("EXTRA_OPTS=\"-L 5\"\n"));
}

}  // namespace
}  // namespace rollcall
