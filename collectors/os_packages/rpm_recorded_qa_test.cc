// The recorded databases against what the rpm that made them said; testdata/rpm/README.md.
#include <gtest/gtest.h>

#include "collectors/os_packages/rpm_qa_test_support.h"
#include "collectors/os_packages/rpm_test_support.h"

namespace rollcall {
namespace {

class RpmRecordedQa : public testing::TestWithParam<const char*> {};

TEST_P(RpmRecordedQa, SaysTheSameAsRpm) {
  const std::string expected = TestData(absl::StrCat(GetParam(), "/expected_qa"));
  pb::RunResult result;
  const std::set<std::string> found = CollectedQaLines(
      absl::StrCat(ROLLCALL_SOURCE_DIR "/collectors/os_packages/testdata/", GetParam(), "/root"), &result);
  EXPECT_EQ(result.status(), pb::RunResult::COMPLETE) << result.DebugString();
  EXPECT_EQ(found, QaLines(expected));
  EXPECT_EQ(found.size(), 6U);
}

INSTANTIATE_TEST_SUITE_P(Formats, RpmRecordedQa, testing::Values("rpm_bdb", "rpm_ndb", "rpm_sqlite"));

}  // namespace
}  // namespace rollcall
