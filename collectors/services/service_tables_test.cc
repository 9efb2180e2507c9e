#include "collectors/services/service_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(InittabTest, ReadsEntriesOfSystemV) {
  const auto table = ParseInittab(
      "# inittab\nid:3:initdefault:\n\nsi::sysinit:/etc/rc.d/rc.sysinit\n1:2345:respawn:/sbin/mingetty tty1\n"
      "pf::powerfail:+/sbin/shutdown -f -h +2 \"a:b\"\n");
  EXPECT_THAT(table.entries, ElementsAre(InittabEntry{"si", "", "sysinit", "/etc/rc.d/rc.sysinit"},
                                         InittabEntry{"1", "2345", "respawn", "/sbin/mingetty tty1"},
                                         InittabEntry{"pf", "", "powerfail", "/sbin/shutdown -f -h +2 \"a:b\""}));
  EXPECT_THAT(table.problems, IsEmpty());
}

TEST(InittabTest, ReadsEntriesOfBusyBox) {
  EXPECT_THAT(ParseInittab("::sysinit:/sbin/openrc sysinit\ntty1::respawn:/sbin/getty 38400 tty1\n").entries,
              ElementsAre(InittabEntry{"", "", "sysinit", "/sbin/openrc sysinit"},
                          InittabEntry{"tty1", "", "respawn", "/sbin/getty 38400 tty1"}));
}

TEST(InittabTest, DamagedLinesAreProblemsAndTheRestIsRead) {
  const auto table = ParseInittab("garbage\na:b\n1:2:respawn:\n2:3::/bin/x\n3:4:respawn:/bin/good\nx:y:wa");
  EXPECT_THAT(table.entries, ElementsAre(InittabEntry{"3", "4", "respawn", "/bin/good"}));
  EXPECT_THAT(table.problems, ElementsAre(absl::InvalidArgumentError("line 1: not four fields"),
                                          absl::InvalidArgumentError("line 2: not four fields"),
                                          absl::InvalidArgumentError("line 3: no process"),
                                          absl::InvalidArgumentError("line 4: no action"),
                                          absl::InvalidArgumentError("line 6: not four fields")));
}

TEST(InittabTest, AnOverlongLineIsLeftOut) {
  const auto table = ParseInittab(absl::StrCat("1::wait:", std::string(kMaxTableLineBytes, 'x'), "\n2::wait:/bin/y\n"));
  EXPECT_THAT(table.entries, ElementsAre(InittabEntry{"2", "", "wait", "/bin/y"}));
  EXPECT_THAT(table.problems, SizeIs(1));
}

TEST(InittabTest, TooManyEntriesAndProblemsAreBounded) {
  std::string text;
  for (size_t i = 0; i <= kMaxTableEntries; ++i) absl::StrAppend(&text, i, "::wait:/bin/x\n");
  EXPECT_THAT(ParseInittab(text).entries, SizeIs(kMaxTableEntries));
  EXPECT_THAT(std::string(ParseInittab(text).problems.at(0).message()), HasSubstr("more than"));
  text.clear();
  for (size_t i = 0; i < 100; ++i) absl::StrAppend(&text, "junk\n");
  EXPECT_THAT(ParseInittab(text).problems, SizeIs(kMaxTableProblems));
}

TEST(InetdTest, ReadsServicesAndThoseTurnedOff) {
  const auto table = ParseInetd(
      "# comment\nftp  stream tcp nowait.20 root:ftp /usr/sbin/tcpd  in.ftpd -l -a\n"
      "#<off># telnet stream tcp nowait telnetd.telnetd /usr/sbin/tcpd /usr/sbin/in.telnetd\n"
      "127.0.0.1:\n127.0.0.1:time dgram udp wait root internal\n");
  EXPECT_THAT(table.entries,
              ElementsAre(InetdEntry{"ftp", "stream", "tcp", "nowait.20", "root", "ftp", "/usr/sbin/tcpd",
                                     "in.ftpd -l -a", false},
                          InetdEntry{"telnet", "stream", "tcp", "nowait", "telnetd", "telnetd", "/usr/sbin/tcpd",
                                     "/usr/sbin/in.telnetd", true},
                          InetdEntry{"127.0.0.1:time", "dgram", "udp", "wait", "root", "", "internal", "", false}));
  EXPECT_THAT(table.problems, IsEmpty());
}

TEST(InetdTest, ShortLinesAreProblems) {
  const auto table = ParseInetd("ftp stream tcp nowait root\nx stream tcp nowait root /bin/x x\n");
  EXPECT_THAT(table.entries, SizeIs(1));
  EXPECT_THAT(table.problems, ElementsAre(absl::InvalidArgumentError("line 1: not six fields")));
}

TEST(LdSoPreloadTest, TakesPathsApartAsTheLoaderDoes) {
  EXPECT_THAT(ParseLdSoPreload("# x\n/lib/a.so /lib/b.so:/lib/c.so\t# /lib/no.so\n\n/lib/$LIB/d.so\r\n"),
              ElementsAre("/lib/a.so", "/lib/b.so", "/lib/c.so", "/lib/$LIB/d.so"));
  EXPECT_THAT(ParseLdSoPreload(""), IsEmpty());
  EXPECT_THAT(ParseLdSoPreload(absl::string_view("/a\0b /c", 7)), ElementsAre("/a", "/c"));
}

}  // namespace
}  // namespace rollcall
