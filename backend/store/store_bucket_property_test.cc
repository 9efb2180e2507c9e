#include "backend/store/store_bucket_property_test.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST_P(StoreBucketPropertyTest, EveryVersionIsInItsBucketAndNoOther) {
  for (int i = 0; i < 600; ++i) {
    switch (Pick(12)) {
      case 0:
        RandomPurge();
        break;
      case 1:
        RandomRoundTrip();
        break;
      case 2:
        RandomConfirmation();
        break;
      case 3:
        RandomContact();
        break;
      default:
        RandomRun();
    }
    if (HasFatalFailure()) return;
    if (Pick(60) == 0) Reopen();
    if (i % 5 != 0) continue;
    for (const std::string tenant : {"acme", "globex"}) ASSERT_EQ(List(tenant), Expected(tenant)) << i;
    for (const auto& [key, set] : model_) {
      if (set.generation == 0) continue;
      const UnitInfo unit = Unit(key.first, key.second);
      ASSERT_EQ(unit.digest, set.Digest()) << i;
      ASSERT_EQ(unit.last_run.status() == pb::RunResult::COMPLETE, set.last_run_complete && !set.purged) << i;
    }
  }
}

}  // namespace
}  // namespace rollcall
