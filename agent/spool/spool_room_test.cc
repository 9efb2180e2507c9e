// What goes when there is no room, in which order, and how it is counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool/testing/line_runs.h"
#include "agent/spool/testing/memory_spool_files.h"

namespace rollcall {
namespace {

using ::testing::IsEmpty;

const SpoolUnit kPorts{"ports", "host"};
const SpoolUnit kPackages{"os_packages", "host"};
const SpoolUnit kSamples{"resources", "host"};

class SpoolRoomTest : public ::testing::Test {
 protected:
  SpoolRoomTest() { Open(); }
  void Open() {
    spool_.reset();
    if (options_.reducer == nullptr) options_.reducer = &reducer_;
    auto spool = DirectorySpool::Open(disk_.Mount(), options_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    spool_ = *std::move(spool);
  }

  // A run that changes one key of the unit, with `bytes` of value.
  absl::Status Change(const SpoolUnit& unit, const std::string& key, size_t bytes, const std::string& event = "") {
    LineSet after = sets_[unit];
    after[key] = absl::StrCat(++number_, std::string(bytes, 'v'));
    LineRun run = LineRun::Delta(sets_[unit], after);
    run.unit = unit.collector;
    run.generation = ++number_;
    if (!event.empty()) run.events.insert(event);
    const absl::Status status =
        spool_->AppendAs(event.empty() ? EntryClass::kState : EntryClass::kEvents, unit, run.Text()).status();
    if (status.ok()) sets_[unit] = after;
    return status;
  }
  absl::Status Sample(size_t bytes) {
    LineRun run;
    run.unit = kSamples.collector;
    run.samples.insert(absl::StrCat(++number_, std::string(bytes, 's')));
    return spool_->AppendAs(EntryClass::kSample, kSamples, run.Text()).status();
  }
  uint64_t Dropped(const SpoolUnit& unit, SpoolDropReason reason) const {
    for (const SpoolDrops& drops : spool_->Stats().drops) {
      if (drops.collector == unit.collector && drops.reason == reason) return drops.entries;
    }
    return 0;
  }
  // What a backend has of the unit if it gets everything.
  LineReceiver Received(const SpoolUnit& unit) {
    LineReceiver receiver;
    const auto entries = spool_->Read(0, SIZE_MAX, SIZE_MAX);
    EXPECT_TRUE(entries.ok());
    for (const SpoolEntry& entry : *entries) {
      const auto run = LineRun::Parse(entry.payload);
      if (run.has_value() && run->unit == unit.collector) receiver.Apply(*run);
    }
    return receiver;
  }

  MemoryDisk disk_;
  LineReducer reducer_;
  DirectorySpoolOptions options_{
      .max_bytes = 32 * 1024, .segment_bytes = 4096, .min_free_bytes = 1 << 20, .coalesce_after = 1000000};
  std::unique_ptr<DirectorySpool> spool_;
  std::map<SpoolUnit, LineSet> sets_;
  uint64_t number_ = 0;
};

TEST_F(SpoolRoomTest, RunsAreFoldedBeforeAnythingIsLost) {
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Change(kPorts, absl::StrCat("k", i % 3), 500).ok());
  EXPECT_EQ(spool_->Stats().dropped_entries, 0u);
  EXPECT_GT(Dropped(kPorts, SpoolDropReason::kCoalesced), 100u);
  EXPECT_FALSE(spool_->NeedsFull(kPorts));
  EXPECT_LE(spool_->Stats().bytes, options_.max_bytes);
  EXPECT_EQ(Received(kPorts).set, sets_[kPorts]);
  Open();
  EXPECT_THAT(spool_->recovery_problems(), IsEmpty());
  EXPECT_EQ(Received(kPorts).set, sets_[kPorts]) << "and after a restart";
}

TEST_F(SpoolRoomTest, RunsAreFoldedWithoutNeedWhenManyWait) {
  options_.coalesce_after = 8;
  Open();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Change(kPorts, absl::StrCat("k", i % 3), 10).ok());
  EXPECT_LT(spool_->Stats().entries, 20u);
  EXPECT_EQ(Received(kPorts).set, sets_[kPorts]);
}

TEST_F(SpoolRoomTest, WhatWasSentIsNotFolded) {
  options_.coalesce_after = 4;
  Open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Change(kPorts, "k", 10).ok());
  LineReceiver backend;
  const auto sent = spool_->Read(0, SIZE_MAX, SIZE_MAX);
  for (const SpoolEntry& entry : *sent) backend.Apply(*LineRun::Parse(entry.payload));
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(Change(kPorts, "k", 10).ok());
  EXPECT_GT(Dropped(kPorts, SpoolDropReason::kCoalesced), 0u);
  // The acknowledgement was lost: everything comes again.
  const auto again = spool_->Read(0, SIZE_MAX, SIZE_MAX);
  for (const SpoolEntry& entry : *again) {
    EXPECT_TRUE(backend.Apply(*LineRun::Parse(entry.payload))) << "no resync";
  }
  EXPECT_EQ(backend.set, sets_[kPorts]);
}

