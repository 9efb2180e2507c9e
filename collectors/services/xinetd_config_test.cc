#include "collectors/services/xinetd_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(XinetdTest, ReadsDefaultsServicesAndIncludes) {
  const XinetdConfig config = ParseXinetd(
      "# xinetd\ndefaults\n{\n\tdisabled = telnet  tftp\n}\n\nservice ftp\n{\n\tDisable\t= no\n\tserver = "
      "/usr/sbin/vsftpd\n"
      "\tserver_args = -x a=b\n\tenv = A=1\n\tenv += B=2 C=3\n\tenv -= B=2\n}\nservice daytime {\n\tid = "
      "daytime-dgram\n}\n"
      "include /etc/more\nincludedir /etc/xinetd.d\n");
  ASSERT_THAT(config.entries, SizeIs(3));
  EXPECT_EQ(config.entries[0].service, "");
  EXPECT_TRUE(config.entries[0].Has("disabled", "tftp"));
  EXPECT_EQ(config.entries[1].service, "ftp");
  EXPECT_EQ(config.entries[1].Value("disable"), "no");
  EXPECT_EQ(config.entries[1].Value("server_args"), "-x a=b");
  EXPECT_EQ(config.entries[1].Value("env"), "A=1 C=3");
  EXPECT_EQ(config.entries[2].Value("id"), "daytime-dgram");
  EXPECT_THAT(config.includes, ElementsAre("/etc/more"));
  EXPECT_THAT(config.include_folders, ElementsAre("/etc/xinetd.d"));
  EXPECT_THAT(config.problems, IsEmpty());
}

TEST(XinetdTest, DamagedPartsAreProblemsAndTheRestIsRead) {
  const XinetdConfig config = ParseXinetd(
      "service a\nservice b\n{\nnonsense\n= x\nserver = /bin/b\n}\n}\nwhat is this\n{\nservice c\n{\nserver = /c\n");
  ASSERT_THAT(config.entries, SizeIs(3));
  EXPECT_EQ(config.entries[0].service, "a");
  EXPECT_EQ(config.entries[1].Value("server"), "/bin/b");
  EXPECT_EQ(config.entries[2].Value("server"), "/c");
  EXPECT_THAT(config.problems, ElementsAre(absl::InvalidArgumentError("line 2: an entry without its `{`"),
                                           absl::InvalidArgumentError("line 4: neither an assignment nor a `}`"),
                                           absl::InvalidArgumentError("line 5: neither an assignment nor a `}`"),
                                           absl::InvalidArgumentError("line 8: neither an entry nor an include"),
                                           absl::InvalidArgumentError("line 9: neither an entry nor an include"),
                                           absl::InvalidArgumentError("line 10: a brace without an entry"),
                                           absl::InvalidArgumentError("line 14: an entry without its `}`")));
}

TEST(XinetdTest, ABlockOfSomethingElseIsPassedOver) {
  const XinetdConfig config = ParseXinetd("other {\nserver = /bin/x\n}\nservice a\n{\n}\n");
  ASSERT_THAT(config.entries, SizeIs(1));
  EXPECT_EQ(config.entries[0].service, "a");
}

TEST(XinetdTest, OverlongLinesAndTooManyThingsAreBounded) {
  std::string text = absl::StrCat("service a\n{\nserver = ", std::string(1 << 20, 'x'), "\nuser = root\n}\n");
  const XinetdConfig config = ParseXinetd(text);
  EXPECT_EQ(config.entries.at(0).Value("user"), "root");
  EXPECT_EQ(config.entries.at(0).Value("server"), "");
  EXPECT_THAT(config.problems, SizeIs(1));
  text.clear();
  for (size_t i = 0; i < kMaxXinetdEntries + 10; ++i) absl::StrAppend(&text, "service s {\n}\n");
  EXPECT_THAT(ParseXinetd(text).entries, SizeIs(kMaxXinetdEntries));
  EXPECT_THAT(ParseXinetd(text).problems, SizeIs(10));
}

TEST(XinetdTest, NulBytesAndInvalidUtf8AreText) {
  const XinetdConfig config = ParseXinetd(absl::string_view("service \xFF\n{\nserver = /a\0b\n}\n", 26));
  EXPECT_EQ(config.entries.at(0).service, "\xFF");
  EXPECT_EQ(config.entries.at(0).Value("server"), std::string("/a\0b", 4));
}

}  // namespace
}  // namespace rollcall
