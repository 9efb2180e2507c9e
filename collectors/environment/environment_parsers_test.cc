// The parsers of the formats in which variables are written down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collectors/environment/environ_block.h"
#include "collectors/environment/environment_file.h"
#include "collectors/environment/pam_files.h"
#include "collectors/environment/path_pattern.h"
#include "collectors/environment/shell_assignments.h"
#include "collectors/environment/unit_source.h"
#include "platform/memory_tree.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Lines(const Variables& variables) {
  std::vector<std::string> lines;
  for (const Variable& variable : variables.variables) {
    lines.push_back(absl::StrCat(variable.name, "=", variable.value));
  }
  return lines;
}

constexpr absl::string_view Bytes(absl::string_view bytes) { return bytes; }

template <size_t kSize>
absl::string_view WithNuls(const char (&text)[kSize]) {
  return absl::string_view(text, kSize - 1);
}

TEST(EnvironBlock, EntriesEndWithNuls) {
  const Variables variables = ParseEnvironBlock(WithNuls("A=1\0B=\0C=x=y\0"));
  EXPECT_THAT(Lines(variables), ElementsAre("A=1", "B=", "C=x=y"));
  EXPECT_EQ(variables.left_out, 0U);
}

TEST(EnvironBlock, OfARepeatedNameTheFirstCounts) {
  EXPECT_THAT(Lines(ParseEnvironBlock(WithNuls("A=1\0A=2\0"))), ElementsAre("A=1"));
}

TEST(EnvironBlock, WhatIsNoVariableIsCountedAndNothingElseIsLost) {
  const Variables variables =
      ParseEnvironBlock(WithNuls("no equals\0=x\0A-B=1\0\xff\xfe=2\0A=\xff\0\0BASH_FUNC_f%%=()\0B=cut"));
  EXPECT_THAT(Lines(variables), ElementsAre("A=\xff"));
  EXPECT_EQ(variables.left_out, 5U) << "the last was cut; functions of bash are not counted";
}

TEST(EnvironBlock, ATitleWrittenOverItIsNoVariable) {
  const Variables variables = ParseEnvironBlock(WithNuls("nginx: worker process\0\0\0\0TZ=UTC\0"));
  EXPECT_THAT(Lines(variables), ElementsAre("TZ=UTC"));
}

