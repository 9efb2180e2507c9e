#include "platform/kernel_sockets_address.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

TEST(FormatIpv4, WritesADottedQuad) {
  EXPECT_EQ(FormatIpv4({0, 0, 0, 0}), "0.0.0.0");
  EXPECT_EQ(FormatIpv4({192, 168, 10, 255}), "192.168.10.255");
}

TEST(FormatIpv6, WritesTheShortForm) {
  EXPECT_EQ(FormatIpv6({}), "::");
  std::array<uint8_t, 16> loopback = {};
  loopback[15] = 1;
  EXPECT_EQ(FormatIpv6(loopback), "::1");
  EXPECT_EQ(FormatIpv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}), "::ffff:10.0.0.1");
  EXPECT_EQ(FormatIpv6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xAB, 0xCD}), "fe80::abcd");
}

TEST(FormatUnixName, KnowsPathsAndAbstractNames) {
  const struct {
    const char* what;
    std::string bytes;
    std::string text;
  } kCases[] = {
      {"path", "/run/a.sock", "/run/a.sock"},
      {"path with its terminator", std::string("/run/a.sock\0", 12), "/run/a.sock"},
      {"bytes after the terminator", std::string("/run/a\0junk", 11), "/run/a"},
      {"abstract", std::string("\0name", 5), "@name"},
      {"abstract with NULs, as /proc/net/unix shows them", std::string("\0a\0b\0\0", 6), "@a@b@@"},
      {"no name", "", ""},
  };
  for (const auto& test : kCases) EXPECT_EQ(FormatUnixName(test.bytes), test.text) << test.what;
}

TEST(PrintableUtf8, EscapesControlsAndWhatIsNotUtf8) {
  const struct {
    const char* what;
    std::string bytes;
    std::string text;
  } kCases[] = {
      {"ASCII", "plain ~", "plain ~"},
      {"two, three and four byte sequences", "\u00e9\u20ac\U0001f600", "\u00e9\u20ac\U0001f600"},
      {"newline and escape", "a\n\x1b[31m\x7f", "a\\x0a\\x1b[31m\\x7f"},
      {"continuation byte alone", "\x80", "\\x80"},
      {"overlong slash", "\xc0\xaf", "\\xc0\\xaf"},
      {"overlong three bytes", "\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
      {"overlong four bytes", "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"},
      {"surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"above U+10FFFF", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
      {"cut off", "x\xe2\x82", "x\\xe2\\x82"},
      {"NUL", std::string("a\0b", 3), "a\\x00b"},
  };
  for (const auto& test : kCases) EXPECT_EQ(PrintableUtf8(test.bytes), test.text) << test.what;
}

}  // namespace
}  // namespace rollcall
