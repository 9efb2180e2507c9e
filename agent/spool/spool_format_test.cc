// The parts of the format that are not log records: segments, marks, cursor, slots.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "agent/spool/log_writer.h"
#include "agent/spool/segment.h"
#include "agent/spool/slot_file.h"
#include "agent/spool/spool_cursor.h"
#include "agent/spool/spool_index.h"
#include "agent/spool/sync_policy.h"
#include "agent/spool/testing/memory_spool_files.h"
#include "agent/spool/unit_marks.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const SpoolUnit kPorts{"ports", "host"};
const SpoolUnit kPackages{"os_packages", "host"};

TEST(SegmentTest, NamesSortAsSequences) {
  EXPECT_EQ(SegmentName(42), "wal-00000000000000000042.log");
  EXPECT_EQ(ParseSegmentName(SegmentName(UINT64_MAX)), UINT64_MAX);
  for (const char* name : {"", "wal-42.log", "wal-00000000000000000042.tmp", "wal-0000000000000000004x.log",
                           "wal--0000000000000000042.log", "wal-99999999999999999999.log", "cursor"}) {
    EXPECT_FALSE(ParseSegmentName(name).has_value()) << name;
  }
}

// The example of docs/spool_format.md.
TEST(SegmentTest, ExampleOfTheDocumentation) {
  std::string bytes = EncodeSegmentHeader(7);
  FrameLogRecord(bytes.size(), EncodeSpoolEntry(7, kPorts, "hi"), &bytes);
  FrameLogRecord(bytes.size(), EncodeSegmentSeal(8, 1), &bytes);
  EXPECT_EQ(absl::BytesToHexString(bytes),
            "5243574c010000000700000000000000"
            "f9f4b4aa1800010107000000000000000500706f7274730400686f73746869"
            "b46fef100d000102080000000000000001000000");
  std::string with_traits;
  FrameLogRecord(100, EncodeSpoolEntry(8, kPorts, "ha", {EntryClass::kKept, {5, 8}}), &with_traits);
  EXPECT_EQ(absl::BytesToHexString(with_traits),
            "f5cd1d3e290001"
            "03080000000000000003050000000000000008000000000000000500706f7274730400686f73746861");
}

std::string Sample(bool sealed, uint32_t claimed = 2) {
  std::string bytes = EncodeSegmentHeader(10);
  FrameLogRecord(bytes.size(), EncodeSpoolEntry(10, kPorts, "first"), &bytes);
  FrameLogRecord(bytes.size(), EncodeSpoolEntry(11, kPackages, ""), &bytes);
  if (sealed) FrameLogRecord(bytes.size(), EncodeSegmentSeal(12, claimed), &bytes);
  return bytes;
}

TEST(SegmentTest, TraitsAreOnlyWrittenWhereThereAreSome) {
  const EntryTraits traits{EntryClass::kKept, {3, 9}};
  std::string bytes = EncodeSegmentHeader(7);
  FrameLogRecord(bytes.size(), EncodeSpoolEntry(7, kPorts, "plain"), &bytes);
  FrameLogRecord(bytes.size(), EncodeSpoolEntry(8, kPorts, "more", traits), &bytes);
  FrameLogRecord(bytes.size(), EncodeSegmentSeal(9, 2), &bytes);
  const SegmentContents contents = ParseSegment(bytes, 7);
  ASSERT_EQ(contents.entries.size(), 2u);
  EXPECT_TRUE(contents.damage.empty());
  EXPECT_EQ(contents.sealed_entries, 2u);
  EXPECT_TRUE(contents.entries[0].traits == EntryTraits{});
  EXPECT_TRUE(contents.entries[1].traits == traits);
  EXPECT_EQ(contents.entries[1].payload, "more");
  EXPECT_EQ(EncodeSpoolEntry(8, kPorts, "more", traits).size(), EncodeSpoolEntry(8, kPorts, "more").size() + 17);
  LogRecord record;
  record.payload = EncodeSpoolEntry(8, kPorts, "more", traits);
  record.payload[9] = 4;
  EXPECT_FALSE(ParseSpoolEntry(record).has_value()) << "a class that nobody knows";
  record.payload.resize(20);
  EXPECT_FALSE(ParseSpoolEntry(record).has_value()) << "cut short";
}