TEST(EnvironBlock, NothingIsNothing) {
  EXPECT_THAT(ParseEnvironBlock("").variables, IsEmpty());
  EXPECT_EQ(ParseEnvironBlock(std::string(100'000, '\0')).left_out, 0U);
}

// As pam_env of Linux-PAM 1.5.2 answers to the same file.
TEST(PamEnvironment, AsPamReadsIt) {
  const Variables variables = ParsePamEnvironment(
      "A=plain\n B=leading\nC=trailing  \nexport D=exported\nE=\"double quoted\"\nF='single'\nG=mid\"quote\"s\n"
      "J=hash#comment\nK=\"hash # in quotes\"\nL = spaced\nM=a b c\nO-X=dash\nP=\n=Q\nR=\"a\"b\"c\"\nS=\"x\" \n"
      "T=\\\"esc\\\"\nnoequals\n# c\nW=it's\nX=tab\tend\nY=\"q\"#c\nZ=back\\\nAA=next\nBB=\"\"\n");
  EXPECT_THAT(Lines(variables),
              ElementsAre("A=plain", "B=leading", "C=trailing  ", "D=exported", "E=double quoted", "F=single",
                          "G=mid\"quote\"s", "J=hash", "K=hash ", "M=a b c", "P=", "R=a\"b\"c", "S=x\" ",
                          "T=\\\"esc\\\"", "W=it's", "X=tab\tend", "Y=q", "Z=backAA=next", "BB="));
  EXPECT_EQ(variables.left_out, 4U);
}

TEST(PamEnvironment, AKeyOverSeveralLinesGivesAwayNoName) {
  const Variables variables = ParsePamEnvironment(
      "KEY=\"-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\naB3d==\n-----END RSA PRIVATE KEY-----\"\nLANG=C\n");
  ASSERT_EQ(variables.variables.size(), 2U);
  EXPECT_EQ(variables.variables[0].name, "KEY");
  EXPECT_EQ(variables.variables[1].name, "LANG");
  EXPECT_EQ(variables.left_out, 3U);
}

TEST(PamEnvironment, AnApostropheCostsNoOtherLine) {
  const Variables variables = ParsePamEnvironment("A='tis\nB=it's\nC=1\n");
  EXPECT_THAT(Lines(variables), ElementsAre("A=tis", "B=it's", "C=1"));
}

TEST(PamEnvConf, DefaultsAndOverrides) {
  const Variables variables = ParsePamEnvConf(
      "# comment\nPLAIN DEFAULT=plain\nOVER DEFAULT=d OVERRIDE=o\nREF\tDEFAULT=${HOME}/x\nQUOTED DEFAULT=\"a b\"\n"
      "JOINED DEFAULT=a\\\n  OVERRIDE=b\nNOTHING\nEMPTY DEFAULT=\nEMPTY_OVER OVERRIDE= DEFAULT=x\nBAD WHAT=1\n"
      "not-a-name DEFAULT=1\nLAST DEFAULT=end");
  EXPECT_THAT(Lines(variables), ElementsAre("PLAIN=plain", "OVER=o", "REF=${HOME}/x", "QUOTED=a b", "JOINED=b",
                                            "EMPTY_OVER=x", "LAST=end"));
  EXPECT_EQ(variables.left_out, 2U);
}

TEST(EnvironmentFile, AsSystemdReadsIt) {
  const Variables variables = ParseEnvironmentFile(
      "# comment\n; another \\\n of two lines\nA=plain value  \n  B = spaced\nC=\"double \\\" quoted \"\nD='single \\ "
      "quoted'\n"
      "E=one\\\ntwo\nF=\"two\nlines\"\nG=a\"b c\"d\nH=\nno equals\nI=x # no comment\nJ=cut\\");
  EXPECT_THAT(Lines(variables), ElementsAre("A=plain value", "B=spaced", "C=double \" quoted ", "D=single \\ quoted",
                                            "E=onetwo", "F=two\nlines", "G=ab cd", "H=", "I=x # no comment", "J=cut"));
  EXPECT_EQ(variables.left_out, 1U);
}

TEST(EnvironmentFile, AQuoteWithoutEndIsLeftOut) {
  const Variables variables = ParseEnvironmentFile("A=1\nB=\"never closed\nC=3\n");
  EXPECT_THAT(Lines(variables), ElementsAre("A=1"));
  EXPECT_EQ(variables.left_out, 1U);
}

TEST(ShellAssignments, AssignmentsAndExports) {
  const Variables variables = ParseShellAssignments(
      "A=1\nexport B=2 C=3\n  D=\"four $X\"; export D\nE='f i v e'\nexport -p\nexport -n A=9\nF=a\\ b\n"
      "declare -x G=7\ntypeset -rx H=8\ndeclare -i I=9\nlocal J=10\nreadonly K=11\nL=$(cmd a=b "
      "\"c)\")\nM=`x=y`\nN=${O:-p q}\n"
      "P+=:/x\n");
  EXPECT_THAT(Lines(variables), ElementsAre("A=1", "B=2", "C=3", "D=four $X", "E=f i v e", "F=a b", "G=7", "H=8",
                                            "L=$(cmd a=b \"c)\")", "M=`x=y`", "N=${O:-p q}", "P=:/x"));
  EXPECT_EQ(variables.left_out, 0U);
}

TEST(ShellAssignments, EveryBranchCounts) {
  const Variables variables = ParseShellAssignments(
      "if [ \"$(id -u)\" -eq 0 ]; then\n  PATH=\"/sbin\"\nelse\n  PATH=\"/bin\"\nfi\n[ -n \"$A\" ] && export B=1 || "
      "C=2\n"
      "case $X in\n  a|b) D=3;;\nesac\nf() { E=4; }\nfor i in x=y; do F=5; done\n");
  EXPECT_THAT(Lines(variables), ElementsAre("PATH=/sbin", "PATH=/bin", "B=1", "C=2", "D=3", "E=4", "F=5"));
}

TEST(ShellAssignments, WhatIsNone) {
  const Variables variables = ParseShellAssignments(
      "# A=1\nLANG=C sort x=y\necho B=2\nalias c='d=3'\nARRAY=(a=1 b=2)\ntest e=5\n/bin/true F=6\n\"G\"=7\n1H=8\n");
  EXPECT_THAT(Lines(variables), IsEmpty());
}

TEST(ShellAssignments, HereDocumentsAreText) {
  const Variables variables =
      ParseShellAssignments("cat <<EOF >x\nA=1\nEOF\nB=2\ncat <<-'END'; C=3\n\tD=4\n\tEND\ncat <<<E=5\nF=6\n");
  EXPECT_THAT(Lines(variables), ElementsAre("B=2", "C=3", "F=6"));
}

TEST(ShellAssignments, AValueOverSeveralLinesIsOne) {
  const Variables variables = ParseShellAssignments("export KEY=\"one\nTWO=2\nthree\"\nFOUR='a\nb'\nFIVE=5\n");
  EXPECT_THAT(Lines(variables), ElementsAre("KEY=one\nTWO=2\nthree", "FOUR=a\nb", "FIVE=5"));
}

TEST(ShellAssignments, BrokenScriptsKeepWhatIsBeforeTheDamage) {
  for (const absl::string_view broken :
       {"B=\"open", "B='open", "B=$(open", "B=`open", "B=${open", "B=\"$(open\"", "B='"}) {
    const Variables variables = ParseShellAssignments(absl::StrCat("A=1\n", broken));
    EXPECT_THAT(Lines(variables), ElementsAre("A=1")) << broken;
    EXPECT_EQ(variables.left_out, 1U) << broken;
  }
  EXPECT_THAT(Lines(ParseShellAssignments("A=1\ncat <<EOF\nB=2\n")), ElementsAre("A=1"));
  EXPECT_THAT(Lines(ParseShellAssignments("A=1\\")), ElementsAre("A=1"));
}

TEST(ShellAssignments, AnApostropheThatIsNoQuoteLosesNothing) {
  const Variables variables = ParseShellAssignments(
      "A=\"${X:-it's}\"\nB=$(cmd # isn't a quote :-)\n)\nC=(one # don't\n two)\nD=${Y:-'}'}\nE=$(echo \"a\\\"b)\" "
      "'c')\n"
      "F=${#X}\nG=don\\'t\n");
  EXPECT_THAT(Lines(variables), ElementsAre("A=${X:-it's}", "B=$(cmd # isn't a quote :-)\n)", "D=${Y:-'}'}",
                                            "E=$(echo \"a\\\"b)\" 'c')", "F=${#X}", "G=don't"));
  EXPECT_EQ(variables.left_out, 0U);
}

TEST(ShellAssignments, AShiftIsNoHereDocument) {
  const Variables variables = ParseShellAssignments(
      "(( 1 << 2 ))\nA=1\nif (( (X << 3) > 1 )); then B=2; fi\nC=$((1 << 2))\n((D=4); E=5)\n((cat <<EOF\nF=6\nEOF\n) "
      ")\nG=7\n");
  EXPECT_THAT(Lines(variables), ElementsAre("A=1", "B=2", "C=$((1 << 2))", "D=4", "E=5", "G=7"));
  EXPECT_EQ(variables.left_out, 0U);
}

TEST(ShellAssignments, WhatHasNoEndIsCounted) {
  for (const absl::string_view open : {"cat <<EOF\nB=2\n", "ARRAY=(a\nB=2\n", "ARRAY=(a 'b\n)\nB=2\n"}) {
    const Variables variables = ParseShellAssignments(absl::StrCat("A=1\n", open));
    EXPECT_THAT(Lines(variables), ElementsAre("A=1")) << open;
    EXPECT_EQ(variables.left_out, 1U) << open;
  }
}

TEST(ShellAssignments, BracketsInVainTakeLinearTime) {
  std::string text;
  while (text.size() < size_t{1} << 20) text += "((a;";
  const std::clock_t before = std::clock();
  (void)ParseShellAssignments(text);
  text.clear();
  for (int i = 0; i < 200'000; ++i) text += "((";
  for (int i = 0; i < 400'000; ++i) text += " )";
  (void)ParseShellAssignments(text);
  EXPECT_LT((std::clock() - before) / CLOCKS_PER_SEC, 5);
}

TEST(ShellAssignments, NulBytesAndForeignText) {
  const Variables variables = ParseShellAssignments(WithNuls("A=\0x\nB=\xff\xfe\nC\0D=1\n\xff=2\n"));
  EXPECT_THAT(Lines(variables), ElementsAre(absl::StrCat("A=", Bytes(WithNuls("\0x"))), "B=\xff\xfe"));
}

TEST(ShellAssignments, DeepNestingAndLongLinesAreRead) {
  const std::string deep = absl::StrCat("A=", std::string(100'000, '$'), std::string(100'000, '('), "\nB=1\n");
  (void)ParseShellAssignments(deep);
  const std::string many = "A=1 " + std::string(1'000'000, 'x') + "\nB=2\n";
  EXPECT_THAT(Lines(ParseShellAssignments(many)), ElementsAre("B=2"));
}

TEST(UnitEnvironment, PassedNames) {
  EXPECT_EQ(UnitPassedNames({"A B=1 'C'", "1X", "D \"E"}), (std::vector<std::string>{"A", "C", "D"}));
}

TEST(UnitEnvironment, SpecifiersInPaths) {
  EXPECT_EQ(ResolveUnitPath("/a/%p-%i/%n/%N/100%%", "web@x-1.service"), "/a/web-x-1/web@x-1.service/web@x-1/100%");
  EXPECT_EQ(ResolveUnitPath("/a/%p%i", "web.service"), "/a/web");
  EXPECT_EQ(ResolveUnitPath("", "web.service"), "");
  for (const char* unknown : {"/a/%h", "/a/%", "/a/%\xff", "/%I"}) {
    EXPECT_FALSE(ResolveUnitPath(unknown, "web@x.service").has_value()) << unknown;
  }
  EXPECT_FALSE(ResolveUnitPath("/a/%i", "web@.service").has_value()) << "a template has no instance";
}

TEST(PathPattern, IsMatchedAsGlobDoes) {
  MemoryTree files;
  for (const char* path : {"/etc/a/x.env", "/etc/b/x.env", "/etc/b/.y.env", "/etc/b/z*", "/etc/file"}) {
    files.SetFile(path, "");
  }
  files.SetSymlink("/etc/a/gone.env", "/nowhere");
  EXPECT_EQ(MatchPaths(files, "/etc/*/*.env").paths, (std::vector<std::string>{"/etc/a/x.env", "/etc/b/x.env"}));
  EXPECT_EQ(MatchPaths(files, "/*/[!a]/.*.env").paths, (std::vector<std::string>{"/etc/b/.y.env"}));
  EXPECT_EQ(MatchPaths(files, "/etc/?/x.env").paths.size(), 2U);
  EXPECT_EQ(MatchPaths(files, "//etc/b/z\\*").paths, (std::vector<std::string>{"/etc/b/z*"}));
  EXPECT_TRUE(MatchPaths(files, "/etc/*").problem.ok());
  EXPECT_EQ(MatchPaths(files, "/etc/*").paths, (std::vector<std::string>{"/etc/file"})) << "no directories";
  EXPECT_TRUE(MatchPaths(files, "/etc/[").paths.empty());
}

TEST(PathPattern, HasLimits) {
  MemoryTree files;
  for (size_t i = 0; i <= kMaxPatternMatches; ++i) files.SetFile(absl::StrCat("/etc/", i, "/x"), "");
  const PathMatches many = MatchPaths(files, "/etc/*/x");
  EXPECT_EQ(many.paths.size(), kMaxPatternMatches);
  EXPECT_TRUE(absl::IsResourceExhausted(many.problem));
  EXPECT_TRUE(absl::IsResourceExhausted(MatchPaths(files, "/etc/*a*a*a*a*b").problem));
  EXPECT_TRUE(absl::IsResourceExhausted(MatchPaths(files, "/etc/*/*").problem)) << "a folder each";
}

TEST(UnitEnvironment, WordsOfSeveralLines) {
  const Variables variables = ParseUnitEnvironment({"A=1 \"B=two words\" 'C=3'", "D=x=y nothing", "E=\"never closed"});
  EXPECT_THAT(Lines(variables), ElementsAre("A=1", "B=two words", "C=3", "D=x=y"));
  EXPECT_EQ(variables.left_out, 2U);
}

}  // namespace
}  // namespace rollcall
