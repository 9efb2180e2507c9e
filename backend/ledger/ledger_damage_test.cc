// Files of a ledger that somebody or something changed: opening it says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/ledger/ledger.h"
#include "backend/ledger/testing/made_up_entries.h"
#include "backend/ledger/testing/memory_ledger_files.h"

namespace rollcall {
namespace {

class LedgerDamageTest : public ::testing::Test {
 protected:
  // Four frames, six leaves.
  LedgerDamageTest() {
    LedgerDisk disk;
    auto ledger = Ledger::Open(disk.Mount(), &clock_);
    EXPECT_TRUE(ledger.ok());
    EXPECT_TRUE((*ledger)->Append(MadeUpEntry(0)).ok());
    frame_ends_.push_back(disk.Bytes("log").size());
    EXPECT_TRUE((*ledger)->AppendAll({MadeUpEntry(1), MadeUpEntry(2), MadeUpEntry(3)}).ok());
    frame_ends_.push_back(disk.Bytes("log").size());
    EXPECT_TRUE((*ledger)->Append(MadeUpEntry(4)).ok());
    frame_ends_.push_back(disk.Bytes("log").size());
    EXPECT_TRUE((*ledger)->Append(MadeUpEntryOnce(5, 'u')).ok());
    frame_ends_.push_back(disk.Bytes("log").size());
    head_ = (*ledger)->Head();
    for (const std::string& name : disk.Names()) files_[name] = disk.Bytes(name);
  }

  // Opens a copy of the ledger with another log.
  absl::StatusOr<std::unique_ptr<Ledger>> OpenWith(const std::string& log, bool marker = true) {
    disk_ = std::make_unique<LedgerDisk>();
    const auto files = disk_->Mount();
    for (const auto& [name, bytes] : files_) {
      EXPECT_TRUE(files->Open(name).ok());
      disk_->Bytes(name) = name == "log" ? log : name == "acknowledged" && !marker ? "" : bytes;
    }
    return Ledger::Open(disk_->Mount(), &clock_);
  }

