// Damage, loss of power and failing operations, at every place where they can happen. What
// must hold each time: the spool opens, an entry that was durable is there or its unit is
// marked, and nothing is there that was not appended.
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

constexpr DirectorySpoolOptions kOptions{.max_bytes = 16 * 1024, .segment_bytes = 1024, .min_free_bytes = 1 << 20};
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
  // Several segments, some of it acknowledged, all of it synced.
  SpoolDamageTest() {
    auto spool = Open(&disk_);
    for (int i = 0; i < 26; ++i) {
      const SpoolUnit& unit = kUnits[i % 3];
      const std::string payload = absl::StrCat("entry ", i, std::string(static_cast<size_t>(i * 7), 'x'));
      const auto sequence = spool->Append(unit, payload);
      EXPECT_TRUE(sequence.ok());
      all_[*sequence] = {unit, payload};
      if (i == 20) {
        EXPECT_TRUE(spool->Sync().ok());
      }
    }
    EXPECT_TRUE(spool->Sync().ok());
    EXPECT_TRUE(spool->Acknowledge(3).ok());
    durable_ = all_;
    durable_.erase(durable_.begin(), durable_.upper_bound(3));
    EXPECT_GE(spool->Stats().segments, 4u);
    EXPECT_FALSE(spool->NeedsFull(AllSpoolUnits()));
  }

  // Opens a damaged copy twice: recovery must not undo itself.
  void CheckTwice(MemoryDisk disk, const std::string& what) {
    CheckNothingForgotten(*Open(&disk), durable_, all_, what);
    auto again = Open(&disk);
    CheckNothingForgotten(*again, durable_, all_, what + ", opened again");
    CheckUsable(*again, what);
  }

  MemoryDisk disk_;
  History all_;
  History durable_;
};

