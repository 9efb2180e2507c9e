#include "cli/field_changes.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(FieldChanges, NamesWhatDiffersAndLeavesVolatileFiguresOut) {
  rollcall::v1::Record before;
  before.mutable_process()->set_exe("/a");
  before.mutable_process()->add_argv("x");
  before.mutable_process()->set_rss_bytes(1);
  rollcall::v1::Record after = before;
  after.mutable_process()->set_exe("/b");
  after.mutable_process()->set_rss_bytes(2);
  after.mutable_process()->add_argv("y");
  EXPECT_EQ(FieldChangesText(FieldChanges(before, after)), "argv[1]: (unset) -> y; exe: /a -> /b");
  EXPECT_TRUE(FieldChanges(before, before).empty());
}

TEST(FieldChanges, ARemovedFieldIsAChange) {
  rollcall::v1::Record before;
  before.mutable_os_package()->set_summary("s");
  rollcall::v1::Record after;
  after.mutable_os_package();
  EXPECT_EQ(FieldChangesText(FieldChanges(before, after)), "summary: s -> (unset)");
}

}  // namespace
}  // namespace rollcall
