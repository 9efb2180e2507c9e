#include "agent/spool/spool_index.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

const SpoolUnit kPorts{"ports", "host"};
const SpoolUnit kPackages{"os_packages", "host"};

class SpoolIndexTest : public ::testing::Test {
 protected:
  void Add(const SpoolUnit& unit, uint64_t sequence, EntryClass entry_class = EntryClass::kState,
           const SequenceRange& replaces = {}) {
    index_.Add(unit, SpoolIndex::MakeLocation(sequence, 1, sequence * 100, 100, {entry_class, replaces}));
  }

  SpoolIndex index_;
};

TEST_F(SpoolIndexTest, TheOldestStateIsNoSampleAndNothingThatIsKept) {
  Add(kPorts, 1, EntryClass::kSample);
  Add(kPorts, 2, EntryClass::kKept);
  EXPECT_EQ(index_.OldestUnitWithState({}), std::nullopt);
  Add(kPackages, 3, EntryClass::kEvents);
  Add(kPorts, 4);
  EXPECT_EQ(index_.OldestUnitWithState({}), kPackages);
  EXPECT_EQ(index_.OldestUnitWithState({kPackages}), kPorts);
  EXPECT_EQ(index_.OldestUnitWithState({kPackages, kPorts}), std::nullopt);
}

TEST_F(SpoolIndexTest, AFoldedUnitIsAsOldAsWhatWasFolded) {
  Add(kPorts, 1);
  Add(kPorts, 2);
  Add(kPackages, 3);
  Add(kPorts, 4);
  Add(kPorts, 5, EntryClass::kState, {1, 5});
  EXPECT_EQ(index_.DropState(kPorts, {1, 5}), 3u);
  EXPECT_EQ(index_.OldestUnitWithState({}), kPorts) << "or the unit that changes most would never go";
  EXPECT_EQ(index_.OldestUnitWithState({kPorts}), kPackages);
}

}  // namespace
}  // namespace rollcall