TEST(SegmentTest, ReadsWhatWasWritten) {
  for (const bool sealed : {false, true}) {
    const std::string bytes = Sample(sealed);
    const SegmentContents contents = ParseSegment(bytes, 10);
    ASSERT_THAT(contents.entries, SizeIs(2));
    EXPECT_EQ(contents.entries[0].payload, "first");
    EXPECT_EQ(contents.entries[1].unit, kPackages);
    EXPECT_EQ(contents.next_sequence, 12u);
    EXPECT_EQ(contents.sealed, sealed);
    EXPECT_THAT(contents.damage, IsEmpty());
    EXPECT_EQ(contents.good_end, bytes.size());
  }
}

TEST(SegmentTest, WhatIsWrongIsSaid) {
  const auto with = [](const std::string& payload, bool sealed = false) {
    std::string bytes = Sample(sealed);
    FrameLogRecord(bytes.size(), payload, &bytes);
    return bytes;
  };
  struct Case {
    std::string bytes;
    std::string reason;
  };
  const Case cases[] = {
      {with("\x09garbage"), "record is neither entry nor seal"},
      {with(""), "record is neither entry nor seal"},
      {with(std::string("\x01\x0c\0\0\0\0\0\0\0\xff\xff", 11)), "record is neither entry nor seal"},
      {with(EncodeSpoolEntry(11, kPorts, "again")), "sequence goes back"},
      {with(EncodeSpoolEntry(13, kPorts, "gap")), "sequences are missing"},
      {with(EncodeSpoolEntry(12, kPorts, "late"), true), "record after the seal"},
      {Sample(true, 3), "entries are missing"},
      {"XXXX" + Sample(true).substr(4), "segment header does not match"},
      {EncodeSegmentHeader(9) + Sample(true).substr(16), "segment header does not match"},
  };
  for (const Case& c : cases) {
    const SegmentContents contents = ParseSegment(c.bytes, 10);
    ASSERT_FALSE(contents.damage.empty()) << c.reason;
    EXPECT_EQ(contents.damage.front().reason, c.reason);
    EXPECT_GE(contents.entries.size(), 2u) << "the good part is kept";
  }
}

TEST(SegmentTest, HeaderCutShortIsATornTail) {
  for (size_t size = 0; size < 16; ++size) {
    const SegmentContents contents = ParseSegment(Sample(false).substr(0, size), 10);
    EXPECT_TRUE(contents.torn_tail);
    EXPECT_EQ(contents.good_end, 0u);
  }
}

TEST(SegmentTest, SealFitsItsRoomAtEveryOffset) {
  for (uint64_t offset = 32768 - 64; offset < 32768 + 16; ++offset) {
    std::string seal;
    FrameLogRecord(offset, EncodeSegmentSeal(UINT64_MAX, UINT32_MAX), &seal);
    EXPECT_LE(seal.size(), kSealBytes) << offset;
  }
}

