#include "agent/memory_trim.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "agent/own_usage.h"

namespace rollcall {
namespace {

TEST(TrimMemoryTest, GivesBackWhatWasFreed) {
  {
    std::vector<std::string> blocks;
    for (int i = 0; i < 4000; ++i) blocks.emplace_back(16 << 10, 'x');
  }
  const uint64_t before = ReadOwnUsage()->resident_bytes;
  TrimMemory();
  EXPECT_LE(ReadOwnUsage()->resident_bytes, before);
}

TEST(TrimMemoryTest, TheProgramRunsOnWhileOthersTrim) {
  std::thread trimmer([] {
    for (int i = 0; i < 200; ++i) TrimMemory();
  });
  uint64_t sum = 0;
  for (int i = 0; i < 20000; ++i) sum += std::to_string(i).size();
  trimmer.join();
  EXPECT_EQ(sum, 10u + 180 + 2700 + 36000 + 50000);
}

}  // namespace
}  // namespace rollcall
