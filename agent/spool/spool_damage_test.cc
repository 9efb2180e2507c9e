// Damage at every place where it can happen. What must hold each time: the spool opens, an entry that
// was durable is there or its unit is marked, and nothing is there that was not appended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool/testing/memory_spool_files.h"

namespace rollcall {
namespace {

using ::testing::IsEmpty;

// Small files, so that every byte of each can have its turn.
constexpr DirectorySpoolOptions kOptions{
    .max_bytes = 16 * 1024, .segment_bytes = 1024, .min_free_bytes = 1 << 20, .marks_slot_bytes = 512};
const SpoolUnit kUnits[] = {{"ports", "host"}, {"os_packages", "host"}, {"processes", "container:1"}};

struct Appended {
  SpoolUnit unit;
  std::string payload;
};
using History = std::map<uint64_t, Appended>;

std::unique_ptr<DirectorySpool> Open(MemoryDisk* disk) {
  auto spool = DirectorySpool::Open(disk->Mount(), kOptions);
  EXPECT_TRUE(spool.ok()) << spool.status();
  return *std::move(spool);
}

// `durable`: entries that must be there or be marked. `all`: what may be there.
void CheckNothingForgotten(DirectorySpool& spool, const History& durable, const History& all, const std::string& what) {
  const auto entries = spool.Read(0, 100000, size_t{1} << 30);
  ASSERT_TRUE(entries.ok()) << what << ": " << entries.status();
  std::map<uint64_t, std::string> present;
  for (const SpoolEntry& entry : *entries) {
    const auto known = all.find(entry.sequence);
    ASSERT_TRUE(known != all.end() && known->second.payload == entry.payload) << what << ": foreign entry";
    present[entry.sequence] = entry.payload;
  }
  for (const auto& [sequence, appended] : durable) {
    EXPECT_TRUE(present.count(sequence) > 0 || spool.NeedsFull(appended.unit)) << what << ": forgot " << sequence;
  }
}

// And it can still be used.
void CheckUsable(DirectorySpool& spool, const std::string& what) {
  const auto sequence = spool.Append(kUnits[0], "afterwards");
  ASSERT_TRUE(sequence.ok()) << what << ": " << sequence.status();
  const auto entries = spool.Read(*sequence, 1, 1000);
  ASSERT_TRUE(entries.ok() && entries->size() == 1) << what;
  EXPECT_EQ(entries->front().payload, "afterwards") << what;
}

class SpoolDamageTest : public ::testing::Test {
 protected:
  // Three segments, some of it acknowledged, all of it synced; entries of every class, and one
  // that replaces others.
  SpoolDamageTest() {
    auto spool = Open(&disk_);
    for (int i = 0; i < 17; ++i) {
      const SpoolUnit& unit = kUnits[i % 3];
      const std::string payload = absl::StrCat("entry ", i, std::string(static_cast<size_t>(i * 11), 'x'));
      const auto entry_class = static_cast<EntryClass>(i % 5 == 4 ? i % 4 : 0);
      const auto sequence = spool->AppendAs(entry_class, unit, payload);
      EXPECT_TRUE(sequence.ok());
      all_[*sequence] = {unit, payload};
      if (i == 13) {
        EXPECT_TRUE(spool->Sync().ok());
      }
    }
    EXPECT_TRUE(spool->Sync().ok());
    EXPECT_TRUE(spool->Acknowledge(3).ok());
    durable_ = all_;
    durable_.erase(durable_.begin(), durable_.upper_bound(3));
    EXPECT_EQ(spool->Stats().segments, 3u);
    EXPECT_FALSE(spool->NeedsFull(AllSpoolUnits()));
  }

