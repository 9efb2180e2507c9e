#include "backend/query/work_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace rollcall {
namespace {

TEST(WorkPool, DoesAllItTookBeforeItStops) {
  std::atomic<int> done = 0;
  WorkPool pool(2, 1000);
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(pool.Submit([&] { ++done; }));
  pool.Stop();
  EXPECT_EQ(done, 500);
  EXPECT_FALSE(pool.Submit([&] { ++done; }));
}

TEST(WorkPool, RefusesWhatItCannotHold) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::promise<void> started;
  WorkPool pool(1, 1);
  ASSERT_TRUE(pool.Submit([&] {
    started.set_value();
    released.wait();
  }));
  started.get_future().wait();
  EXPECT_TRUE(pool.Submit([] {}));
  EXPECT_FALSE(pool.Submit([] {})) << "one runs, one waits, no room for a third";
  release.set_value();
}

}  // namespace
}  // namespace rollcall
