#include "collectors/processes/terminal_name.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

uint32_t Device(uint32_t major, uint32_t minor) { return (minor & 0xFF) | major << 8 | (minor & 0xFFF00) << 12; }

TEST(TerminalName, KnowsTheTerminalsOfServers) {
  EXPECT_EQ(TerminalName(0), "");
  EXPECT_EQ(TerminalName(34816), "pts/0");
  EXPECT_EQ(TerminalName(Device(136, 3)), "pts/3");
  EXPECT_EQ(TerminalName(Device(137, 4)), "pts/260");
  EXPECT_EQ(TerminalName(Device(136, 300)), "pts/300");
  EXPECT_EQ(TerminalName(Device(4, 1)), "tty1");
  EXPECT_EQ(TerminalName(Device(4, 64)), "ttyS0");
  EXPECT_EQ(TerminalName(Device(5, 1)), "console");
  EXPECT_EQ(TerminalName(Device(5, 0)), "tty");
  EXPECT_EQ(TerminalName(Device(204, 64)), "ttyAMA0");
  EXPECT_EQ(TerminalName(Device(229, 0)), "hvc0");
  EXPECT_EQ(TerminalName(Device(188, 1)), "ttyUSB1");
}

TEST(TerminalName, AnUnknownDriverKeepsItsNumbers) {
  EXPECT_EQ(TerminalName(Device(250, 7)), "250:7");
  EXPECT_EQ(TerminalName(Device(5, 2)), "5:2");
  EXPECT_EQ(TerminalName(Device(204, 0)), "204:0");
}

}  // namespace
}  // namespace rollcall