TEST(UnitMarksTest, EncodingRoundTrips) {
  UnitMarks marks;
  marks.MarkNeedsFull(kPorts);
  marks.Drop(kPackages, 77);
  marks.MarkNeedsFull(AllSpoolUnits());
  marks.ClearNeedsFull(kPorts);
  const std::string bytes = marks.Encode();
  const auto decoded = UnitMarks::Decode(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(*decoded == marks);
  EXPECT_EQ(decoded->DroppedBelow(kPackages), 77u);
  EXPECT_FALSE(decoded->NeedsFull(kPorts));
  EXPECT_TRUE(decoded->NeedsFull({"never", "seen"}));
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(UnitMarks::Decode(bytes.substr(0, size)).ok());
  EXPECT_FALSE(UnitMarks::Decode(bytes + "x").ok());
}

TEST(UnitMarksTest, EachChangeIsToldOnce) {
  UnitMarks marks;
  EXPECT_TRUE(marks.MarkNeedsFull(kPorts));
  EXPECT_FALSE(marks.MarkNeedsFull(kPorts));
  EXPECT_TRUE(marks.ClearNeedsFull(kPorts));
  EXPECT_FALSE(marks.ClearNeedsFull(kPorts));
  EXPECT_TRUE(marks.MarkNeedsFull(AllSpoolUnits()));
  EXPECT_FALSE(marks.MarkNeedsFull(AllSpoolUnits()));
  EXPECT_FALSE(marks.MarkNeedsFull(kPorts)) << "it is marked already";
  EXPECT_TRUE(marks.ClearNeedsFull(kPorts));
  EXPECT_TRUE(marks.MarkNeedsFull(AllSpoolUnits())) << "kPorts had been exempt";
  EXPECT_TRUE(marks.ClearNeedsFull(AllSpoolUnits()));
  EXPECT_TRUE(marks == UnitMarks());
}

TEST(UnitMarksTest, DropsAreForgottenWithTheLastEntryTheyCover) {
  UnitMarks marks;
  marks.Drop(kPorts, 50);
  marks.ClearNeedsFull(kPorts);
  marks.Prune(49);
  EXPECT_EQ(marks.DroppedBelow(kPorts), 50u);
  marks.Prune(50);
  EXPECT_TRUE(marks == UnitMarks());
  marks.Collapse(90);
  EXPECT_EQ(marks.DroppedBelow(kPackages), 90u);
  EXPECT_TRUE(marks.NeedsFull(kPackages));
  marks.Prune(90);
  EXPECT_EQ(marks.DroppedBelow(kPackages), 0u);
}

TEST(SpoolCursorTest, RoundTripsAndRefusesOtherSizes) {
  const SpoolCursor cursor{12, UINT64_MAX};
  const std::string bytes = EncodeSpoolCursor(cursor);
  EXPECT_EQ(DecodeSpoolCursor(bytes), cursor);
  EXPECT_FALSE(DecodeSpoolCursor(bytes + "x").has_value());
  EXPECT_FALSE(DecodeSpoolCursor(bytes.substr(1)).has_value());
}

TEST(SlotFileTest, NewestGoodSlotCounts) {
  MemoryDisk disk;
  const auto files = disk.Mount();
  SlotFile slots = SlotFile::Open(files.get(), "slots", 128);
  EXPECT_EQ(slots.origin(), SlotFile::Origin::kCreated);
  EXPECT_EQ(disk.Bytes("slots").size(), 256u);
  for (const char* value : {"one", "two", "three"}) ASSERT_TRUE(slots.Store(value, true).ok());
  EXPECT_EQ(disk.Bytes("slots").size(), 256u) << "never grows";
  EXPECT_EQ(SlotFile::Open(files.get(), "slots", 128).loaded(), "three");
  // A torn write of the newest leaves the one before.
  const size_t newest = disk.Bytes("slots").find("three");
  disk.Bytes("slots")[newest] = 'T';
  EXPECT_EQ(SlotFile::Open(files.get(), "slots", 128).loaded(), "two");
  disk.Bytes("slots")[disk.Bytes("slots").find("two")] = 'T';
  EXPECT_EQ(SlotFile::Open(files.get(), "slots", 128).origin(), SlotFile::Origin::kLost);
  EXPECT_TRUE(absl::IsResourceExhausted(slots.Store(std::string(slots.capacity() + 1, 'x'), true)));
  EXPECT_TRUE(slots.Store(std::string(slots.capacity(), 'x'), true).ok());
}

TEST(SlotFileTest, UnsyncedStoresNeverEndangerTheDurableOne) {
  MemoryDisk disk;
  const auto files = disk.Mount();
  SlotFile slots = SlotFile::Open(files.get(), "slots", 128);
  ASSERT_TRUE(slots.Store("durable", true).ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(slots.Store(absl::StrCat("later ", i), false).ok());
  EXPECT_EQ(SlotFile::Open(files.get(), "slots", 128).loaded(), "later 4");
  disk.LosePower();
  EXPECT_EQ(SlotFile::Open(files.get(), "slots", 128).loaded(), "durable");
}

TEST(SpoolIndexTest, FindsDropsAndRelocates) {
  SpoolIndex index;
  index.segments()[1] = {5, 1000, 0, 0, false};
  for (uint64_t i = 1; i < 5; ++i) index.Add(i % 2 == 0 ? kPorts : kPackages, {i, 1, i * 100, 100});
  EXPECT_EQ(index.OldestUnitWithState({}), kPackages);
  EXPECT_EQ(index.OldestUnitWithState({kPackages}), kPorts);
  EXPECT_EQ(index.UnitsWith(2).size(), 2u);
  EXPECT_EQ(index.UnitsWith(3).size(), 0u);
  EXPECT_EQ(index.FindUnit(kPorts, 3).size(), 1u);
  EXPECT_THAT(index.UnitsIn(1), SizeIs(2));
  EXPECT_EQ(index.Find(2, 10, 250).size(), 2u);
  EXPECT_EQ(index.DropState(kPackages, {2, 3}), 0u) << "that is of the other unit";
  EXPECT_EQ(index.DropState(kPackages, {0, 5}), 2u);
  EXPECT_EQ(index.first_sequence(), 2u);
  EXPECT_FALSE(index.Contains(3));
  EXPECT_EQ(index.segments()[1].live_bytes, 200u);
  EXPECT_THAT(index.Relocate(1, {{2, 1, 16, 90}}), ElementsAre(4u));
  EXPECT_EQ(index.Find(2, 1, 1).front().offset, 16u);
  EXPECT_EQ(index.DropEntry(4), kPorts);
  EXPECT_EQ(index.DropEntry(4), std::nullopt);
  EXPECT_EQ(index.Acknowledge(2), 1u);
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(index.segments()[1].live_bytes, 0u);
}

TEST(SpoolIndexTest, ClassesSayWhatMayGo) {
  SpoolIndex index;
  index.segments()[1] = {6, 1000, 0, 0, false};
  const EntryClass classes[] = {EntryClass::kKept, EntryClass::kSample, EntryClass::kEvents, EntryClass::kSample,
                                EntryClass::kState};
  uint64_t sequence = 0;
  for (const EntryClass entry_class : classes) {
    ++sequence;
    index.Add(kPorts, SpoolIndex::MakeLocation(sequence, 1, sequence * 100, 100, {entry_class, {}}));
  }
  EXPECT_EQ(index.OldestSamples(100).size(), 1u);
  EXPECT_EQ(index.OldestSamples(1).front().sequence, 2u) << "one at least";
  EXPECT_EQ(index.OldestSamples(1000).size(), 2u);
  EXPECT_EQ(index.DropState(kPorts, {0, 100}), 2u);
  EXPECT_EQ(index.OldestUnitWithState({}), std::nullopt);
  EXPECT_EQ(index.EntriesOf(kPorts), 3u);
}

// Only Clock::Monotonic() is asked, which no administrator sets. Should it step all the same, a sync
// comes at once or a step late, and bytes are counted whatever the clock says.
TEST(SyncPolicyTest, AClockThatJumpsNeitherStopsSyncsNorRepeatsThem) {
  SyncPolicy policy(1000, absl::Seconds(1));
  policy.NoteAppended(10, absl::Hours(10));
  EXPECT_TRUE(policy.Due(absl::Hours(1000))) << "forward";
  policy.NoteSynced();
  EXPECT_FALSE(policy.Due(absl::Hours(1000))) << "once, not again and again";
  policy.NoteAppended(10, absl::Hours(10));
  EXPECT_FALSE(policy.Due(absl::Hours(1))) << "back";
  policy.NoteAppended(990, absl::Hours(1));
  EXPECT_TRUE(policy.Due(absl::Hours(1)));
  policy.NoteSynced();
  policy.NoteAppended(10, absl::Hours(1));
  EXPECT_EQ(policy.deadline(), absl::Hours(1) + absl::Seconds(1)) << "from where the clock is now";
}

TEST(SyncPolicyTest, DueByBytesOrByTime) {
  SyncPolicy policy(1000, absl::Seconds(1));
  EXPECT_FALSE(policy.Due(absl::Hours(1)));
  EXPECT_EQ(policy.deadline(), absl::InfiniteDuration());
  policy.NoteAppended(10, absl::Seconds(5));
  policy.NoteAppended(10, absl::Seconds(5.9));
  EXPECT_EQ(policy.deadline(), absl::Seconds(6));
  EXPECT_FALSE(policy.Due(absl::Seconds(5.9)));
  EXPECT_TRUE(policy.Due(absl::Seconds(6)));
  policy.NoteSynced();
  EXPECT_FALSE(policy.Due(absl::Seconds(7)));
  policy.NoteAppended(1000, absl::Seconds(7));
  EXPECT_TRUE(policy.Due(absl::Seconds(7)));
}

}  // namespace
}  // namespace rollcall
