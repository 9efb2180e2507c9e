#include "collectors/scheduled_tasks/host_time_zone.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

TEST(HostTimeZone, IsWhatLocaltimeLeadsTo) {
  MemoryTree files;
  EXPECT_EQ(HostTimeZoneName(files), "UTC");
  files.SetFile("/etc/timezone", "Asia/Shanghai\n");
  EXPECT_EQ(HostTimeZoneName(files), "Asia/Shanghai");
  files.SetSymlink("/etc/localtime", "../usr/share/zoneinfo/Europe/Berlin");
  EXPECT_EQ(HostTimeZoneName(files), "Europe/Berlin");
  files.SetSymlink("/etc/localtime", "/usr/share/zoneinfo/posix/Etc/GMT+5");
  EXPECT_EQ(HostTimeZoneName(files), "Etc/GMT+5");
}

TEST(HostTimeZone, AFileWithoutANameIsUnknown) {
  MemoryTree files;
  files.SetFile("/etc/localtime", "TZif2");
  EXPECT_EQ(HostTimeZoneName(files), "");
  files.SetFile("/etc/timezone", "../../dev/zero\n");
  EXPECT_EQ(HostTimeZoneName(files), "");
  files.SetFile("/etc/timezone", "Etc/UTC");
  EXPECT_EQ(HostTimeZoneName(files), "Etc/UTC");
}

TEST(TimeZones, APathIsNotAName) {
  for (absl::string_view name :
       {"", "/etc/shadow", "../x", "a/../b", "localtime", "file:/dev/zero", ":UTC", "a b", "5"}) {
    EXPECT_FALSE(IsTimeZoneName(name)) << name;
    TimeZones zones;
    EXPECT_FALSE(zones.Find(name).has_value()) << name;
  }
}

TEST(TimeZones, KnowsZonesAndForgetsNoLimit) {
  TimeZones zones;
  ASSERT_TRUE(zones.Find("Europe/Berlin").has_value());
  EXPECT_EQ(zones.Find("Europe/Berlin")->name(), "Europe/Berlin");
  EXPECT_FALSE(zones.Find("Europe/Nowhere").has_value());
  for (size_t i = 0; i < TimeZones::kMaxNames; ++i) zones.Find(absl::StrCat("Nowhere/", i));
  EXPECT_FALSE(zones.Find("Asia/Tokyo").has_value()) << "too many names";
  EXPECT_TRUE(zones.Find("Europe/Berlin").has_value());
}

}  // namespace
}  // namespace rollcall
