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
                                                                                   {"hosts", "host"},
                                                                                   {"sockets", "listening_port"},
                                                                                   {"Servers", "host"},
                                                                                   {"os-packages", "os_package"}}) {
    const auto kind = ResolveKind(text);
    ASSERT_TRUE(kind.ok()) << text << ": " << kind.status();
    EXPECT_EQ((*kind)->options->name(), want);
  }
}

TEST(ResolveKind, KnowsEveryKindByNamePluralAndWord) {
  for (const Kind& kind : AllKinds()) EXPECT_EQ(*ResolveKind(kind.options->name()), &kind);
  for (const std::string& word : KindWords()) EXPECT_TRUE(ResolveKind(word).ok()) << word;
  EXPECT_GE(KindWords().size(), AllKinds().size());
}

TEST(ResolveKind, ListsTheKindsThereAre) {
  const auto kind = ResolveKind("potato");
  ASSERT_FALSE(kind.ok());
  EXPECT_THAT(std::string(kind.status().message()), testing::HasSubstr("listening_port"));
}

}  // namespace
}  // namespace rollcall
