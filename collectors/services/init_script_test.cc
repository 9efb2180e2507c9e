#include "collectors/services/init_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

TEST(InitScriptTest, ReadsTheHeaderOfTheStandardBase) {
  const InitScript script = ParseInitScript(
      "#! /bin/sh\n\n### BEGIN INIT INFO\n# Provides:\t\tsshd\n# Default-Start:\t2 3 4 5\n# Default-Stop:\n"
      "# Short-Description:\tOpenBSD Secure Shell server\n# Description: Longer\n### END INIT INFO\n"
      "# Default-Start: 1\nset -e\n");
  EXPECT_TRUE(script.has_header);
  EXPECT_FALSE(script.openrc);
  EXPECT_EQ(script.description, "OpenBSD Secure Shell server");
  EXPECT_THAT(script.default_start, ElementsAre("2", "3", "4", "5"));
  EXPECT_THAT(script.problems, IsEmpty());
  EXPECT_THAT(script.variables, IsEmpty());
}

TEST(InitScriptTest, KeywordsAreCaseInsensitiveAndLinesMayEndInCr) {
  const InitScript script = ParseInitScript(
      "#!/bin/sh\r\n### BEGIN INIT INFO\r\n#default-start: S\r\n#  DESCRIPTION: x\r\n### END INIT INFO\r\n");
  EXPECT_THAT(script.default_start, ElementsAre("S"));
  EXPECT_EQ(script.description, "x");
}

TEST(InitScriptTest, ReadsChkconfigLines) {
  const InitScript script = ParseInitScript(
      "#!/bin/bash\n#\n# chkconfig: 345 98 02\n# description: A daemon that \\\n#              does things\n# "
      "processname: d\n");
  EXPECT_TRUE(script.has_header);
  EXPECT_THAT(script.default_start, ElementsAre("3", "4", "5"));
  EXPECT_EQ(script.description, "A daemon that does things");
}

TEST(InitScriptTest, ADashInChkconfigIsNoRunlevel) {
  EXPECT_THAT(ParseInitScript("#!/bin/sh\n# chkconfig: - 98 02\n").default_start, IsEmpty());
}

TEST(InitScriptTest, ReadsVariablesOfOpenRcScripts) {
  const InitScript script = ParseInitScript(
      "#!/sbin/openrc-run\n# Copyright\ndescription=\"OpenSSH server\"\ncommand=/usr/sbin/sshd\ncommand_args=\"-D \\\n"
      "\t-o 'x=y' \\\"q\\\"\"\ncommand_user='ssh:sshd'\ndirectory=/var/empty # here\nother=1\n: ${x:=y}\n"
      "depend() {\n\tneed net\n}\n");
  EXPECT_TRUE(script.openrc);
  EXPECT_EQ(script.description, "OpenSSH server");
  EXPECT_THAT(script.variables,
              UnorderedElementsAre(Pair("description", "OpenSSH server"), Pair("command", "/usr/sbin/sshd"),
                                   Pair("command_args", "-D -o 'x=y' \\\"q\\\""), Pair("command_user", "ssh:sshd"),
                                   Pair("directory", "/var/empty")));
}

TEST(InitScriptTest, TruncatedHeadersAndQuotesAreProblems) {
  EXPECT_THAT(ParseInitScript("#!/bin/sh\n### BEGIN INIT INFO\n# Default-Start: 2\n").problems,
              ElementsAre(absl::InvalidArgumentError("line 3: a header without its end")));
  const InitScript script = ParseInitScript("#!/sbin/openrc-run\ncommand=/bin/x\ncommand_args=\"open\nmore\n");
  EXPECT_THAT(script.problems, ElementsAre(absl::InvalidArgumentError("line 4: a quote without its end")));
  EXPECT_EQ(script.variables.at("command"), "/bin/x");
}

TEST(InitScriptTest, LongValuesAreCut) {
  const InitScript script =
      ParseInitScript(absl::StrCat("#!/bin/sh\n### BEGIN INIT INFO\n# Short-Description: ", std::string(100'000, 'x'),
                                   "\n# Default-Start: 3\n### END INIT INFO\n"));
  EXPECT_THAT(script.description, SizeIs(4096));
  EXPECT_THAT(script.default_start, ElementsAre("3"));
}

TEST(InitScriptTest, NulBytesAndInvalidUtf8AreText) {
  const absl::string_view text("#!/bin/sh\n### BEGIN INIT INFO\n# Default-Start: 2\0 \xFF 3\n### END INIT INFO\n", 72);
  EXPECT_THAT(ParseInitScript(text).default_start, ElementsAre(std::string("2\0", 2), "\xFF", "3"));
}

TEST(ScriptCommandsTest, AreLinesThatDoSomething) {
  EXPECT_THAT(ScriptCommands(
                  "#!/bin/sh -e\n# rc.local\n\n/usr/bin/a --x=y \\\n  --z\nif [ -x /b ]; then\n  /b &\nfi\nexit 0\n"),
              ElementsAre("/usr/bin/a --x=y --z", "if [ -x /b ]; then", "/b &"));
}

TEST(ScriptCommandsTest, AreBounded) {
  std::string text;
  for (size_t i = 0; i < 2 * kMaxScriptCommands; ++i) absl::StrAppend(&text, "x\n");
  EXPECT_THAT(ScriptCommands(text), SizeIs(kMaxScriptCommands));
  EXPECT_THAT(ScriptCommands("x \\"), ElementsAre("x"));
}

}  // namespace
}  // namespace rollcall