TEST_F(SpoolRoomTest, ARunOfWhichAPartWasSentStaysAsItIs) {
  options_.coalesce_after = 4;
  Open();
  LineReceiver backend;
  LineRun set = LineRun::Full({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  set.unit = kPorts.collector;
  set.generation = ++number_;
  sets_[kPorts] = {{"a", "1"}, {"b", "1"}, {"c", "1"}};
  const std::vector<LineRun> parts = set.Parts(2);
  ASSERT_EQ(parts.size(), 2u);
  for (const LineRun& part : parts) ASSERT_TRUE(spool_->Append(kPorts, part.Text()).ok());
  const auto first = spool_->Read(0, 1, SIZE_MAX);
  ASSERT_TRUE(backend.Apply(*LineRun::Parse(first->front().payload)));
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(Change(kPorts, "k", 10).ok());
  EXPECT_GT(Dropped(kPorts, SpoolDropReason::kCoalesced), 0u) << "what follows it is folded";
  const auto rest = spool_->Read(2, SIZE_MAX, SIZE_MAX);
  ASSERT_EQ(rest->front().payload, parts[1].Text());
  for (const SpoolEntry& entry : *rest) EXPECT_TRUE(backend.Apply(*LineRun::Parse(entry.payload))) << entry.sequence;
  EXPECT_EQ(backend.set, sets_[kPorts]);
}

TEST_F(SpoolRoomTest, FoldingDoesNotReachBackBehindWhatWasSent) {
  // Folded runs come in parts of one change: the last part of them is what keeps their sources void.
  LineReducer one_by_one(1);
  options_.coalesce_after = 4;
  options_.reducer = &one_by_one;
  spool_.reset();
  spool_ = *DirectorySpool::Open(disk_.Mount(), options_);
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(Change(kPorts, absl::StrCat("k", i % 2), 10).ok());
  ASSERT_EQ(spool_->Stats().entries, 2u) << "one run in two parts";
  const uint64_t folded = Dropped(kPorts, SpoolDropReason::kCoalesced);
  LineReceiver backend;
  const auto sent = spool_->Read(0, 1, SIZE_MAX);
  ASSERT_TRUE(backend.Apply(*LineRun::Parse(sent->front().payload)));
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(Change(kPorts, absl::StrCat("k", i % 2), 10).ok());
  EXPECT_GT(Dropped(kPorts, SpoolDropReason::kCoalesced), folded) << "what follows it is folded";
  // The connection broke; everything that was not acknowledged is sent again, to a new one and to this.
  LineReceiver other;
  const auto again = spool_->Read(0, SIZE_MAX, SIZE_MAX);
  ASSERT_EQ(again->front().sequence, sent->front().sequence) << "what was sent is still there";
  for (const SpoolEntry& entry : *again) {
    EXPECT_TRUE(backend.Apply(*LineRun::Parse(entry.payload))) << entry.sequence;
    EXPECT_TRUE(other.Apply(*LineRun::Parse(entry.payload))) << entry.sequence;
  }
  EXPECT_EQ(backend.set, sets_[kPorts]);
  EXPECT_EQ(other.set, sets_[kPorts]);
  spool_.reset();
  spool_ = *DirectorySpool::Open(disk_.Mount(), options_);
  EXPECT_EQ(Received(kPorts).set, sets_[kPorts]) << "nor after a restart";
}

// Makes of runs one that fits and one that no segment takes.
class OversizedReducer : public LineReducer {
 public:
  std::optional<std::vector<SpoolItem>> Coalesce(const std::vector<std::string>& payloads) const override {
    return std::vector<SpoolItem>{{EntryClass::kState, payloads.back()},
                                  {EntryClass::kState, std::string(size_t{1} << 20, 'x')}};
  }
};

TEST_F(SpoolRoomTest, OfAReplacementThatFailsNothingStays) {
  const OversizedReducer oversized;
  options_.coalesce_after = 4;
  options_.reducer = &oversized;
  Open();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Change(kPorts, "k", 10).ok());
  EXPECT_GT(spool_->Stats().next_sequence, 21u) << "it was tried";
  EXPECT_EQ(spool_->Stats().entries, 20u);
  EXPECT_EQ(spool_->Stats().drops.size(), 0u);
  EXPECT_EQ(Received(kPorts).set, sets_[kPorts]);
  spool_.reset();
}

TEST_F(SpoolRoomTest, SamplesBetweenRunsKeepTheirPlace) {
  options_.coalesce_after = 6;
  Open();
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(Change(kPorts, "k", 10, absl::StrCat("event", i)).ok());
    LineRun sample;
    sample.mode = LineRun::Mode::kMerge;
    sample.unit = kPorts.collector;
    sample.generation = ++number_;
    sample.samples.insert(absl::StrCat("s", i));
    ASSERT_TRUE(spool_->AppendAs(EntryClass::kSample, kPorts, sample.Text()).ok());
  }
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(Change(kPorts, "k", 10).ok());
  EXPECT_GT(Dropped(kPorts, SpoolDropReason::kCoalesced), 0u) << "what comes after the last one is folded";
  const LineReceiver received = Received(kPorts);
  EXPECT_EQ(received.set, sets_[kPorts]);
  EXPECT_EQ(received.events.size(), 12u) << "no run comes after one with a higher number";
  EXPECT_EQ(received.samples.size(), 12u);
}