TEST_F(SpoolDamageTest, TruncationOfEveryFileAtEveryByte) {
  for (const std::string& name : disk_.Names()) {
    const size_t size = disk_.Bytes(name).size();
    // Of the marks file only the beginning of a slot is ever used.
    for (size_t cut = 0; cut < size; cut += (size > 100000 && cut % 65536 > 60) ? 9973 : 1) {
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
    const bool segment = absl::StartsWith(name, "wal-");
    for (size_t at = 0; at < size; at += segment || at % 4096 < 60 ? 1 : 3001) {
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

// A working day of a spool. Returns what was appended with success; `durable` gets what was
// synced after.
History Work(DirectorySpool& spool, History* durable) {
  History appended;
  for (int i = 0; i < 60; ++i) {
    const SpoolUnit& unit = kUnits[(i * i) % 3];
    const std::string payload = absl::StrCat("work ", i, std::string(static_cast<size_t>(i * 37 % 600), 'w'));
    const auto sequence = spool.Append(unit, payload);
    if (sequence.ok()) appended[*sequence] = {unit, payload};
    if (i % 7 == 6 && spool.Sync().ok()) *durable = appended;
    if (i == 11) {
      // Acknowledged entries need not be kept, whatever Acknowledge says.
      spool.Acknowledge(5).IgnoreError();
    }
    if (i == 30) spool.MarkNeedsFull(kUnits[1]).IgnoreError();
  }
  return appended;
}

void ForgetAcknowledged(History* history) { history->erase(history->begin(), history->upper_bound(5)); }

TEST(SpoolFaultTest, EveryOperationFailsOnceOrForAWhile) {
  const absl::Status faults[] = {absl::ResourceExhaustedError("write: no space left on device"),
                                 absl::DataLossError("write: input/output error")};
  for (const absl::Status& fault : faults) {
    for (const uint64_t length : {1, 5, 1000000}) {
      for (uint64_t first = 1;; ++first) {
        const std::string what = absl::StrCat(fault.message(), " x ", length, " at operation ", first);
        MemoryDisk disk;
        auto plan = std::make_shared<FaultPlan>();
        plan->FailAt(first, first + length - 1, fault);
        History durable;
        History appended;
        {
          auto spool = DirectorySpool::Open(WithFaults(disk.Mount(), plan), kOptions);
          ASSERT_TRUE(spool.ok()) << what;
          appended = Work(**spool, &durable);
          plan->Clear();
          // The process goes on: everything Append took is there or marked.
          History expected = appended;
          ForgetAcknowledged(&expected);
          CheckNothingForgotten(**spool, expected, appended, what);
          CheckUsable(**spool, what);
        }
        if (!plan->fired()) break;
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(SpoolFaultTest, RestartAfterAFaultForgetsNothing) {
  // Once storing works again for a moment (Sync), a restart knows all that the process knew.
  for (uint64_t first = 1;; ++first) {
    const std::string what = absl::StrCat("fault at operation ", first);
    MemoryDisk disk;
    auto plan = std::make_shared<FaultPlan>();
    plan->FailAt(first, first, absl::DataLossError("I/O error"));
    History durable;
    History appended;
    {
      auto spool = DirectorySpool::Open(WithFaults(disk.Mount(), plan), kOptions);
      ASSERT_TRUE(spool.ok());
      appended = Work(**spool, &durable);
      // The fault may hit this Sync, which then poisons the segment; the next one must work.
      if (!(*spool)->Sync().ok()) {
        ASSERT_TRUE((*spool)->Sync().ok()) << what;
      }
    }
    History all = appended;
    auto spool = Open(&disk);
    ForgetAcknowledged(&appended);
    // A write that failed may have reached the disk all the same.
    const auto entries = spool->Read(0, 100000, size_t{1} << 30);
    for (const SpoolEntry& entry : *entries) all.try_emplace(entry.sequence, Appended{kUnits[0], entry.payload});
    CheckNothingForgotten(*spool, appended, all, what);
    if (!plan->fired() || ::testing::Test::HasFailure()) return;
  }
}

TEST(SpoolFaultTest, PowerLossAtEveryOperationKeepsWhatWasSynced) {
  for (const size_t unsynced_bytes : {size_t{0}, size_t{13}, size_t{300}}) {
    for (uint64_t first = 1;; ++first) {
      const std::string what = absl::StrCat("power lost at operation ", first, " + ", unsynced_bytes);
      MemoryDisk disk;
      auto plan = std::make_shared<FaultPlan>();
      // From here on nothing reaches the disk.
      plan->FailAt(first, UINT64_MAX, absl::DataLossError("no power"));
      History durable;
      History appended;
      {
        auto spool = DirectorySpool::Open(WithFaults(disk.Mount(), plan), kOptions);
        ASSERT_TRUE(spool.ok());
        appended = Work(**spool, &durable);
      }
      disk.LosePower(unsynced_bytes);
      auto spool = Open(&disk);
      ForgetAcknowledged(&durable);
      History all = appended;
      const auto entries = spool->Read(0, 100000, size_t{1} << 30);
      for (const SpoolEntry& entry : *entries) all.try_emplace(entry.sequence, Appended{kUnits[0], entry.payload});
      CheckNothingForgotten(*spool, durable, all, what);
      CheckUsable(*spool, what);
      if (!plan->fired() || ::testing::Test::HasFailure()) break;
    }
  }
}

TEST(SpoolFaultTest, FullDiskFromTheStartRefusesEntriesAndNotTheStart) {
  MemoryDisk disk;
  auto plan = std::make_shared<FaultPlan>();
  plan->FailAt(1, UINT64_MAX, absl::ResourceExhaustedError("no space"));
  auto spool = DirectorySpool::Open(WithFaults(disk.Mount(), plan), kOptions);
  ASSERT_TRUE(spool.ok());
  EXPECT_TRUE(absl::IsUnavailable((*spool)->Append(kUnits[0], "x").status()));
  EXPECT_TRUE((*spool)->NeedsFull(kUnits[0]));
  EXPECT_FALSE((*spool)->MarkNeedsFull(kUnits[1]).ok()) << "it is not durable";
  EXPECT_TRUE((*spool)->NeedsFull(kUnits[1]));
  plan->Clear();
  EXPECT_TRUE((*spool)->MarkNeedsFull(kUnits[1]).ok());
  EXPECT_TRUE((*spool)->Append(kUnits[0], "x").ok());
}

}  // namespace
}  // namespace rollcall
