// The cases of LevelDB's db/log_test.cc, by the names they have there, for the format both share.
// Where it starts reading in the middle of a file, LevelDB skips what it is told to; ours takes it
// for damage and goes on at the next block, so that some cases expect a later record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "agent/spool/crc32c.h"
#include "agent/spool/directory_spool.h"
#include "agent/spool/little_endian.h"
#include "agent/spool/log_format.h"
#include "agent/spool/log_reader.h"
#include "agent/spool/log_writer.h"
#include "agent/spool/testing/memory_spool_files.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kBlockSize = kLogBlockBytes;
constexpr size_t kHeaderSize = kLogHeaderBytes;

std::string BigString(const std::string& part, size_t size) {
  std::string out;
  while (out.size() < size) out += part;
  out.resize(size);
  return out;
}

std::string NumberString(int n) { return std::to_string(n) + "."; }

class LevelDbLogTest : public ::testing::Test {
 protected:
  void Write(const std::string& payload) { FrameLogRecord(log_.size(), payload, &log_); }
  size_t WrittenBytes() const { return log_.size(); }
  void IncrementByte(size_t offset, int delta) { log_[offset] = static_cast<char>(log_[offset] + delta); }
  void SetByte(size_t offset, LogRecordType type) { log_[offset] = static_cast<char>(type); }
  void ShrinkSize(size_t bytes) { log_.resize(log_.size() - bytes); }
  void FixChecksum(size_t header, size_t size) {
    std::string crc;
    AppendLittleEndian(Crc32c(absl::string_view(log_).substr(header + 6, size + 1)), &crc);
    log_.replace(header, 4, crc);
  }

  // Everything from `offset` to the end of the file.
  std::vector<std::string> ReadFrom(size_t offset) {
    LogReader reader(absl::string_view(log_).substr(std::min(offset, log_.size())), offset);
    std::vector<std::string> payloads;
    LogRecord record;
    while (reader.Next(&record)) payloads.push_back(record.payload);
    torn_ = reader.torn_tail();
    dropped_bytes_ = 0;
    reasons_.clear();
    for (const LogDamage& damage : reader.damage()) {
      dropped_bytes_ += damage.bytes;
      reasons_ += damage.reason + ";";
    }
    return payloads;
  }
  std::vector<std::string> Read() { return ReadFrom(0); }
  void ExpectNoDamage() const { EXPECT_EQ(reasons_, ""); }

  std::string log_;
  bool torn_ = false;
  size_t dropped_bytes_ = 0;
  std::string reasons_;
};

TEST_F(LevelDbLogTest, Empty) {
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_FALSE(torn_);
}

TEST_F(LevelDbLogTest, ReadWrite) {
  for (const char* payload : {"foo", "bar", "", "xxxx"}) Write(payload);
  EXPECT_THAT(Read(), ElementsAre("foo", "bar", "", "xxxx"));
  ExpectNoDamage();
}

TEST_F(LevelDbLogTest, ManyBlocks) {
  for (int i = 0; i < 100000; ++i) Write(NumberString(i));
  const std::vector<std::string> read = Read();
  ASSERT_EQ(read.size(), 100000u);
  for (int i = 0; i < 100000; ++i) ASSERT_EQ(read[static_cast<size_t>(i)], NumberString(i));
}

TEST_F(LevelDbLogTest, Fragmentation) {
  Write("small");
  Write(BigString("medium", 50000));
  Write(BigString("large", 100000));
  EXPECT_THAT(Read(), ElementsAre("small", BigString("medium", 50000), BigString("large", 100000)));
}

TEST_F(LevelDbLogTest, MarginalTrailer) {
  // The trailer has room for a header and no more.
  const size_t n = kBlockSize - 2 * kHeaderSize;
  Write(BigString("foo", n));
  ASSERT_EQ(WrittenBytes(), kBlockSize - kHeaderSize);
  Write("");
  Write("bar");
  EXPECT_THAT(Read(), ElementsAre(BigString("foo", n), "", "bar"));
}

TEST_F(LevelDbLogTest, MarginalTrailer2) {
  const size_t n = kBlockSize - 2 * kHeaderSize;
  Write(BigString("foo", n));
  ASSERT_EQ(WrittenBytes(), kBlockSize - kHeaderSize);
  Write("bar");
  EXPECT_THAT(Read(), ElementsAre(BigString("foo", n), "bar"));
  ExpectNoDamage();
}

TEST_F(LevelDbLogTest, ShortTrailer) {
  const size_t n = kBlockSize - 2 * kHeaderSize + 4;
  Write(BigString("foo", n));
  ASSERT_EQ(WrittenBytes(), kBlockSize - kHeaderSize + 4);
  Write("");
  Write("bar");
  EXPECT_THAT(Read(), ElementsAre(BigString("foo", n), "", "bar"));
}

