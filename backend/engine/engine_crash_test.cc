// A tenant's whole history, with the process gone at every call of a store or an archive: the days end as they do
// without. Nothing goes early, nothing is lost, nothing is left, and each bucket has one certificate.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "backend/engine/testing/engine_history.h"
#include "backend/keys/testing/crashing_vfs.h"

namespace rollcall {
namespace {

class EngineCrashTest : public testing::Test {
 protected:
  // SQLite's syncs are not the host's, which would take most of the time.
  CrashingVfs vfs_;
};

TEST_F(EngineCrashTest, TheUndisturbedHistory) {
  const std::vector<std::string>& pictures = Undisturbed();
  ASSERT_EQ(pictures.size(), History().size());
  for (const std::string& picture : pictures) SCOPED_TRACE(picture);
  EXPECT_THAT(pictures[1], testing::HasSubstr("2023-01-10 state 4 noted 2 stores [] archive [ann bob] versions 1"));
  EXPECT_THAT(pictures[2], testing::HasSubstr("2023-01-10 state 4 noted 3 stores [] archive [ann bob late]"));
  EXPECT_THAT(pictures[3], testing::HasSubstr("2023-01-10 state 4 noted 2 stores [] archive [ann late]"));
  EXPECT_THAT(pictures[5], testing::HasSubstr("2023-01-10 state 1 noted 2 stores [ann late] archive []"));
  EXPECT_THAT(pictures[7], testing::HasSubstr("2023-01-10 state 4"));
  EXPECT_THAT(pictures[8], testing::HasSubstr("2023-01-10 state 7 noted 2 stores [] archive [] versions 0 uploads 0 "
                                              "keys 0 erased request certificates 1"));
  EXPECT_THAT(pictures[11], testing::HasSubstr("2024-02-01 state 7"));
}

class EngineGoneTest : public EngineCrashTest, public testing::WithParamInterface<FaultPlan::Kind> {};

TEST_P(EngineGoneTest, AtEveryCall) {
  for (uint64_t call = 1;; ++call) {
    SCOPED_TRACE(absl::StrCat("call ", call));
    EngineWorld world;
    world.faults()->FailAt(call, GetParam());
    bool reached = false;
    Disturbance disturbance;
    disturbance.disarm = [&](EngineWorld* w) {
      if (!w->faults()->gone()) return false;
      reached = true;
      w->faults()->FailAt(0, FaultPlan::Kind::kNone);
      w->Close();
      return true;
    };
    ASSERT_EQ(Live(&world, disturbance), Undisturbed());
    if (!reached) {
      EXPECT_GT(call, 100u);
      return;
    }
  }
}

std::string GoneName(const testing::TestParamInfo<FaultPlan::Kind>& info) {
  return info.param == FaultPlan::Kind::kGoneBefore ? "Before" : "After";
}

INSTANTIATE_TEST_SUITE_P(Gone, EngineGoneTest,
                         testing::Values(FaultPlan::Kind::kGoneBefore, FaultPlan::Kind::kGoneAfter), GoneName);

}  // namespace
}  // namespace rollcall
