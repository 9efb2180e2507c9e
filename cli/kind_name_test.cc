#include "cli/kind_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(ResolveKind, AcceptsNamesPluralsAndWords) {
  for (const auto& [text, want] : std::vector<std::pair<std::string, std::string>>{{"os_package", "os_package"},
                                                                                   {"packages", "os_package"},
                                                                                   {"port", "listening_port"},
                                                                                   {"ports", "listening_port"},
                                                                                   {"processes", "process"},
                                                                                   {"hosts", "host"}}) {
    const auto kind = ResolveKind(text);
    ASSERT_TRUE(kind.ok()) << text << ": " << kind.status();
    EXPECT_EQ((*kind)->options->name(), want);
  }
}

TEST(ResolveKind, ListsTheKindsThereAre) {
  const auto kind = ResolveKind("potato");
  ASSERT_FALSE(kind.ok());
  EXPECT_THAT(std::string(kind.status().message()), testing::HasSubstr("listening_port"));
}

}  // namespace
}  // namespace rollcall
