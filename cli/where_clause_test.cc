#include "cli/where_clause.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(WhereClause, SplitsAtTheFirstOperator) {
  auto filter = ParseWhereClause("name=a~b=c");
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->field(), "name");
  EXPECT_EQ(filter->op(), rollcall::v1::Filter::EQUALS);
  EXPECT_EQ(filter->value(), "a~b=c");

  filter = ParseWhereClause("owners.name~^ng=x$");
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->op(), rollcall::v1::Filter::MATCHES);
  EXPECT_EQ(filter->value(), "^ng=x$");
}

TEST(WhereClause, ComparesNumbers) {
  auto filter = ParseWhereClause("rss_bytes>1000000");
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->field(), "rss_bytes");
  EXPECT_EQ(filter->op(), rollcall::v1::Filter::GREATER);
  EXPECT_EQ(filter->value(), "1000000");
  filter = ParseWhereClause("port<1024");
  ASSERT_TRUE(filter.ok());
  EXPECT_EQ(filter->op(), rollcall::v1::Filter::LESS);
}

TEST(WhereClause, AnEmptyValueIsAValue) { EXPECT_TRUE(ParseWhereClause("package=").ok()); }

TEST(WhereClause, NeedsFieldAndOperator) {
  for (const char* text : {"", "name", "=x", "~x", ">1", "<1"}) {
    EXPECT_EQ(ParseWhereClause(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace rollcall
