#include "collectors/kernel_modules/proc_modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "collectors/kernel_modules/module_taints.h"

namespace rollcall {
namespace {

using ::rollcall::v1::KernelModule;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ProcModules, ReadsALine) {
  const ProcModulesParse parse =
      ParseProcModules("ext4 983040 2 mbcache,jbd2,[permanent], Live 0xffffffffc0a00000 (POE+)\n");
  EXPECT_THAT(parse.problems, IsEmpty());
  ASSERT_EQ(parse.modules.size(), 1U);
  const ProcModule& module = parse.modules[0];
  EXPECT_EQ(module.name, "ext4");
  EXPECT_EQ(module.size_bytes, 983'040U);
  EXPECT_EQ(module.refcount, 2U);
  EXPECT_THAT(module.used_by, ElementsAre("jbd2", "mbcache")) << "sorted";
  EXPECT_TRUE(module.permanent);
  EXPECT_EQ(module.state, KernelModule::LIVE);
  EXPECT_EQ(module.taint_letters, "POE");
}

TEST(ProcModules, AKernelThatCannotUnloadCountsNoUsers) {
  const ProcModulesParse parse = ParseProcModules("ext4 983040 - - Live 0x0\n");
  EXPECT_THAT(parse.problems, IsEmpty());
  ASSERT_EQ(parse.modules.size(), 1U);
  EXPECT_FALSE(parse.modules[0].refcount.has_value());
  EXPECT_THAT(parse.modules[0].used_by, IsEmpty());
}

TEST(ProcModules, EveryState) {
  const ProcModulesParse parse =
      ParseProcModules("a 1 0 - Live 0x0\nb 1 0 - Loading 0x0 (+)\nc 1 0 - Unloading 0x0 (O-)\n");
  EXPECT_THAT(parse.problems, IsEmpty());
  ASSERT_EQ(parse.modules.size(), 3U);
  EXPECT_EQ(parse.modules[1].state, KernelModule::LOADING);
  EXPECT_EQ(parse.modules[1].taint_letters, "");
  EXPECT_EQ(parse.modules[2].state, KernelModule::UNLOADING);
  EXPECT_EQ(parse.modules[2].taint_letters, "O");
}

TEST(ProcModules, NoneIsNoProblem) {
  EXPECT_THAT(ParseProcModules("").modules, IsEmpty());
  EXPECT_EQ(ParseProcModules("").problem_count, 0U);
}

// Each input is one bad line between good ones, which must both be there.
struct BrokenLine {
  const char* name;
  std::string line;
  const char* problem;
  bool kept;
};

TEST(ProcModules, ABrokenLineCostsNoOther) {
  const BrokenLine kBroken[] = {
      {"truncated", "ext4 983040", "line 2: cut short", true},
      {"only a name", "ext4", "line 2: cut short", true},
      {"overlong name", std::string(100'000, 'x'), "line 2: no module name", false},
      {"overlong users", absl::StrCat("ext4 1 0 ", std::string(100'000, 'u'), ", Live 0x0"), "users are no", true},
      {"NUL bytes", std::string("ext4\0 1 0 - Live 0x0", 20), "no module name", false},
      {"invalid UTF-8", "ext4 1 0 \xff\xfe, Live 0x0", "users are no module names", true},
      {"size overflow", "ext4 99999999999999999999 0 - Live 0x0", "size is no number", true},
      {"negative users", "ext4 1 -1 - Live 0x0", "number of users is no number", true},
      {"unknown state", "ext4 1 0 - Sleeping 0x0", "unknown state", true},
      {"unknown taint", "ext4 1 0 - Live 0x0 (\x01)", "unknown taints", true},
      {"path as name", "../../etc 1 0 - Live 0x0", "no module name", false},
  };
  for (const BrokenLine& broken : kBroken) {
    SCOPED_TRACE(broken.name);
    const ProcModulesParse parse =
        ParseProcModules(absl::StrCat("first 1 0 - Live 0x0\n", broken.line, "\nlast 1 0 - Live 0x0\n"));
    ASSERT_EQ(parse.modules.size(), broken.kept ? 3U : 2U);
    EXPECT_EQ(parse.modules.front().name, "first");
    EXPECT_EQ(parse.modules.back().name, "last");
    ASSERT_EQ(parse.problems.size(), 1U);
    EXPECT_THAT(std::string(parse.problems[0].message()), HasSubstr(broken.problem));
  }
}

TEST(ProcModules, ProblemsAreCountedAndOnlyTheFirstKept) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "!\n";
  const ProcModulesParse parse = ParseProcModules(text);
  EXPECT_EQ(parse.problem_count, 1'000U);
  EXPECT_EQ(parse.problems.size(), kMaxProcModulesProblems);
}

TEST(ModuleTaints, LettersInWords) {
  EXPECT_THAT(TaintNames("POE"), ElementsAre("proprietary", "out_of_tree", "unsigned"));
  EXPECT_THAT(TaintNames("FCK"), ElementsAre("forced_load", "staging", "livepatch"));
  EXPECT_THAT(TaintNames("+Q-"), ElementsAre("Q")) << "a letter of a newer kernel stands for itself";
  EXPECT_THAT(TaintNames(""), IsEmpty());
}

}  // namespace
}  // namespace rollcall
