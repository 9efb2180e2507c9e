#include "cli/selector_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::HasSubstr;

TEST(SelectorText, SaysWhatWasRead) {
  SelectorArguments arguments;
  EXPECT_TRUE(SelectsEverything(*ReadSelector(arguments)));
  EXPECT_EQ(SelectorText(*ReadSelector(arguments)), "everything");
  arguments.categories = {"asset_basic"};
  arguments.services = {"cvm:1", "cvm:2"};
  arguments.hosts = {"web-1"};
  arguments.elements = {"ACCOUNTS"};
  arguments.from_day = "2026-01-01";
  arguments.fields = {"account.name=bob=x"};
  const absl::StatusOr<pb::Selector> selector = ReadSelector(arguments);
  ASSERT_TRUE(selector.ok()) << selector.status();
  EXPECT_FALSE(SelectsEverything(*selector));
  EXPECT_EQ(selector->fields(0).field(), "account.name");
  EXPECT_EQ(selector->fields(0).value(), "bob=x");
  EXPECT_EQ(SelectorText(*selector),
            "asset_basic, accounts of cvm:1, cvm:2 on web-1 where account.name is bob=x, collected from 2026-01-01");
  arguments = {};
  arguments.to_day = "2026-01-31";
  EXPECT_EQ(SelectorText(*ReadSelector(arguments)), "everything, collected to 2026-01-31");
}

TEST(SelectorText, WordsThatAreNoneAreNamedWithThoseThereAre) {
  SelectorArguments arguments;
  arguments.categories = {"assets"};
  EXPECT_THAT(std::string(ReadSelector(arguments).status().message()),
              HasSubstr("'assets' is no category: there are asset_basic, console_config"));
  arguments.categories = {"category_unspecified"};
  EXPECT_FALSE(ReadSelector(arguments).ok());
  arguments.categories.clear();
  for (const char* bad : {"account.name", "=bob"}) {
    arguments.fields = {bad};
    EXPECT_TRUE(absl::IsInvalidArgument(ReadSelector(arguments).status())) << bad;
  }
}

}  // namespace
}  // namespace rollcall
