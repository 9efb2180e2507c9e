#include "collectors/resources/device_counters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint64_t kWrap = uint64_t{1} << 32;

TEST(ParseDiskStats, ReadsDisksOfAllAges) {
  const auto table = ParseDiskStats(
      " 254       0 vda 51631 6928 2478562 19576 16920 27702 3672744 25334 0 15652 47984 5383 114 1689168 2182 1436 "
      "890\n"
      "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n"
      "   8       1 sda1 10 20 30 40\n");
  EXPECT_THAT(table.problems, IsEmpty());
  ASSERT_THAT(table.devices, SizeIs(3));
  EXPECT_EQ(table.devices[0].name, "vda");
  EXPECT_THAT(table.devices[0].counters, ElementsAre(2478562u * 512, 51631, 3672744u * 512, 16920));
  EXPECT_THAT(table.devices[1].counters, ElementsAre(3 * 512, 1, 7 * 512, 5));
  EXPECT_THAT(table.devices[2].counters, ElementsAre(20 * 512, 10, 40 * 512, 30));
}

TEST(ParseNetDev, ReadsInterfaces) {
  const auto table = ParseNetDev(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
      "carrier\n"
      "    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0 "
      " 0\n"
      "  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
      "eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
  EXPECT_THAT(table.problems, IsEmpty());
  ASSERT_THAT(table.devices, SizeIs(3));
  EXPECT_EQ(table.devices[0].name, "lo");
  EXPECT_THAT(table.devices[0].counters, ElementsAre(3193, 29, 0, 0, 3193, 29, 0, 0));
  EXPECT_EQ(table.devices[1].name, "eth0");
  EXPECT_THAT(table.devices[1].counters, ElementsAre(1, 2, 3, 4, 9, 10, 11, 12));
  EXPECT_EQ(table.devices[2].name, "eth0:1");
}

TEST(DeviceTables, BadLinesAreNamedAndTheRestIsKept) {
  const std::string overlong(100'000, 'x');
  const std::string lines[] = {"8 0 sdb 1 2",
                               std::string("8 0 \0sdc 1 2 3 x 5 6 7 8 9 10 11", 33),
                               "8 0 sdd 1 2 \xff\xfe 4 5 6 7 8 9 10 11",
                               "8 0 sde -1 2 3 4 5 6 7 8 9 10 11",
                               "8 0 sdf 18446744073709551616 2 3 4 5 6 7 8 9 10 11",
                               "8 0 sdg 1 2 36028797018963969 4 5 6 7 8 9 10 11",
                               overlong,
                               "garbage"};
  for (const std::string& line : lines) {
    const auto table =
        ParseDiskStats(absl::StrCat("8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n", line, "\n8 1 sdz 1 2 3 4 5 6 7 8 9 10 11\n"));
    if (line == lines[1]) {
      // Its figures are good, and the name is made fit for a record later.
      EXPECT_THAT(table.devices, SizeIs(3));
      EXPECT_THAT(table.problems, IsEmpty());
      continue;
    }
    EXPECT_THAT(table.devices, SizeIs(2)) << line.substr(0, 50);
    ASSERT_THAT(table.problems, SizeIs(1)) << line.substr(0, 50);
    EXPECT_THAT(std::string(table.problems[0].message()), HasSubstr("parse diskstats: line 2: "));
  }
  for (const std::string& line :
       {std::string("eth1 1 2 3"), std::string("eth1: 1 2 3 4 5 6 7 8 9 10 11"),
        std::string(": 1 2 3 4 5 6 7 8 9 10 11 12"), std::string("e: a 2 3 4 5 6 7 8 9 10 11 12"),
        std::string("e: 1 2 3 4 5 6 7 8 -9 10 11 12"), overlong}) {
    const auto table = ParseNetDev(absl::StrCat("a\nb\neth0: 1 2 3 4 5 6 7 8 9 10 11 12\n", line, "\n"));
    EXPECT_THAT(table.devices, SizeIs(1)) << line.substr(0, 50);
    ASSERT_THAT(table.problems, SizeIs(1)) << line.substr(0, 50);
    EXPECT_THAT(std::string(table.problems[0].message()), HasSubstr("parse net/dev: line 4: "));
  }
}

TEST(DeviceTables, AreBounded) {
  std::string text;
  for (size_t i = 0; i < kMaxDevices + 5; ++i) absl::StrAppend(&text, "8 0 sd", i, " 1 2 3 4\n");
  const auto table = ParseDiskStats(text);
  EXPECT_EQ(table.devices.size(), kMaxDevices);
  EXPECT_THAT(table.problems, SizeIs(1));
  EXPECT_THAT(ParseDiskStats(std::string(100'000, '\n')).problems, IsEmpty());
  EXPECT_LE(ParseDiskStats("x\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\n").problems.size(), 10u);
}

TEST(DisksInUse, AreWholeDisksThatDidSomething) {
  std::string text;
  for (const char* name :
       {"loop0", "ram1", "zram0", "sr0", "fd0", "sda", "sda1", "sda12", "sdaa", "nvme0n1", "nvme0n1p1", "dm-1", "dm-10",
        "md1", "md127", "xvda1", "cciss/c0d0", "cciss/c0d0p1", "fdisk"}) {
    absl::StrAppend(&text, "8 0 ", name, " 1 0 1 0 1 0 1 0 0 0 0\n");
  }
  absl::StrAppend(&text, "8 0 sdq 0 0 0 0 0 0 0 0 0 0 0\n");
  std::vector<std::string> names;
  for (const auto& disk : DisksInUse(ParseDiskStats(text).devices)) names.push_back(disk.name);
  EXPECT_THAT(names,
              ElementsAre("sda", "sdaa", "nvme0n1", "dm-1", "dm-10", "md1", "md127", "xvda1", "cciss/c0d0", "fdisk"));
}

Counters<kInterfaceCounters> Interface(uint64_t bytes, uint64_t packets) {
  return {bytes, packets, 0, 0, bytes, packets, 0, 0};
}

TEST(StepsOf, CountersThatGoOnAreSubtracted) {
  EXPECT_EQ(StepsOf(Interface(100, 10), Interface(150, 12)), Interface(50, 2));
  EXPECT_EQ(StepsOf(Interface(100, 10), Interface(100, 10)), Interface(0, 0));
}

TEST(StepsOf, A32BitCounterThatWrapsGoesOn) {
  const auto steps = StepsOf(Interface(kWrap - 1000, 10), Interface(500, 12));
  ASSERT_TRUE(steps.has_value());
  EXPECT_EQ((*steps)[kReceivedBytes], 1500u);
  EXPECT_EQ((*steps)[kPacketsReceived], 2u);
  // Sectors wrap, not bytes.
  const auto disk = StepsOf({(kWrap - 8) * 512, 5, 0, 0}, Counters<kDiskCounters>{8 * 512, 6, 0, 0});
  ASSERT_TRUE(disk.has_value());
  EXPECT_EQ((*disk)[kReadBytes], 16u * 512);
}

TEST(StepsOf, ADeviceThatWasReplacedHasNoSteps) {
  EXPECT_EQ(StepsOf(Interface(kWrap - 1000, 5000), Interface(500, 12)), std::nullopt);       // all went back
  EXPECT_EQ(StepsOf(Interface(1'000'000, 10), Interface(5, 12)), std::nullopt);              // far from the end
  EXPECT_EQ(StepsOf(Interface(kWrap + 1000, 10), Interface(5, 12)), std::nullopt);           // no 32-bit counter
  EXPECT_EQ(StepsOf(Interface(kWrap / 2, 10), Interface(kWrap / 2 - 1, 12)), std::nullopt);  // nearly a whole round
  EXPECT_EQ(StepsOf(Interface(5, 5), Interface(0, 0)), std::nullopt);
}

}  // namespace
}  // namespace rollcall