  // Opens a damaged copy again and again: recovery must not undo itself, and must not find damage where
  // it has repaired it, nor in what is written after that.
  void CheckTwice(MemoryDisk disk, const std::string& what) {
    CheckNothingForgotten(*Open(&disk), durable_, all_, what);
    auto again = Open(&disk);
    EXPECT_THAT(again->recovery_problems(), IsEmpty()) << what << ", opened again";
    CheckNothingForgotten(*again, durable_, all_, what + ", opened again");
    CheckUsable(*again, what);
    again.reset();
    EXPECT_THAT(Open(&disk)->recovery_problems(), IsEmpty()) << what << ", used, and opened again";
  }

  MemoryDisk disk_;
  History all_;
  History durable_;
};

TEST_F(SpoolDamageTest, TruncationOfEveryFileAtEveryByte) {
  for (const std::string& name : disk_.Names()) {
    const size_t size = disk_.Bytes(name).size();
    for (size_t cut = 0; cut < size; ++cut) {
      MemoryDisk disk = disk_;
      disk.Bytes(name).resize(cut);
      CheckTwice(std::move(disk), absl::StrCat(name, " cut at ", cut));
      if (HasFailure()) return;
    }
  }
}

TEST_F(SpoolDamageTest, FlipOfEveryByteOfEveryFile) {
  for (const std::string& name : disk_.Names()) {
    const size_t size = disk_.Bytes(name).size();
    for (size_t at = 0; at < size; ++at) {
      for (const int mask : {0x01, 0xff}) {
        MemoryDisk disk = disk_;
        disk.Bytes(name)[at] = static_cast<char>(disk.Bytes(name)[at] ^ mask);
        CheckTwice(std::move(disk), absl::StrCat(name, " flipped at ", at));
        if (HasFailure()) return;
      }
    }
  }
}

TEST_F(SpoolDamageTest, ZeroedTailsAndHoles) {
  for (const std::string& name : disk_.Names()) {
    if (!absl::StartsWith(name, "wal-")) continue;
    for (size_t from = 0; from < disk_.Bytes(name).size(); from += 3) {
      MemoryDisk tail = disk_;
      std::string& bytes = tail.Bytes(name);
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(), '\0');
      CheckTwice(std::move(tail), absl::StrCat(name, " zero from ", from));
      if (HasFailure()) return;
    }
  }
}

// Three segments of several blocks: around every border of a block, and here and there between.
TEST(SpoolBlockDamageTest, TruncationAndFlipsAroundTheBordersOfBlocks) {
  constexpr DirectorySpoolOptions options{
      .max_bytes = 1 << 20, .segment_bytes = 80 * 1024, .min_free_bytes = 1 << 20, .marks_slot_bytes = 512};
  MemoryDisk disk;
  History all;
  {
    auto spool = DirectorySpool::Open(disk.Mount(), options);
    ASSERT_TRUE(spool.ok());
    for (int i = 0; (*spool)->Stats().segments < 3 || i % 9 != 0; ++i) {
      const SpoolUnit& unit = kUnits[i % 3];
      const std::string payload = absl::StrCat("entry ", i, std::string(static_cast<size_t>(i * 977 % 9000), 'x'));
      const auto sequence = (*spool)->Append(unit, payload);
      ASSERT_TRUE(sequence.ok());
      all[*sequence] = {unit, payload};
    }
    ASSERT_TRUE((*spool)->Sync().ok());
    ASSERT_EQ((*spool)->Stats().segments, 3u);
  }
  for (const std::string& name : disk.Names()) {
    if (!absl::StartsWith(name, "wal-")) continue;
    const size_t size = disk.Bytes(name).size();
    for (size_t at = 0; at < size;
         at += (at + 20) % 32768 < 40 ? 1 : std::min<size_t>(1009, 32768 - (at + 20) % 32768)) {
      for (const bool cut : {false, true}) {
        MemoryDisk copy = disk;
        std::string& bytes = copy.Bytes(name);
        if (cut)
          bytes.resize(at);
        else
          bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
        auto spool = DirectorySpool::Open(copy.Mount(), options);
        ASSERT_TRUE(spool.ok());
        CheckNothingForgotten(**spool, all, all, absl::StrCat(name, cut ? " cut at " : " flipped at ", at));
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace rollcall