  const SystemClock clock_;
  std::map<std::string, std::string> files_;
  std::vector<size_t> frame_ends_;
  TreeHead head_;
  std::unique_ptr<LedgerDisk> disk_;
};

TEST_F(LedgerDamageTest, Undamaged) { EXPECT_EQ((*OpenWith(files_["log"]))->Head().root, head_.root); }

TEST_F(LedgerDamageTest, EveryBitOfTheLog) {
  const std::string log = files_["log"];
  for (size_t bit = 0; bit < log.size() * 8; ++bit) {
    std::string damaged = log;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_TRUE(absl::IsDataLoss(OpenWith(damaged).status())) << "bit " << bit;
  }
}

TEST_F(LedgerDamageTest, EveryCutOfTheTail) {
  const std::string log = files_["log"];
  for (size_t size = 0; size < log.size(); ++size) {
    ASSERT_TRUE(absl::IsDataLoss(OpenWith(log.substr(0, size)).status())) << size;
  }
}

TEST_F(LedgerDamageTest, WithoutTheMarkerOnlyTheLastFrameCanPassForTorn) {
  const std::string log = files_["log"];
  for (size_t byte = 0; byte < log.size(); ++byte) {
    std::string damaged = log;
    damaged[byte] = static_cast<char>(damaged[byte] ^ 0x20);
    const auto ledger = OpenWith(damaged, false);
    // Another first leaf in the last header: entries are missing between, which no crash does.
    const bool gap = byte >= frame_ends_[2] + 12 && byte < frame_ends_[2] + 20;
    if (byte < frame_ends_[2] || gap) {
      ASSERT_TRUE(absl::IsDataLoss(ledger.status())) << byte;
      continue;
    }
    // Cut, and told by an entry that takes its place.
    ASSERT_TRUE(ledger.ok()) << byte << ": " << ledger.status();
    EXPECT_EQ((*ledger)->recovery().leaves, 5U);
    EXPECT_EQ((*ledger)->recovery().cut_bytes, log.size() - frame_ends_[2]);
    pb::LedgerEntry told;
    ASSERT_TRUE(told.ParseFromString(*(*ledger)->Leaf(5)));
    EXPECT_EQ(told.tail_cut().offset(), frame_ends_[2]);
    EXPECT_EQ(told.tail_cut().bytes(), log.size() - frame_ends_[2]);
  }
}

TEST_F(LedgerDamageTest, FramesThatWereDroppedSwappedOrRepeated) {
  const std::string log = files_["log"];
  std::vector<std::string> frames;
  size_t begin = kLogHeader.size();
  for (const size_t end : frame_ends_) {
    frames.push_back(log.substr(begin, end - begin));
    begin = end;
  }
  const std::string header(kLogHeader);
  for (size_t a = 0; a < frames.size(); ++a) {
    std::string dropped = header;
    std::string repeated = header;
    for (size_t i = 0; i < frames.size(); ++i) {
      if (i != a) dropped += frames[i];
      repeated += i == a ? frames[i] + frames[i] : frames[i];
    }
    for (const bool marker : {true, false}) {
      const bool last = a + 1 == frames.size();
      // Without marker, a dropped end shows against an outside checkpoint only.
      if (marker || !last) EXPECT_TRUE(absl::IsDataLoss(OpenWith(dropped, marker).status())) << a;
    }
    const auto ledger = OpenWith(repeated);
    EXPECT_TRUE(!ledger.ok() || (*ledger)->recovery().cut_bytes > 0) << a;
    for (size_t b = a + 1; b < frames.size(); ++b) {
      std::vector<std::string> swapped = frames;
      std::swap(swapped[a], swapped[b]);
      std::string bytes = header;
      for (const std::string& frame : swapped) bytes += frame;
      EXPECT_TRUE(absl::IsDataLoss(OpenWith(bytes).status())) << a << " and " << b;
    }
  }
}

TEST_F(LedgerDamageTest, AWholeOtherLogIsNotTheOneThatWasAcknowledged) {
  LedgerDisk other;
  {
    auto ledger = Ledger::Open(other.Mount(), &clock_);
    for (uint64_t i = 0; i < 8; ++i) ASSERT_TRUE((*ledger)->Append(MadeUpEntry(100 + i)).ok());
  }
  EXPECT_TRUE(absl::IsDataLoss(OpenWith(other.Bytes("log")).status()));
}

// A wrong file put in place, which a crash tore as well: it is somebody's ledger, and stays as it is.
TEST_F(LedgerDamageTest, AnotherLogIsNotCutBeforeItIsCompared) {
  LedgerDisk other;
  {
    auto ledger = Ledger::Open(other.Mount(), &clock_);
    for (uint64_t i = 0; i < 8; ++i) ASSERT_TRUE((*ledger)->Append(MadeUpEntry(100 + i)).ok());
  }
  const std::string torn = other.Bytes("log") + "RCLF torn";
  EXPECT_TRUE(absl::IsDataLoss(OpenWith(torn).status()));
  EXPECT_EQ(disk_->Bytes("log"), torn);
}

// An entry with `text` in it, as the host or caller that it names may have.
pb::LedgerEntry EntryWith(const std::string& text) {
  pb::LedgerEntry entry = MadeUpEntry(0);
  entry.mutable_read_denied()->set_caller(text);
  return entry;
}

// The header of a frame of one leaf of 16 bytes.
std::string FrameHeaderText(uint64_t first_leaf) {
  std::string text("RCLF\x14\0\0\0\1\0\0\0", 12);
  for (int i = 0; i < 8; ++i) text.push_back(static_cast<char>(first_leaf >> (8 * i)));
  return text;
}

TEST_F(LedgerDamageTest, ALeafThatLooksLikeAFrameIsTornLikeAnyOther) {
  for (const std::string& text : {FrameHeaderText(1'000'000), std::string("RCLF\1\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0", 20),
                                  std::string("RCLF\0\0\3\0\1\0\0\0\2\0\0\0\0\0\0\0", 20)}) {
    LedgerDisk disk;
    {
      auto ledger = Ledger::Open(disk.Mount(), &clock_);
      ASSERT_TRUE((*ledger)->Append(MadeUpEntry(0)).ok());
      const std::string marker = disk.Bytes("acknowledged");
      ASSERT_TRUE((*ledger)->Append(EntryWith(text)).ok());
      disk.Bytes("acknowledged") = marker;
    }
    disk.Bytes("log").pop_back();
    const auto ledger = Ledger::Open(disk.Mount(), &clock_);
    ASSERT_TRUE(ledger.ok()) << absl::BytesToHexString(text) << ": " << ledger.status();
    EXPECT_EQ((*ledger)->recovery().leaves, 1U);
    EXPECT_GT((*ledger)->recovery().cut_bytes, 0U);
  }
}

// The bytes before it may be any: a frame that can be there follows them, so they were acknowledged.
TEST_F(LedgerDamageTest, AFrameThatFollowsOneWithoutItsHeaderIsSeen) {
  std::string log = files_["log"];
  log.replace(frame_ends_[1], kFrameHeaderBytes, kFrameHeaderBytes, '\0');
  EXPECT_TRUE(absl::IsDataLoss(OpenWith(log, false).status()));
}

TEST_F(LedgerDamageTest, StoredNodesAreMendedFromTheLog) {
  const auto inclusion = (*OpenWith(files_["log"]))->InclusionProof(1, 6);
  files_["tree"][40] ^= 1;
  EXPECT_EQ(*(*OpenWith(files_["log"]))->InclusionProof(1, 6), *inclusion);
  files_["tree"].clear();
  EXPECT_EQ(*(*OpenWith(files_["log"]))->InclusionProof(1, 6), *inclusion);
}

TEST_F(LedgerDamageTest, ADamagedMarkerIsNoReasonToRefuse) {
  const std::string marker = files_["acknowledged"];
  for (size_t bit = 0; bit < marker.size() * 8; ++bit) {
    std::string damaged = marker;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    files_["acknowledged"] = damaged;
    const auto ledger = OpenWith(files_["log"]);
    ASSERT_TRUE(ledger.ok()) << bit << ": " << ledger.status();
    EXPECT_EQ((*ledger)->Head().root, head_.root);
  }
}

TEST_F(LedgerDamageTest, NotALedger) {
  EXPECT_TRUE(absl::IsDataLoss(OpenWith("something else, and long enough").status()));
  EXPECT_TRUE(absl::IsDataLoss(OpenWith("short", false).status()));
}

}  // namespace
}  // namespace rollcall
