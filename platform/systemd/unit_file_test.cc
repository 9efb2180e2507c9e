#include "platform/systemd/unit_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// `Section.Key=value`, one each.
std::vector<std::string> Assignments(absl::string_view text) {
  std::vector<std::string> lines;
  for (const UnitAssignment& a : ParseUnitFile(text).assignments) {
    lines.push_back(absl::StrCat(a.section, ".", a.key, "=", a.value));
  }
  return lines;
}

std::vector<std::string> Problems(absl::string_view text) {
  std::vector<std::string> messages;
  for (const absl::Status& problem : ParseUnitFile(text).problems) messages.emplace_back(problem.message());
  return messages;
}

TEST(UnitFileTest, ReadsAssignmentsInOrderWithTheirSection) {
  const UnitFile file = ParseUnitFile("[Unit]\nDescription = A daemon\n\n[Service]\nType=notify\nType=simple\n");
  EXPECT_THAT(file.assignments, ElementsAre(UnitAssignment{"Unit", "Description", "A daemon", 2},
                                            UnitAssignment{"Service", "Type", "notify", 5},
                                            UnitAssignment{"Service", "Type", "simple", 6}));
  EXPECT_THAT(file.problems, IsEmpty());
}

TEST(UnitFileTest, ASecondEqualsSignBelongsToTheValue) {
  EXPECT_THAT(Assignments("[Service]\nExecStart=/bin/d --a=b --c=d=e\nEnvironment=X=1=2\n"),
              ElementsAre("Service.ExecStart=/bin/d --a=b --c=d=e", "Service.Environment=X=1=2"));
}

TEST(UnitFileTest, ABackslashContinuesALineAndCommentsWithinAreSkipped) {
  EXPECT_THAT(Assignments("[Service]\nExecStart=/bin/d \\\n  --one \\\n# a comment\n ; another \\\n\t--two\nUser=x\n"),
              ElementsAre("Service.ExecStart=/bin/d  --one  --two", "Service.User=x"));
}

TEST(UnitFileTest, AnEmptyLineEndsAContinuation) {
  EXPECT_THAT(Assignments("[S]\nA=1 \\\n\nB=2\n"), ElementsAre("S.A=1", "S.B=2"));
}

TEST(UnitFileTest, TwoBackslashesAtTheEndDoNotContinue) {
  EXPECT_THAT(Assignments("[S]\nA=1\\\\\nB=2\\\\\\\nC=3"), ElementsAre("S.A=1\\\\", "S.B=2\\\\ C=3"));
}

TEST(UnitFileTest, AContinuationAtTheEndOfTheFileIsKept) {
  EXPECT_THAT(Assignments("[S]\nA=1 \\"), ElementsAre("S.A=1"));
}

TEST(UnitFileTest, AnEmptyAssignmentIsAnAssignment) { EXPECT_THAT(Assignments("[S]\nA=\n"), ElementsAre("S.A=")); }

TEST(UnitFileTest, TakesAnyEndOfLineAndAByteOrderMark) {
  EXPECT_THAT(Assignments("\xEF\xBB\xBF[S]\r\nA=1 \\\r\n2\r\n\r\nB=3\rC=4"), ElementsAre("S.A=1  2", "S.B=3", "S.C=4"));
}

TEST(UnitFileTest, CommentCharactersInsideALineAreText) {
  EXPECT_THAT(Assignments("#x\n ;y\n[S]\nA=1 # no\n"), ElementsAre("S.A=1 # no"));
}

TEST(UnitFileTest, TruncatedInTheMiddleOfALineKeepsWhatIsThere) {
  EXPECT_THAT(Assignments("[Service]\nType=simple\nExecSta"), ElementsAre("Service.Type=simple"));
  EXPECT_THAT(Problems("[Service]\nType=simple\nExecSta"), ElementsAre("line 3: neither a section nor an assignment"));
}

