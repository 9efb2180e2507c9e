// Writer and reader of log records together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "agent/spool/crc32c.h"
#include "agent/spool/little_endian.h"
#include "agent/spool/log_format.h"
#include "agent/spool/log_reader.h"
#include "agent/spool/log_writer.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Repeated(const std::string& text, size_t size) {
  std::string out;
  while (out.size() < size) out += text;
  out.resize(size);
  return out;
}

class LogTest : public ::testing::Test {
 protected:
  void Write(const std::string& payload) {
    const uint64_t expected = FramedLogRecordBytes(log_.size(), payload.size());
    const size_t before = log_.size();
    FrameLogRecord(before, payload, &log_);
    EXPECT_EQ(log_.size() - before, expected);
  }

  std::vector<std::string> ReadAll() {
    LogReader reader(log_, 0);
    std::vector<std::string> payloads;
    LogRecord record;
    while (reader.Next(&record)) payloads.push_back(record.payload);
    damage_ = reader.damage();
    torn_ = reader.torn_tail();
    good_end_ = reader.good_end();
    return payloads;
  }

  // Recomputes the checksum of the header at `offset`.
  void FixChecksum(size_t offset) {
    absl::string_view header = absl::string_view(log_).substr(offset);
    uint32_t crc = 0;
    uint16_t size = 0;
    ASSERT_TRUE(TakeLittleEndian(&header, &crc) && TakeLittleEndian(&header, &size));
    std::string bytes;
    AppendLittleEndian(Crc32c(absl::string_view(log_).substr(offset + 6, size + 1u)), &bytes);
    log_.replace(offset, 4, bytes);
  }

  std::string log_;
  std::vector<LogDamage> damage_;
  bool torn_ = false;
  uint64_t good_end_ = 0;
};

TEST_F(LogTest, Empty) {
  EXPECT_THAT(ReadAll(), IsEmpty());
  EXPECT_FALSE(torn_);
}

TEST_F(LogTest, ReadsBackWhatWasWritten) {
  for (const char* payload : {"foo", "bar", "", "xxxx"}) Write(payload);
  EXPECT_THAT(ReadAll(), ElementsAre("foo", "bar", "", "xxxx"));
  EXPECT_THAT(damage_, IsEmpty());
  EXPECT_FALSE(torn_);
  EXPECT_EQ(good_end_, log_.size());
}

TEST_F(LogTest, ManyBlocks) {
  std::vector<std::string> expected;
  for (int i = 0; i < 20000; ++i) expected.push_back(std::to_string(i));
  for (const std::string& payload : expected) Write(payload);
  EXPECT_EQ(ReadAll(), expected);
}

TEST_F(LogTest, Fragmentation) {
  const std::string medium = Repeated("medium", 50000);
  const std::string large = Repeated("large", 100000);
  for (const std::string& payload : {std::string("small"), medium, large}) Write(payload);
  EXPECT_THAT(ReadAll(), ElementsAre("small", medium, large));
  EXPECT_GT(log_.size(), 4 * kLogBlockBytes);
}

TEST_F(LogTest, EveryDistanceFromTheBlockEnd) {
  for (size_t left = 0; left <= 2 * kLogHeaderBytes; ++left) {
    log_.clear();
    const std::string filler = Repeated("x", kLogBlockBytes - kLogHeaderBytes - left);
    Write(filler);
    Write("");
    Write("after");
    EXPECT_THAT(ReadAll(), ElementsAre(filler, "", "after")) << left;
    EXPECT_THAT(damage_, IsEmpty()) << left;
  }
}

TEST_F(LogTest, RandomSizesFromAnyOffset) {
  std::mt19937 random(17);
  std::uniform_int_distribution<size_t> size(0, 70000);
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    expected.push_back(Repeated(std::to_string(i) + ".", size(random) >> (i % 10)));
    Write(expected.back());
  }
  EXPECT_EQ(ReadAll(), expected);
}

TEST_F(LogTest, BadRecordTypeIsDamage) {
  Write("foo");
  for (const char type : {'\0', '\x05', '\xff'}) {
    log_[6] = type;
    FixChecksum(0);
    EXPECT_THAT(ReadAll(), IsEmpty());
    EXPECT_THAT(damage_, SizeIs(1)) << static_cast<int>(type);
  }
}

TEST_F(LogTest, EveryTruncationIsATornTailAndKeepsWhatIsWhole) {
  for (const char* payload : {"first", "second", "third"}) Write(payload);
  const std::string whole = log_;
  for (size_t size = 0; size < whole.size(); ++size) {
    log_ = whole.substr(0, size);
    const std::vector<std::string> payloads = ReadAll();
    EXPECT_EQ(payloads.size(), (size >= 12) + (size >= 25)) << size;
    EXPECT_THAT(damage_, IsEmpty()) << size;
    EXPECT_EQ(torn_, size != 0 && size != 12 && size != 25) << size;
    EXPECT_EQ(good_end_, size >= 25 ? 25 : size >= 12 ? 12 : 0) << size;
  }
}

