// The process or the power goes at every change of the disk: nothing acknowledged is lost, nothing torn is
// accepted, and what was cut is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/ledger/ledger.h"
#include "backend/ledger/testing/made_up_entries.h"
#include "backend/ledger/testing/memory_ledger_files.h"
#include "backend/ledger/testing/recursive_merkle.h"

namespace rollcall {
namespace {

struct Outcome {
  // Callers of acknowledged entries, by index.
  std::map<uint64_t, uint64_t> acknowledged;
  // The last state somebody may have signed.
  std::optional<TreeHead> seen;
  bool finished = false;
};

// A day of the ledger: opened, one entry, several, one, opened again, one more.
Outcome RunHistory(LedgerDisk* disk, const Clock* clock) {
  Outcome outcome;
  const std::vector<std::vector<uint64_t>> calls = {{10}, {11, 12, 13}, {14}};
  for (uint64_t opening = 0; opening < 2; ++opening) {
    auto ledger = Ledger::Open(disk->Mount(), clock);
    if (!ledger.ok()) return outcome;
    outcome.seen = (*ledger)->Head();
    for (const std::vector<uint64_t>& call : calls) {
      std::vector<pb::LedgerEntry> entries;
      for (const uint64_t number : call) entries.push_back(MadeUpEntry(number + 100 * opening));
      const auto appended = (*ledger)->AppendAll(std::move(entries));
      if (!appended.ok()) return outcome;
      for (size_t i = 0; i < call.size(); ++i) {
        outcome.acknowledged[(*appended)[i].index] = call[i] + 100 * opening;
      }
      outcome.seen = (*ledger)->Head();
    }
  }
  outcome.finished = true;
  return outcome;
}

// What must hold of a ledger however it got there.
void ExpectSound(const Outcome& before, LedgerDisk* disk, const Clock* clock, const std::string& what) {
  auto opened = Ledger::Open(disk->Mount(), clock);
  ASSERT_TRUE(opened.ok()) << what << ": " << opened.status();
  const Ledger& ledger = **opened;
  const TreeHead head = ledger.Head();
  recursive::Leaves leaves;
  size_t cuts_told = 0;
  for (uint64_t i = 0; i < head.size; ++i) {
    leaves.push_back(*ledger.Leaf(i));
    pb::LedgerEntry entry;
    ASSERT_TRUE(entry.ParseFromString(leaves.back())) << what;
    ASSERT_EQ(entry.index(), i) << what;
    cuts_told += entry.has_tail_cut() ? 1 : 0;
    const auto expected = before.acknowledged.find(i);
    if (expected != before.acknowledged.end()) {
      ASSERT_EQ(entry.read_denied().caller(), absl::StrCat("caller ", expected->second)) << what;
    }
  }
  if (!before.acknowledged.empty()) {
    ASSERT_GT(head.size, before.acknowledged.rbegin()->first) << what << ": lost";
  }
  ASSERT_EQ(HashBytes(head.root), recursive::Mth(leaves)) << what;
  // A checkpoint signed before is still of this log.
  if (before.seen.has_value()) {
    ASSERT_GE(head.size, before.seen->size) << what;
    ASSERT_EQ(HashBytes(before.seen->root), recursive::Mth(recursive::Cut(leaves, 0, before.seen->size))) << what;
  }
  // Every torn end is kept and told.
  size_t cuts_kept = 0;
  for (const std::string& name : disk->Names()) {
    cuts_kept += absl::StartsWith(name, "torn-") && !disk->Bytes(name).empty() ? 1 : 0;
  }
  ASSERT_EQ(cuts_told, cuts_kept) << what;
  ASSERT_EQ(opened.value()->Append(MadeUpEntry(999))->index, head.size) << what;
}

enum class Loss { kProcess, kPower, kPowerTornEarly, kPowerTornLate };

class LedgerCrashTest : public ::testing::TestWithParam<Loss> {
 protected:
  void Lose(LedgerDisk* disk) {
    switch (GetParam()) {
      case Loss::kProcess:
        break;
      case Loss::kPower:
        disk->LosePower();
        break;
      case Loss::kPowerTornEarly:
        disk->LosePower(7);
        break;
      case Loss::kPowerTornLate:
        disk->LosePower(100);
        break;
    }
  }
};

TEST_P(LedgerCrashTest, AtEveryChange) {
  const SystemClock clock;
  size_t crashes = 0;
  for (const double share : {0.0, 0.3, 0.97}) {
    for (uint64_t change = 1;; ++change) {
      LedgerDisk disk;
      disk.CrashAt(change, share);
      const Outcome outcome = RunHistory(&disk, &clock);
      if (outcome.finished) break;
      disk.CrashAt(0);
      Lose(&disk);
      const std::string what = absl::StrCat("change ", change, ", share ", share);
      ASSERT_NO_FATAL_FAILURE(ExpectSound(outcome, &disk, &clock, what));
      ++crashes;
    }
  }
  EXPECT_GT(crashes, 60U);
}

// Recovery itself is crashed, at each of its changes, and has to be done again.
TEST_P(LedgerCrashTest, AtEveryChangeOfTheRecovery) {
  const SystemClock clock;
  size_t crashes = 0;
  for (uint64_t first = 1;; ++first) {
    bool history_finished = false;
    for (uint64_t second = 1;; ++second) {
      LedgerDisk disk;
      disk.CrashAt(first, 0.6);
      Outcome outcome = RunHistory(&disk, &clock);
      history_finished = outcome.finished;
      if (history_finished) break;
      disk.CrashAt(second, 0.5);
      const bool recovered = Ledger::Open(disk.Mount(), &clock).ok();
      disk.CrashAt(0);
      Lose(&disk);
      const std::string what = absl::StrCat("changes ", first, " and ", second);
      ASSERT_NO_FATAL_FAILURE(ExpectSound(outcome, &disk, &clock, what));
      ++crashes;
      if (recovered) break;
    }
    if (history_finished) break;
  }
  EXPECT_GT(crashes, 60U);
}

INSTANTIATE_TEST_SUITE_P(Losses, LedgerCrashTest,
                         ::testing::Values(Loss::kProcess, Loss::kPower, Loss::kPowerTornEarly, Loss::kPowerTornLate));

}  // namespace
}  // namespace rollcall
