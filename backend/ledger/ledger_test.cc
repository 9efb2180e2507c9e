#include "backend/ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "backend/ledger/testing/made_up_entries.h"
#include "backend/ledger/testing/memory_ledger_files.h"
#include "backend/ledger/testing/recursive_merkle.h"

namespace rollcall {
namespace {

pb::LedgerEntry EntryAt(const Ledger& ledger, uint64_t index) {
  const auto leaf = ledger.Leaf(index);
  EXPECT_TRUE(leaf.ok()) << leaf.status();
  pb::LedgerEntry entry;
  EXPECT_TRUE(leaf.ok() && entry.ParseFromString(*leaf));
  return entry;
}

std::unique_ptr<Ledger> Reopen(LedgerDisk* disk) {
  static const SystemClock clock;
  auto ledger = Ledger::Open(disk->Mount(), &clock);
  EXPECT_TRUE(ledger.ok()) << ledger.status();
  return ledger.ok() ? *std::move(ledger) : nullptr;
}

recursive::Leaves LeavesOf(const Ledger& ledger) {
  recursive::Leaves leaves;
  for (uint64_t i = 0; i < ledger.Head().size; ++i) leaves.push_back(*ledger.Leaf(i));
  return leaves;
}

TEST(LedgerTest, AnEmptyLedgerHasTheRootOfNothing) {
  LedgerDisk disk;
  const auto ledger = Reopen(&disk);
  EXPECT_EQ(ledger->Head().size, 0U);
  EXPECT_EQ(HashBytes(ledger->Head().root), recursive::Mth({}));
  EXPECT_TRUE(absl::IsOutOfRange(ledger->Leaf(0).status()));
}

TEST(LedgerTest, EntriesAreNumberedChainedAndInTheTree) {
  LedgerDisk disk;
  const auto ledger = Reopen(&disk);
  for (uint64_t i = 0; i < 20; ++i) {
    const auto appended = ledger->Append(MadeUpEntry(i));
    ASSERT_TRUE(appended.ok()) << appended.status();
    EXPECT_EQ(appended->index, i);
    EXPECT_TRUE(appended->is_new);
  }
  const recursive::Leaves leaves = LeavesOf(*ledger);
  EXPECT_EQ(HashBytes(ledger->Head().root), recursive::Mth(leaves));
  EXPECT_EQ(EntryAt(*ledger, 0).previous_leaf_hash(), "");
  for (uint64_t i = 1; i < 20; ++i) {
    const pb::LedgerEntry entry = EntryAt(*ledger, i);
    EXPECT_EQ(entry.index(), i);
    EXPECT_EQ(entry.read_denied().caller(), absl::StrCat("caller ", i));
    EXPECT_EQ(entry.previous_leaf_hash(), recursive::Sha256(std::string(1, '\0') + leaves[i - 1]));
  }
}

TEST(LedgerTest, ReopenedItIsTheSame) {
  LedgerDisk disk;
  TreeHead head;
  {
    const auto ledger = Reopen(&disk);
    ASSERT_TRUE(ledger->AppendAll({MadeUpEntry(0), MadeUpEntry(1), MadeUpEntryOnce(2, 'a')}).ok());
    ASSERT_TRUE(ledger->Append(MadeUpEntry(3)).ok());
    head = ledger->Head();
  }
  const auto ledger = Reopen(&disk);
  EXPECT_EQ(ledger->Head().size, 4U);
  EXPECT_EQ(ledger->Head().root, head.root);
  EXPECT_EQ(ledger->recovery().leaves, 4U);
  EXPECT_EQ(ledger->recovery().cut_bytes, 0U);
  EXPECT_EQ(ledger->Find(std::string(32, 'a')), 2U);
  EXPECT_EQ(ledger->Append(MadeUpEntry(4))->index, 4U);
}

TEST(LedgerTest, AUniqueKeyIsAppendedOnce) {
  LedgerDisk disk;
  {
    const auto ledger = Reopen(&disk);
    // Twice in one call, then in another.
    const auto both = ledger->AppendAll({MadeUpEntryOnce(0, 'a'), MadeUpEntryOnce(1, 'a'), MadeUpEntryOnce(2, 'b')});
    ASSERT_TRUE(both.ok());
    EXPECT_TRUE((*both)[0].is_new);
    EXPECT_FALSE((*both)[1].is_new);
    EXPECT_EQ((*both)[1].index, 0U);
    EXPECT_EQ((*both)[2].index, 1U);
    EXPECT_FALSE(ledger->Append(MadeUpEntryOnce(3, 'b'))->is_new);
    EXPECT_EQ(ledger->Head().size, 2U);
  }
  const auto ledger = Reopen(&disk);
  const auto again = ledger->Append(MadeUpEntryOnce(4, 'b'));
  EXPECT_EQ(again->index, 1U);
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(ledger->Head().size, 2U);
}

TEST(LedgerTest, WrongEntriesAreRefusedAndNothingIsAppended) {
  LedgerDisk disk;
  const auto ledger = Reopen(&disk);
  std::vector<pb::LedgerEntry> wrong(7, MadeUpEntry(0));
  wrong[0].clear_read_denied();
  wrong[1].clear_at();
  wrong[2].clear_actor();
  wrong[3].set_unique_key("short");
  wrong[4].mutable_policy()->set_hash("short");
  wrong[5].mutable_read_denied()->set_caller(std::string(kMaxLeafBytes, 'x'));
  wrong[6].set_tenant(std::string(1000, 't'));
  for (const pb::LedgerEntry& entry : wrong) {
    EXPECT_TRUE(absl::IsInvalidArgument(ledger->AppendAll({MadeUpEntry(1), entry}).status())) << entry.DebugString();
  }
  EXPECT_EQ(ledger->Head().size, 0U);
  EXPECT_TRUE(ledger->Append(MadeUpEntry(0)).ok());
}

TEST(LedgerTest, ManyEntriesAreSpreadOverFrames) {
  LedgerDisk disk;
  std::vector<pb::LedgerEntry> entries;
  for (uint64_t i = 0; i < 300; ++i) {
    entries.push_back(MadeUpEntry(i));
    entries.back().mutable_read_denied()->set_method(std::string(15'000, 'm'));
  }
  {
    const auto ledger = Reopen(&disk);
    ASSERT_TRUE(ledger->AppendAll(entries).ok());
    EXPECT_EQ(EntryAt(*ledger, 299).read_denied().caller(), "caller 299");
  }
  EXPECT_GT(disk.Bytes("log").size(), kMaxFrameBytes);
  const auto ledger = Reopen(&disk);
  EXPECT_EQ(HashBytes(ledger->Head().root), recursive::Mth(LeavesOf(*ledger)));
}

TEST(LedgerTest, ProofsAreOnlyOfWhatIsThere) {
  LedgerDisk disk;
  const auto ledger = Reopen(&disk);
  ASSERT_TRUE(ledger->AppendAll({MadeUpEntry(0), MadeUpEntry(1), MadeUpEntry(2)}).ok());
  EXPECT_EQ(ledger->InclusionProof(1, 3)->size(), 2U);
  EXPECT_EQ(ledger->ConsistencyProof(2, 3)->size(), 1U);
  EXPECT_TRUE(absl::IsOutOfRange(ledger->Root(4).status()));
  EXPECT_TRUE(absl::IsOutOfRange(ledger->InclusionProof(0, 4).status()));
  EXPECT_TRUE(absl::IsOutOfRange(ledger->ConsistencyProof(0, 4).status()));
}

TEST(LedgerTest, ThreadsShareSyncsAndEachGetsItsOwnIndex) {
  constexpr int kThreads = 8;
  constexpr uint64_t kEach = 200;
  LedgerDisk disk;
  const auto ledger = Reopen(&disk);
  disk.CrashAt(0);
  std::vector<std::vector<uint64_t>> indices(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < kEach; ++i) {
        const auto appended = ledger->Append(MadeUpEntry(static_cast<uint64_t>(t) * kEach + i));
        ASSERT_TRUE(appended.ok());
        indices[t].push_back(appended->index);
        // What is acknowledged can be read and proven.
        const TreeHead head = ledger->Head();
        ASSERT_GT(head.size, appended->index);
        ASSERT_TRUE(ledger->InclusionProof(appended->index, head.size).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ledger->Head().size, kThreads * kEach);
  for (int t = 0; t < kThreads; ++t) {
    for (uint64_t i = 0; i < kEach; ++i) {
      EXPECT_EQ(EntryAt(*ledger, indices[t][i]).read_denied().caller(),
                absl::StrCat("caller ", static_cast<uint64_t>(t) * kEach + i));
    }
  }
  EXPECT_EQ(HashBytes(ledger->Head().root), recursive::Mth(LeavesOf(*ledger)));
}

TEST(LedgerTest, AfterAFailureNothingIsAcceptedUntilItIsOpenedAgain) {
  LedgerDisk disk;
  {
    const auto ledger = Reopen(&disk);
    ASSERT_TRUE(ledger->Append(MadeUpEntry(0)).ok());
    disk.CrashAt(1, 0.5);
    EXPECT_FALSE(ledger->Append(MadeUpEntry(1)).ok());
    disk.CrashAt(0);
    const absl::Status status = ledger->Append(MadeUpEntry(2)).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_EQ(ledger->Head().size, 1U);
  }
  const auto ledger = Reopen(&disk);
  EXPECT_GT(ledger->recovery().cut_bytes, 0U);
  EXPECT_TRUE(ledger->Append(MadeUpEntry(2)).ok());
}

TEST(LedgerTest, AFolderIsPrivateAndBelongsToOneProcess) {
  std::string folder = (std::filesystem::temp_directory_path() / "ledger_test_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/ledger";
  const SystemClock clock;
  {
    auto files = OpenLedgerFolder(path);
    ASSERT_TRUE(files.ok()) << files.status();
    const auto ledger = Ledger::Open(*std::move(files), &clock);
    ASSERT_TRUE(ledger.ok()) << ledger.status();
    ASSERT_TRUE((*ledger)->Append(MadeUpEntry(0)).ok());
    EXPECT_TRUE(absl::IsFailedPrecondition(Ledger::Open(*OpenLedgerFolder(path), &clock).status()));
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      struct stat info;
      ASSERT_EQ(stat(entry.path().c_str(), &info), 0);
      EXPECT_EQ(info.st_mode & 0777, 0600U) << entry.path();
    }
    struct stat info;
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);
  }
  const auto ledger = Ledger::Open(*OpenLedgerFolder(path), &clock);
  ASSERT_TRUE(ledger.ok()) << ledger.status();
  EXPECT_EQ((*ledger)->Head().size, 1U);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rollcall
