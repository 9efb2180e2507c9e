// A million random operations against a model of what a spool is for: SpoolHost, which knows what the
// host had and what the backend has, and nothing of files.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/spool/testing/spool_host.h"
#include "platform/testing/slow_build.h"

namespace rollcall {
namespace {

constexpr int kSeeds = 8;
// Together a million; sanitizers take ten times as long, so that they get fewer.
constexpr int kOperations = kSlowBuild ? 12500 : 125000;

constexpr DirectorySpoolOptions kOptions{.max_bytes = 40 * 1024,
                                         .segment_bytes = 4096,
                                         .min_free_bytes = 1 << 20,
                                         .marks_slot_bytes = 2048,
                                         .coalesce_after = 12};

class SpoolModelTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  // Every other one has runs in parts, so that all that can happen between two of them does.
  SpoolModelTest() : host_(GetParam(), kOptions, GetParam() % 2 == 0 ? 2 : SIZE_MAX) { host_.Start(); }

  void Reopen() {
    host_.Start();
    ASSERT_TRUE(host_.spool().recovery_problems().empty()) << host_.spool().recovery_problems().front();
  }

  // A byte of a segment, or its end, is not what it was.
  void Damage() {
    host_.Sync();
    host_.Kill();
    std::vector<std::string> segments;
    for (const std::string& name : host_.disk().Names()) {
      if (absl::StartsWith(name, "wal-")) segments.push_back(name);
    }
    if (segments.empty()) return Reopen();
    std::string& bytes = host_.disk().Bytes(segments[host_.Below(static_cast<uint32_t>(segments.size()))]);
    const size_t at = host_.Below(static_cast<uint32_t>(bytes.size() + 1));
    if (at == bytes.size() || host_.Below(3) == 0) {
      bytes.resize(at);
    } else {
      bytes[at] = static_cast<char>(bytes[at] ^ (1 + host_.Below(255)));
    }
    host_.Start();
    if (!host_.spool().recovery_problems().empty()) {
      EXPECT_TRUE(host_.spool().NeedsFull(AllSpoolUnits())) << "damage is never forgotten";
      host_.ForgiveLostEvents(host_.spool());
    }
    ++damages_;
  }

  void OneOperation() {
    const uint32_t choice = host_.Below(10000);
    if (choice < 7000) {
      host_.ChangeAndAppend(choice % 7 == 0);
    } else if (choice < 7800) {
      host_.AppendSample();
    } else if (choice < 8600) {
      host_.Deliver(host_.Below(6), true);
    } else if (choice < 8700) {
      host_.Deliver(host_.Below(20), false);
    } else if (choice < 8730) {
      host_.Deliver(SIZE_MAX, true);
    } else if (choice < 9850) {
      host_.Sync();
    } else if (choice < 9890) {
      host_.RequestFull();
    } else if (choice < 9910) {
      // Others fill the disk, or make room again.
      host_.disk().space.free_bytes = choice == 9890 ? 0 : host_.disk().space.total_bytes / 2;
    } else if (choice < 9950) {
      Reopen();
    } else if (choice < 9990) {
      host_.LosePower(host_.Below(3) == 0 ? host_.Below(2000) : 0);
      Reopen();
    } else {
      Damage();
    }
  }

  SpoolHost host_;
  int damages_ = 0;
};

TEST_P(SpoolModelTest, RandomOperations) {
  for (int turn = 0; turn < kOperations; ++turn) {
    OneOperation();
    if (HasFailure()) ASSERT_FALSE(HasFailure()) << "operation " << turn;
    ASSERT_LE(host_.spool().Stats().bytes, kOptions.max_bytes) << "operation " << turn;
    if (turn % 500 != 0) continue;
    ASSERT_EQ(host_.WhatIsWrongAfterRestart(), "") << "operation " << turn;
  }
  host_.disk().space.free_bytes = host_.disk().space.total_bytes / 2;
  EXPECT_EQ(host_.WhatDiffersInTheEnd(), "");
  // It was a test of something.
  EXPECT_GT(host_.accepted(), static_cast<uint64_t>(kOperations / 2));
  EXPECT_GT(damages_, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SpoolModelTest, ::testing::Range(1u, kSeeds + 1u));

}  // namespace
}  // namespace rollcall
