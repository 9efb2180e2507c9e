#include "collectors/ports/socket_unit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using Port = pb::ListeningPort;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<SocketUnitListener> Parse(absl::string_view content) {
  std::vector<SocketUnitListener> listeners;
  ParseSocketUnit(content, &listeners);
  return listeners;
}

SocketUnitListener Listener(Port::Transport transport, std::string address, uint32_t port) {
  return {transport, std::move(address), port};
}

TEST(ParseSocketUnit, ReadsEveryFormOfAddress) {
  const struct {
    const char* setting;
    SocketUnitListener expected;
  } kCases[] = {
      {"ListenStream=22", Listener(Port::TCP, "", 22)},
      {"ListenStream = 127.0.0.1:631", Listener(Port::TCP, "127.0.0.1", 631)},
      {"ListenStream=[0:0::1]:80", Listener(Port::TCP, "::1", 80)},
      {"ListenStream=[fe80::1%%eth0]:80", Listener(Port::TCP, "fe80::1", 80)},
      {"ListenDatagram=0.0.0.0:69", Listener(Port::UDP, "0.0.0.0", 69)},
      {"ListenDatagram=111", Listener(Port::UDP, "", 111)},
      {"ListenStream=/run/docker.sock", Listener(Port::UNIX_STREAM, "/run/docker.sock", 0)},
      {"ListenStream=%t/dbus/system_bus_socket", Listener(Port::UNIX_STREAM, "/run/dbus/system_bus_socket", 0)},
      {"ListenStream=/run/100%%", Listener(Port::UNIX_STREAM, "/run/100%", 0)},
      {"ListenStream=@ISCSID", Listener(Port::UNIX_STREAM, "@ISCSID", 0)},
      {"ListenSequentialPacket=/run/udev/control", Listener(Port::UNIX_STREAM, "/run/udev/control", 0)},
      {"ListenStream=\\\n  # comment\n  8080", Listener(Port::TCP, "", 8080)},
  };
  for (const auto& test : kCases) {
    EXPECT_THAT(Parse(absl::StrCat("[Socket]\n", test.setting, "\n")), ElementsAre(test.expected)) << test.setting;
  }
}

TEST(ParseSocketUnit, PassesOverWhatItCannotKnow) {
  const char* const kSettings[] = {
      "ListenStream=/run/user/%U/bus",
      "ListenStream=%",
      "ListenStream=vsock:2:1234",
      "ListenStream=0",
      "ListenStream=65536",
      "ListenStream=1.2.3:80",
      "ListenStream=[::1:80",
      "ListenStream=:80",
      "ListenDatagram=/run/log",
      "ListenSequentialPacket=5",
      "ListenFIFO=/run/initctl",
      "ListenStream",
      "ListenNetlink=kobject-uevent 1",
  };
  for (const char* setting : kSettings)
    EXPECT_THAT(Parse(absl::StrCat("[Socket]\n", setting, "\n")), IsEmpty()) << setting;
}

TEST(ParseSocketUnit, TakesTheSocketSectionOnly) {
  EXPECT_THAT(Parse("ListenStream=1\n[Unit]\nListenStream=2\n[Socket]\nListenStream=3\n[Install]\nListenStream=4"),
              ElementsAre(Listener(Port::TCP, "", 3)));
}

TEST(ParseSocketUnit, EmptyAssignmentInADropInResets) {
  std::vector<SocketUnitListener> listeners;
  ParseSocketUnit("[Socket]\nListenStream=22\nListenDatagram=22\n", &listeners);
  EXPECT_THAT(listeners, SizeIs(2));
  ParseSocketUnit("[Socket]\n# moved\nListenStream=\nListenStream=0.0.0.0:2222\n", &listeners);
  EXPECT_THAT(listeners, ElementsAre(Listener(Port::TCP, "0.0.0.0", 2222)));
}

TEST(ParseSocketUnit, IsBounded) {
  std::string content = "[Socket]\n";
  for (int i = 0; i < 3000; ++i) absl::StrAppend(&content, "ListenStream=", i + 1, "\n");
  EXPECT_THAT(Parse(content), SizeIs(kMaxSocketUnitListeners));
  EXPECT_THAT(Parse("[Socket]\nListenStream=\\"), IsEmpty());
}

TEST(SocketUnitListener, MatchesAPortAloneOnTheWildcardAddressOnly) {
  Port record;
  record.set_transport(Port::TCP);
  record.set_port(22);
  record.set_address("::");
  EXPECT_TRUE(Listener(Port::TCP, "", 22).Matches(record));
  EXPECT_FALSE(Listener(Port::UDP, "", 22).Matches(record));
  EXPECT_FALSE(Listener(Port::TCP, "", 23).Matches(record));
  EXPECT_FALSE(Listener(Port::TCP, "0.0.0.0", 22).Matches(record));
  record.set_address("0.0.0.0");
  EXPECT_TRUE(Listener(Port::TCP, "", 22).Matches(record));
  record.set_address("10.0.0.1");
  EXPECT_FALSE(Listener(Port::TCP, "", 22).Matches(record));
}

}  // namespace
}  // namespace rollcall