TEST_F(LevelDbLogTest, AlignedEof) {
  const size_t n = kBlockSize - 2 * kHeaderSize + 4;
  Write(BigString("foo", n));
  ASSERT_EQ(WrittenBytes(), kBlockSize - kHeaderSize + 4);
  EXPECT_THAT(Read(), ElementsAre(BigString("foo", n)));
  EXPECT_FALSE(torn_);
}

TEST_F(LevelDbLogTest, OpenForAppend) {
  Write("hello");
  const std::string before = log_;
  log_.clear();
  std::string more;
  FrameLogRecord(before.size(), "world", &more);
  log_ = before + more;
  EXPECT_THAT(Read(), ElementsAre("hello", "world"));
}

TEST_F(LevelDbLogTest, RandomRead) {
  std::mt19937 random(301);
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) {
    expected.push_back(BigString(NumberString(i), random() % (1u << (random() % 18))));
    Write(expected.back());
  }
  EXPECT_EQ(Read(), expected);
}

// Reading is above the reader of bytes here: what cannot be read is taken for lost.
TEST_F(LevelDbLogTest, ReadError) {
  MemoryDisk disk;
  const DirectorySpoolOptions options{.max_bytes = 64 * 1024, .segment_bytes = 4096, .min_free_bytes = 1 << 20};
  auto plan = std::make_shared<FaultPlan>();
  {
    auto spool = DirectorySpool::Open(disk.Mount(), options);
    ASSERT_TRUE(spool.ok());
    ASSERT_TRUE((*spool)->Append({"ports", "host"}, "foo").ok());
  }
  plan->only = FaultPlan::Only::kReads;
  plan->FailAt(1, UINT64_MAX, absl::DataLossError("read: input/output error"));
  auto spool = DirectorySpool::Open(WithFaults(disk.Mount(), plan), options);
  ASSERT_TRUE(spool.ok());
  EXPECT_TRUE((*spool)->NeedsFull({"ports", "host"}));
  EXPECT_TRUE((*spool)->Read(0, 10, 1000)->empty());
}

TEST_F(LevelDbLogTest, BadRecordType) {
  Write("foo");
  IncrementByte(6, 100);
  FixChecksum(0, 3);
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_EQ(dropped_bytes_, kHeaderSize + 3);
  EXPECT_EQ(reasons_, "unknown record type;");
}

TEST_F(LevelDbLogTest, TruncatedTrailingRecordIsIgnored) {
  Write("foo");
  ShrinkSize(4);  // all of the payload and a byte of the header
  EXPECT_THAT(Read(), IsEmpty());
  ExpectNoDamage();
  EXPECT_TRUE(torn_);
}

TEST_F(LevelDbLogTest, BadLength) {
  const size_t payload = kBlockSize - kHeaderSize;
  Write(BigString("bar", payload));
  Write("foo");
  IncrementByte(4, 1);
  EXPECT_THAT(Read(), ElementsAre("foo"));
  EXPECT_EQ(dropped_bytes_, kBlockSize);
  EXPECT_EQ(reasons_, "length crosses the block;");
}

TEST_F(LevelDbLogTest, BadLengthAtEndIsIgnored) {
  Write("foo");
  ShrinkSize(1);
  EXPECT_THAT(Read(), IsEmpty());
  ExpectNoDamage();
  EXPECT_TRUE(torn_);
}

TEST_F(LevelDbLogTest, ChecksumMismatch) {
  Write("foo");
  IncrementByte(0, 10);
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_EQ(dropped_bytes_, 10u);
  EXPECT_EQ(reasons_, "checksum does not match;");
}

TEST_F(LevelDbLogTest, UnexpectedMiddleType) {
  Write("foo");
  SetByte(6, LogRecordType::kMiddle);
  FixChecksum(0, 3);
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_EQ(reasons_, "record without its start;");
}

TEST_F(LevelDbLogTest, UnexpectedLastType) {
  Write("foo");
  SetByte(6, LogRecordType::kLast);
  FixChecksum(0, 3);
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_EQ(reasons_, "record without its start;");
}

TEST_F(LevelDbLogTest, UnexpectedFullType) {
  Write("foo");
  Write("bar");
  SetByte(6, LogRecordType::kFirst);
  FixChecksum(0, 3);
  EXPECT_THAT(Read(), ElementsAre("bar"));
  EXPECT_EQ(reasons_, "record without its end;");
}