TEST(UnitFileTest, AnOverlongLineIsLeftOutAndTheRestKept) {
  const std::string text = absl::StrCat("[S]\nA=1\nB=", std::string(kMaxUnitLineBytes, 'x'), "\nC=3\n");
  EXPECT_THAT(Assignments(text), ElementsAre("S.A=1", "S.C=3"));
  EXPECT_THAT(Problems(text), ElementsAre(HasSubstr("line 3: longer than")));
}

TEST(UnitFileTest, AnOverlongContinuationIsLeftOutAndTheRestKept) {
  std::string text = "[S]\nA=1\nB=";
  for (int i = 0; i < 20; ++i) absl::StrAppend(&text, std::string(kMaxUnitLineBytes / 10, 'x'), "\\\n");
  absl::StrAppend(&text, "end\nC=3\n");
  EXPECT_THAT(Assignments(text), ElementsAre("S.A=1", "S.C=3"));
  EXPECT_EQ(Problems(text).size(), 1U);
}

TEST(UnitFileTest, ANulByteEndsALineAndIsAProblem) {
  const absl::string_view text("[S]\nA=1\0B=2\0C=3\n", 16);
  EXPECT_THAT(Assignments(text), ElementsAre("S.A=1", "S.B=2", "S.C=3"));
  EXPECT_THAT(Problems(text), ElementsAre("line 2: a NUL byte"));
}

TEST(UnitFileTest, InvalidUtf8IsKeptAndAProblem) {
  EXPECT_THAT(Assignments("[S]\nA=\xFF\nB=2\n"), ElementsAre("S.A=\xFF", "S.B=2"));
  EXPECT_THAT(Problems("[S]\nA=\xFF\nB=2\n"), ElementsAre("line 2: not UTF-8"));
}

TEST(UnitFileTest, ADamagedSectionTakesNothingForThePreviousOne) {
  EXPECT_THAT(Assignments("[A]\nx=1\n[B\ny=2\n[C]\nz=3\n"), ElementsAre("A.x=1", "C.z=3"));
  EXPECT_THAT(Problems("[A]\nx=1\n[B\ny=2\n"), ElementsAre("line 3: a section without a name or its `]`"));
}

TEST(UnitFileTest, AssignmentsBeforeAnySectionAndWithoutKeyAreProblems) {
  EXPECT_THAT(Assignments("x=1\n[A]\n=2\ny=3\n"), ElementsAre("A.y=3"));
  EXPECT_THAT(Problems("x=1\n[A]\n=2\n"), ElementsAre(HasSubstr("line 1"), HasSubstr("line 3: no key")));
}

TEST(UnitFileTest, TooManyAssignmentsAndProblemsAreCountedAndBounded) {
  std::string text = "[S]\n";
  for (size_t i = 0; i < kMaxUnitAssignments + 5; ++i) absl::StrAppend(&text, "a=b\n");
  UnitFile file = ParseUnitFile(text);
  EXPECT_EQ(file.assignments.size(), kMaxUnitAssignments);
  EXPECT_EQ(file.problem_count, 1U);
  text = "[S]\n";
  for (size_t i = 0; i < 100; ++i) absl::StrAppend(&text, "junk\n");
  file = ParseUnitFile(text);
  EXPECT_EQ(file.problems.size(), kMaxUnitFileProblems);
  EXPECT_EQ(file.problem_count, 100U);
}

TEST(UnitFileTest, BooleansInEverySpelling) {
  for (const char* yes : {"1", "yes", "Y", "true", "T", "on"}) EXPECT_TRUE(UnitBoolean(yes, false)) << yes;
  for (const char* no : {"0", "No", "n", "FALSE", "f", "off"}) EXPECT_FALSE(UnitBoolean(no, true)) << no;
  EXPECT_TRUE(UnitBoolean("maybe", true));
  EXPECT_FALSE(UnitBoolean("", false));
}

}  // namespace
}  // namespace rollcall