TEST_F(LogTest, FirstWithoutLastAtTheEndIsTorn) {
  Write("foo");
  const size_t end = log_.size();
  Write(Repeated("bar", kLogBlockBytes));
  log_.resize(kLogBlockBytes);
  EXPECT_THAT(ReadAll(), ElementsAre("foo"));
  EXPECT_TRUE(torn_);
  EXPECT_EQ(good_end_, end);
  EXPECT_THAT(damage_, IsEmpty());
}

TEST_F(LogTest, MiddleOrLastWithoutFirstIsDamage) {
  Write("foo");
  Write("bar");
  for (const LogRecordType type : {LogRecordType::kMiddle, LogRecordType::kLast}) {
    log_[6] = static_cast<char>(type);
    FixChecksum(0);
    EXPECT_THAT(ReadAll(), ElementsAre("bar"));
    EXPECT_THAT(damage_, SizeIs(1));
  }
}

TEST_F(LogTest, FirstFollowedByFullLosesOnlyTheFirst) {
  Write("foo");
  Write("bar");
  log_[6] = static_cast<char>(LogRecordType::kFirst);
  FixChecksum(0);
  EXPECT_THAT(ReadAll(), ElementsAre("bar"));
  ASSERT_THAT(damage_, SizeIs(1));
  EXPECT_EQ(damage_[0].offset, 0u);
  EXPECT_EQ(damage_[0].bytes, 10u);
}

TEST_F(LogTest, ChecksumMismatchSkipsToTheNextBlock) {
  const std::string filler = Repeated("a", kLogBlockBytes - kLogHeaderBytes);
  Write(filler);
  Write("next block");
  log_[100] ^= 1;
  EXPECT_THAT(ReadAll(), ElementsAre("next block"));
  ASSERT_THAT(damage_, SizeIs(1));
  EXPECT_EQ(damage_[0].bytes, kLogBlockBytes);
}

TEST_F(LogTest, DamageDoesNotJoinHalvesOfDifferentRecords) {
  // FIRST(A) | damaged block with LAST(A), FIRST(B) | LAST(B): neither may come back.
  const std::string a = Repeated("A", kLogBlockBytes + 1000);
  const std::string b = Repeated("B", kLogBlockBytes);
  Write(a);
  Write(b);
  Write("whole");
  for (size_t i = kLogBlockBytes; i < 2 * kLogBlockBytes; ++i) log_[i] = 'x';
  EXPECT_THAT(ReadAll(), ElementsAre("whole"));
  EXPECT_FALSE(damage_.empty());
}

TEST_F(LogTest, ReservedZerosAtTheEndAreNotDamage) {
  Write("foo");
  const size_t end = log_.size();
  log_.append(5000, '\0');
  EXPECT_THAT(ReadAll(), ElementsAre("foo"));
  EXPECT_THAT(damage_, IsEmpty());
  EXPECT_TRUE(torn_);
  EXPECT_EQ(good_end_, end);
}

TEST_F(LogTest, ZerosBeforeOtherBytesAreDamage) {
  Write("foo");
  log_.resize(kLogBlockBytes);
  Write("bar");
  EXPECT_THAT(ReadAll(), ElementsAre("foo", "bar"));
  EXPECT_THAT(damage_, SizeIs(1));
}

TEST_F(LogTest, LengthAcrossTheBlockIsDamage) {
  Write("foo");
  log_.resize(kLogBlockBytes, 'x');
  log_[4] = '\xff';
  log_[5] = '\xff';
  Write("bar");
  EXPECT_THAT(ReadAll(), ElementsAre("bar"));
  EXPECT_THAT(damage_, SizeIs(1));
}

TEST_F(LogTest, EveryFlippedByteLosesNothingUnnoticed) {
  const std::vector<std::string> all = {"first", "second", "third", Repeated("x", kLogBlockBytes), "last"};
  for (const std::string& payload : all) Write(payload);
  const std::string whole = log_;
  for (size_t at = 0; at < whole.size(); at += at < 60 ? 1 : 997) {
    log_ = whole;
    log_[at] ^= 0x55;
    const std::vector<std::string> payloads = ReadAll();
    for (const std::string& payload : payloads) EXPECT_THAT(all, ::testing::Contains(payload)) << at;
    EXPECT_TRUE(!damage_.empty() || torn_) << at;
  }
}

}  // namespace
}  // namespace rollcall