TEST_F(LevelDbLogTest, UnexpectedFirstType) {
  Write("foo");
  Write(BigString("bar", 100000));
  SetByte(6, LogRecordType::kFirst);
  FixChecksum(0, 3);
  EXPECT_THAT(Read(), ElementsAre(BigString("bar", 100000)));
  EXPECT_EQ(reasons_, "record without its end;");
}

TEST_F(LevelDbLogTest, MissingLastIsIgnored) {
  Write(BigString("bar", kBlockSize));
  ShrinkSize(14);  // the LAST block, header included
  EXPECT_THAT(Read(), IsEmpty());
  ExpectNoDamage();
  EXPECT_TRUE(torn_);
}

TEST_F(LevelDbLogTest, PartialLastIsIgnored) {
  Write(BigString("bar", kBlockSize));
  ShrinkSize(1);
  EXPECT_THAT(Read(), IsEmpty());
  ExpectNoDamage();
  EXPECT_TRUE(torn_);
}

TEST_F(LevelDbLogTest, SkipIntoMultiRecord) {
  Write(BigString("foo", 3 * kBlockSize));
  Write("correct");
  EXPECT_THAT(ReadFrom(kBlockSize), ElementsAre("correct"));
}

TEST_F(LevelDbLogTest, ErrorJoinsRecords) {
  // FIRST(foo) LAST(foo) FIRST(bar) LAST(bar) must not become FIRST(foo) LAST(bar).
  Write(BigString("foo", kBlockSize));
  Write(BigString("bar", kBlockSize));
  Write("correct");
  for (size_t offset = kBlockSize; offset < 2 * kBlockSize; ++offset) log_[offset] = 'x';
  EXPECT_THAT(Read(), ElementsAre("correct"));
  EXPECT_GE(dropped_bytes_, 2 * kBlockSize);
  EXPECT_LE(dropped_bytes_, 2 * kBlockSize + 100);
}

// Six records over four blocks: two small ones, one over three blocks, a tiny one, one that ends two
// bytes before the end of a block, and one that fills the next.
class LevelDbInitialOffsetTest : public LevelDbLogTest {
 protected:
  LevelDbInitialOffsetTest() {
    char letter = 'a';
    for (const size_t size :
         {size_t{10000}, size_t{10000}, 2 * kBlockSize - 1000, size_t{1}, size_t{13716}, kBlockSize - kHeaderSize}) {
      starts_.push_back(log_.size());
      Write(std::string(size, letter++));
    }
    starts_.back() = 3 * kBlockSize;  // after the padding
    EXPECT_EQ(log_.size(), 4 * kBlockSize);
  }

  // The first record that is read from `offset` on is number `expected`, and all after it follow.
  void Check(size_t offset, size_t expected) {
    const std::vector<std::string> read = ReadFrom(offset);
    ASSERT_EQ(read.size(), starts_.size() - expected);
    for (size_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i][0], static_cast<char>('a' + expected + i));
  }

  std::vector<size_t> starts_;
};

TEST_F(LevelDbInitialOffsetTest, ReadStart) { Check(0, 0); }
TEST_F(LevelDbInitialOffsetTest, ReadSecondOneOff) { Check(1, 3); }
TEST_F(LevelDbInitialOffsetTest, ReadSecondTenThousand) { Check(10000, 3); }
TEST_F(LevelDbInitialOffsetTest, ReadSecondStart) { Check(10007, 1); }
TEST_F(LevelDbInitialOffsetTest, ReadThirdOneOff) { Check(10008, 3); }
TEST_F(LevelDbInitialOffsetTest, ReadThirdStart) { Check(20014, 2); }
TEST_F(LevelDbInitialOffsetTest, ReadFourthOneOff) { Check(20015, 3); }
TEST_F(LevelDbInitialOffsetTest, ReadFourthFirstBlockTrailer) { Check(kBlockSize - 4, 3); }
TEST_F(LevelDbInitialOffsetTest, ReadFourthMiddleBlock) { Check(kBlockSize + 1, 3); }
TEST_F(LevelDbInitialOffsetTest, ReadFourthLastBlock) { Check(2 * kBlockSize + 1, 5); }
TEST_F(LevelDbInitialOffsetTest, ReadFourthStart) { Check(starts_[3], 3); }
TEST_F(LevelDbInitialOffsetTest, ReadInitialOffsetIntoBlockPadding) { Check(3 * kBlockSize - 3, 5); }
TEST_F(LevelDbInitialOffsetTest, ReadEnd) { Check(4 * kBlockSize, 6); }
TEST_F(LevelDbInitialOffsetTest, ReadPastEnd) { Check(4 * kBlockSize + 5, 6); }

}  // namespace
}  // namespace rollcall
