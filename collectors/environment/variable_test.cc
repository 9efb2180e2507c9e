#include "collectors/environment/variable.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

TEST(VariableName, Names) {
  for (const absl::string_view name : {"PATH", "_", "lower", "A1", "LC_ALL", "npm_config_user_agent",
                                       "KUBERNETES_SERVICE_PORT_HTTPS", "MYAPP_7F9C8D6B5_SERVICE_HOST"}) {
    EXPECT_TRUE(IsVariableName(name)) << name;
  }
}

TEST(VariableName, WhatIsNone) {
  for (const absl::string_view name : {"", "1A", "A-B", "A B", "A.B", "\xc3\xa4", "A\n", "BASH_FUNC_x%%"}) {
    EXPECT_FALSE(IsVariableName(name)) << name;
  }
  EXPECT_TRUE(IsVariableName(std::string(30, 'A')));
  EXPECT_FALSE(IsVariableName(std::string(kMaxVariableNameBytes + 1, '_')));
}

TEST(VariableName, ATokenThatGotThereByAccidentIsNotTold) {
  for (const absl::string_view name : {"ghp_abcdefghijklmnopqrst", "AKIAABCDEFGHIJKLMNOP", "Qm9vVGhpc0lzQUtleTE",
                                       "a94a8fe5ccb19ba61c4c0873d391e987"}) {
    EXPECT_FALSE(IsVariableName(name)) << name;
  }
}

TEST(VariableName, MoreThanTheLimitAreCounted) {
  Variables variables;
  for (size_t i = 0; i < kMaxVariables + 5; ++i) variables.Add(absl::StrCat("A", i), "");
  EXPECT_EQ(variables.variables.size(), kMaxVariables);
  EXPECT_EQ(variables.left_out, 5U);
}

}  // namespace
}  // namespace rollcall