TEST_F(SpoolRoomTest, OfVeryMuchTheNewestIsFolded) {
  options_ = {.max_bytes = 16 << 20, .segment_bytes = 1 << 20, .min_free_bytes = 1 << 20, .coalesce_after = 16};
  Open();
  // Each takes a fifth of what is folded at once, and none says what another says.
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Change(kPorts, absl::StrCat("large", i), 200 << 10).ok());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(Change(kPorts, "k", 10).ok());
  EXPECT_GT(Dropped(kPorts, SpoolDropReason::kCoalesced), 20u);
  EXPECT_LT(spool_->Stats().entries, 30u);
  EXPECT_EQ(Received(kPorts).set, sets_[kPorts]);
}

TEST_F(SpoolRoomTest, SamplesGoFirstAndTheOldestFirst) {
  ASSERT_TRUE(Change(kPackages, "oldest", 100).ok());
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(Sample(700).ok());
  // Runs of one unit that cannot be folded: each changes another key, and every byte counts.
  int i = 0;
  while (Dropped(kSamples, SpoolDropReason::kSample) == 0) {
    ASSERT_TRUE(Change(kPorts, absl::StrCat("p", i++), 700).ok());
    ASSERT_LT(i, 100);
  }
  EXPECT_LT(Dropped(kSamples, SpoolDropReason::kSample), 30u) << "no more than needed";
  EXPECT_FALSE(spool_->NeedsFull(AllSpoolUnits()));
  EXPECT_TRUE(spool_->HasPending(kPackages));
  const std::set<std::string> left = Received(kSamples).samples;
  EXPECT_EQ(left.size(), 30u - Dropped(kSamples, SpoolDropReason::kSample));
  EXPECT_EQ(left.count(absl::StrCat(31, std::string(700, 's'))), 1u) << "the newest is there";
  EXPECT_EQ(LostEntries(spool_->Stats(), "resources"), Dropped(kSamples, SpoolDropReason::kSample));
}

TEST_F(SpoolRoomTest, WhatCannotBeFoundAgainIsNeverDropped) {
  uint64_t kept = 0;
  absl::Status status;
  for (int i = 0; i < 100; ++i) {
    status = spool_->AppendAs(EntryClass::kKept, kPorts, std::string(1000, 'k')).status();
    kept += status.ok() ? 1 : 0;
  }
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(spool_->Stats().entries, kept);
  EXPECT_EQ(Dropped(kPorts, SpoolDropReason::kRefused), 100 - kept);
  EXPECT_TRUE(spool_->NeedsFull(kPorts)) << "a refusal is no secret either";
  EXPECT_LE(spool_->Stats().bytes, options_.max_bytes);
  ASSERT_TRUE(spool_->Acknowledge(kept).ok());
  EXPECT_TRUE(Change(kPorts, "k", 10).ok());
}

TEST_F(SpoolRoomTest, ACompleteSetSupersedes) {
  ASSERT_TRUE(Sample(10).ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Change(kPorts, absl::StrCat("p", i), 100, i == 3 ? "event" : "").ok());
  ASSERT_TRUE(Change(kPackages, "a", 10).ok());
  ASSERT_TRUE(spool_->Supersede(kPorts).ok());
  EXPECT_TRUE(spool_->NeedsFull(kPorts)) << "until the set is there";
  EXPECT_EQ(Dropped(kPorts, SpoolDropReason::kSuperseded), 10u);
  EXPECT_EQ(spool_->Stats().dropped_entries, 0u) << "nothing is lost";
  EXPECT_EQ(Received(kPorts).events.size(), 1u);
  EXPECT_EQ(spool_->Stats().entries, 3u) << "the event, the sample, the other unit";
  ASSERT_TRUE(spool_->Supersede(kSamples).ok());
  EXPECT_EQ(Received(kSamples).samples.size(), 1u) << "no set says what a sample says";
}

}  // namespace
}  // namespace rollcall
