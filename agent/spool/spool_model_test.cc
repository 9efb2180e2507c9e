// Random operations against a model of what a spool is, with restarts between them.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool/testing/memory_spool_files.h"

namespace rollcall {
namespace {

struct Model {
  struct Entry {
    SpoolUnit unit;
    std::string payload;
  };
  std::map<uint64_t, Entry> entries;
  std::set<SpoolUnit> marked;
};

class SpoolModelTest : public ::testing::TestWithParam<int> {
 protected:
  SpoolModelTest() : random_(static_cast<uint32_t>(GetParam())) { Reopen(); }

  uint32_t Pick(uint32_t below) { return random_() % below; }
  SpoolUnit PickUnit() { return {absl::StrCat("collector", Pick(4)), Pick(2) == 0 ? "host" : "container:1"}; }

  void Reopen() {
    spool_.reset();
    auto spool = DirectorySpool::Open(disk_.Mount(), {.max_bytes = 40 * 1024, .segment_bytes = 4096});
    ASSERT_TRUE(spool.ok());
    spool_ = *std::move(spool);
    EXPECT_TRUE(spool_->recovery_problems().empty()) << spool_->recovery_problems().front();
  }

  void Append() {
    const SpoolUnit unit = PickUnit();
    const std::string payload(Pick(Pick(10) == 0 ? 3000 : 300), static_cast<char>('a' + Pick(26)));
    const uint64_t dropped_before = spool_->Stats().dropped_entries;
    const auto sequence = spool_->Append(unit, payload);
    if (spool_->Stats().dropped_entries != dropped_before || !sequence.ok()) DropWhatIsGone(unit, sequence.ok());
    if (sequence.ok()) model_.entries[*sequence] = {unit, payload};
  }

  // Units go as a whole, the oldest first, and marked.
  void DropWhatIsGone(const SpoolUnit& appended, bool appended_ok) {
    std::set<uint64_t> present;
    const auto entries = spool_->Read(0, 1 << 20, size_t{1} << 30);
    ASSERT_TRUE(entries.ok());
    for (const SpoolEntry& entry : *entries) present.insert(entry.sequence);
    std::set<SpoolUnit> kept;
    std::set<SpoolUnit> gone;
    for (const auto& [sequence, entry] : model_.entries) {
      (present.count(sequence) > 0 ? kept : gone).insert(entry.unit);
    }
    for (const SpoolUnit& unit : gone) {
      EXPECT_EQ(kept.count(unit), 0u) << "dropped in part";
      EXPECT_TRUE(spool_->NeedsFull(unit));
      for (const SpoolUnit& other : kept) EXPECT_LT(FirstOf(unit), FirstOf(other)) << "not the oldest";
      model_.marked.insert(unit);
    }
    std::erase_if(model_.entries, [&](const auto& each) { return gone.count(each.second.unit) > 0; });
    if (!appended_ok) model_.marked.insert(appended);
  }

  uint64_t FirstOf(const SpoolUnit& unit) const {
    for (const auto& [sequence, entry] : model_.entries) {
      if (entry.unit == unit) return sequence;
    }
    return UINT64_MAX;
  }

  void Acknowledge() {
    if (model_.entries.empty()) return;
    auto last = model_.entries.begin();
    std::advance(last, Pick(static_cast<uint32_t>(model_.entries.size())));
    acknowledged_ = last->first;
    ASSERT_TRUE(spool_->Acknowledge(acknowledged_).ok());
    model_.entries.erase(model_.entries.begin(), std::next(last));
  }

  void Compare() {
    const auto entries = spool_->Read(0, 1 << 20, size_t{1} << 30);
    ASSERT_TRUE(entries.ok());
    ASSERT_EQ(entries->size(), model_.entries.size());
    auto expected = model_.entries.begin();
    for (const SpoolEntry& entry : *entries) {
      ASSERT_EQ(entry.sequence, expected->first);
      ASSERT_EQ(entry.payload, expected->second.payload);
      ++expected;
    }
    for (int i = 0; i < 8; ++i) {
      const SpoolUnit unit{absl::StrCat("collector", i / 2), i % 2 == 0 ? "host" : "container:1"};
      EXPECT_EQ(spool_->NeedsFull(unit), model_.marked.count(unit) > 0);
      bool pending = false;
      for (const auto& [sequence, entry] : model_.entries) pending |= entry.unit == unit;
      EXPECT_EQ(spool_->HasPending(unit), pending);
    }
    EXPECT_LE(spool_->Stats().bytes, 40u * 1024);
  }

  std::mt19937 random_;
  MemoryDisk disk_;
  std::unique_ptr<DirectorySpool> spool_;
  Model model_;
  uint64_t acknowledged_ = 0;
};

TEST_P(SpoolModelTest, RandomOperations) {
  for (int turn = 0; turn < 4000 && !HasFailure(); ++turn) {
    const uint32_t choice = Pick(100);
    if (choice < 70) {
      Append();
    } else if (choice < 74) {
      Acknowledge();
    } else if (choice < 84) {
      ASSERT_TRUE(spool_->Sync().ok());
    } else if (choice < 87) {
      const SpoolUnit unit = PickUnit();
      ASSERT_TRUE(spool_->MarkNeedsFull(unit).ok());
      model_.marked.insert(unit);
    } else if (choice < 96) {
      const SpoolUnit unit = PickUnit();
      ASSERT_TRUE(spool_->ClearNeedsFull(unit).ok());
      model_.marked.erase(unit);
    } else if (choice < 98) {
      Reopen();
    } else {
      ASSERT_TRUE(spool_->Sync().ok());
      disk_.LosePower();
      Reopen();
      // An acknowledgement may be lost with the power: the backend gets the entries again and
      // says so again.
      ASSERT_TRUE(spool_->Acknowledge(acknowledged_).ok());
    }
    if (turn % 10 == 0) Compare();
  }
  Compare();
}

INSTANTIATE_TEST_SUITE_P(Seeds, SpoolModelTest, ::testing::Range(1, 9));

}  // namespace
}  // namespace rollcall
