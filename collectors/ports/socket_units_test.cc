#include "collectors/ports/socket_units.h"

#include <gtest/gtest.h>

#include "platform/memory_tree.h"

namespace rollcall {
namespace {

pb::ListeningPort Tcp(const std::string& address, uint32_t port) {
  pb::ListeningPort record;
  record.set_transport(pb::ListeningPort::TCP);
  record.set_address(address);
  record.set_port(port);
  return record;
}

TEST(SocketUnits, FindsTheUnitThatListens) {
  MemoryTree tree;
  tree.SetFile("/usr/lib/systemd/system/ssh.socket", "[Socket]\nListenStream=22\n");
  tree.SetFile("/usr/lib/systemd/system/cups.socket", "[Socket]\nListenStream=127.0.0.1:631\n");
  tree.SetFile("/usr/lib/systemd/system/ssh.service", "[Socket]\nListenStream=23\n");
  const SocketUnits units(tree);
  EXPECT_EQ(units.UnitOf(Tcp("::", 22)), "ssh.socket");
  EXPECT_EQ(units.UnitOf(Tcp("127.0.0.1", 631)), "cups.socket");
  EXPECT_EQ(units.UnitOf(Tcp("::", 631)), "");
  EXPECT_EQ(units.UnitOf(Tcp("::", 23)), "");
}

TEST(SocketUnits, HonoursPrecedenceMasksAndDropIns) {
  MemoryTree tree;
  tree.SetFile("/usr/lib/systemd/system/a.socket", "[Socket]\nListenStream=1\n");
  tree.SetFile("/etc/systemd/system/a.socket", "[Socket]\nListenStream=2\n");
  tree.SetFile("/usr/lib/systemd/system/b.socket", "[Socket]\nListenStream=3\n");
  tree.SetSpecial("/dev/null", FileInfo::Type::kDevice);
  tree.SetSymlink("/etc/systemd/system/b.socket", "/dev/null");
  tree.SetFile("/usr/lib/systemd/system/c.socket", "[Socket]\nListenStream=4\n");
  tree.SetFile("/run/systemd/generator/c.socket.d/addresses.conf", "[Socket]\nListenStream=\nListenStream=5\n");
  tree.SetFile("/usr/lib/systemd/system/c.socket.d/addresses.conf", "[Socket]\nListenStream=6\n");
  const SocketUnits units(tree);
  EXPECT_EQ(units.UnitOf(Tcp("::", 1)), "");
  EXPECT_EQ(units.UnitOf(Tcp("::", 2)), "a.socket");
  EXPECT_EQ(units.UnitOf(Tcp("::", 3)), "");
  EXPECT_EQ(units.UnitOf(Tcp("::", 4)), "");
  EXPECT_EQ(units.UnitOf(Tcp("::", 5)), "c.socket");
  EXPECT_EQ(units.UnitOf(Tcp("::", 6)), "");
}

TEST(SocketUnits, AHostWithoutSystemdHasNone) { EXPECT_EQ(SocketUnits(MemoryTree()).UnitOf(Tcp("::", 22)), ""); }

}  // namespace
}  // namespace rollcall
