#include "platform/hardware_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;

TEST(ReadHardwareFacts, ReadsSerialNumbersAndCards) {
  MemoryTree tree;
  EXPECT_EQ(ReadHardwareFacts(tree), HardwareFacts());
  tree.SetFile("/sys/class/dmi/id/product_uuid", "4C4C4544-0042\n");
  tree.SetFile("/sys/class/dmi/id/board_serial", "To Be Filled By O.E.M.\n");
  tree.SetFile("/sys/class/dmi/id/product_serial", "SER-1\n");
  for (const char* name : {"eth1", "eth0", "docker0", "lo"}) {
    tree.SetFile(absl::StrCat("/sys/class/net/", name, "/address"),
                 absl::StrCat("52:54:00:00:00:0", name == absl::string_view("eth0") ? 1 : 2, "\n"));
  }
  tree.SetSymlink("/sys/class/net/eth0/device", "/sys/devices/a");
  tree.SetSymlink("/sys/class/net/eth1/device", "/sys/devices/a");
  tree.SetDirectory("/sys/devices/a");
  tree.SetFile("/sys/class/net/bonding_masters", "");
  const HardwareFacts facts = ReadHardwareFacts(tree);
  EXPECT_EQ(facts.product_uuid, "4c4c4544-0042");
  EXPECT_EQ(facts.board_serial, "ser-1");
  EXPECT_THAT(facts.macs, ElementsAre("52:54:00:00:00:01", "52:54:00:00:00:02"));
}

TEST(ReadHardwareFacts, MachinesWithoutDmiHaveADeviceTree) {
  MemoryTree tree;
  tree.SetFile("/proc/device-tree/serial-number", absl::string_view("100000003d1d1c36\0", 17));
  EXPECT_EQ(ReadHardwareFacts(tree).product_uuid, "100000003d1d1c36");
}

TEST(ReadHardwareFacts, WhatIsNoValueIsUnknown) {
  MemoryTree tree;
  for (const std::string& bad : {std::string(), std::string("\0\0", 2), std::string("\xff\xfe"), std::string(5000, 'x'),
                                 std::string(129, 'x'), std::string("a\tb"), std::string("None")}) {
    tree.SetFile("/sys/class/dmi/id/product_uuid", bad);
    EXPECT_EQ(ReadHardwareFacts(tree).product_uuid, "") << bad.substr(0, 20);
  }
  tree.SetError("/sys/class/dmi/id/product_uuid", absl::PermissionDeniedError("permission denied"));
  tree.SetSymlink("/sys/class/net", "/sys/class/net");
  EXPECT_EQ(ReadHardwareFacts(tree), HardwareFacts());
}

TEST(IsOtherMachine, OnlyIfSerialsAndCardsAreOthers) {
  const HardwareFacts kOld = {"uuid-1", "serial-1", {"m1", "m2"}};
  const struct {
    const char* what;
    HardwareFacts now;
    bool other;
  } kCases[] = {
      {"the same", kOld, false},
      {"a new card", {"uuid-1", "serial-1", {"m3"}}, false},
      {"a new board", {"uuid-2", "serial-2", {"m2"}}, false},
      {"a clone", {"uuid-2", "serial-2", {"m3"}}, true},
      {"a clone with the same filler for a serial", {"uuid-2", "serial-1", {"m3"}}, true},
      {"a clone without a uuid", {"", "serial-2", {"m3"}}, true},
      {"not allowed to read serials", {"", "", {"m3"}}, false},
      {"no cards to be seen", {"uuid-2", "serial-2", {}}, false},
      {"nothing known", {}, false},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(IsOtherMachine(kOld, c.now), c.other) << c.what;
    EXPECT_EQ(IsOtherMachine(c.now, kOld), c.other) << c.what;
  }
}

}  // namespace
}  // namespace rollcall
