// Objects in memory: what is written is read, and nothing else is.
#include "backend/archive/object_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "backend/archive/block_names.h"
#include "backend/archive/testing/made_up_bucket.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr ObjectOptions kSmall = {kMinChunkBytes, 300};

DataKey KeyOf(const pb::BucketName& bucket, char secret = 's', char id = 'i') {
  std::string bytes(kSecretKeyBytes, secret);
  return DataKey(std::string(kKeyIdBytes, id), BucketTag(bucket), *SecretKey::Take(&bytes));
}

// The key of `bucket`, whatever id is asked for: what has to be found out is found out without the key store's help.
KeyLookup AlwaysKeyOf(const pb::BucketName& bucket, char secret = 's') {
  return [=](absl::string_view key_id) -> absl::StatusOr<DataKey> {
    std::string bytes(kSecretKeyBytes, secret);
    return DataKey(std::string(key_id), BucketTag(bucket), *SecretKey::Take(&bytes));
  };
}

std::string Written(const std::vector<std::string>& records, const pb::BucketName& bucket = MadeUpBucket(),
                    const ObjectOptions& options = kSmall) {
  VectorSource source(records);
  StringSink sink;
  const auto written = WriteObject(MadeUpAbout(bucket), KeyOf(bucket), &source, &sink, options);
  EXPECT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(written->sha256, Sha256Hex(sink.bytes()));
  EXPECT_EQ(written->bytes, sink.bytes().size());
  return sink.bytes();
}

absl::StatusOr<ObjectSummary> Reading(const std::string& object, std::vector<std::string>* records = nullptr,
                                      const pb::BucketName& bucket = MadeUpBucket()) {
  StringSource source(object);
  std::vector<std::string> ignored;
  return ReadObject(bucket, AlwaysKeyOf(bucket), &source, Into(records != nullptr ? records : &ignored));
}

TEST(ObjectCodecTest, ReadsWhatWasWritten) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{7}, size_t{500}}) {
    const std::vector<std::string> records = MadeUpRecords(count);
    std::vector<std::string> read;
    const auto summary = Reading(Written(records), &read);
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_THAT(read, ElementsAreArray(records));
    EXPECT_EQ(summary->manifest.records(), count);
    EXPECT_EQ(summary->manifest.schema(), "rollcall.v1.StoredRecord");
    EXPECT_EQ(summary->manifest.policy().id(), "tcss-dpsa-module");
    EXPECT_EQ(summary->manifest.bucket().tenant(), "acme");
    EXPECT_EQ(summary->manifest.has_first_collected_at(), count > 0);
    if (count > 0) {
      EXPECT_EQ(summary->manifest.first_collected_at().seconds(), absl::ToUnixSeconds(kCollected));
      EXPECT_EQ(summary->manifest.last_collected_at().seconds(),
                absl::ToUnixSeconds(kCollected) + static_cast<int64_t>(count) - 1);
    }
  }
}

// Around the sizes at which chunks and blocks end: none is lost, doubled or empty.
TEST(ObjectCodecTest, AnySizeOfRecordsChunksAndBlocks) {
  for (size_t bytes = 0; bytes < 700; bytes += bytes < 8 ? 1 : 13) {
    const std::vector<std::string> records = {std::string(bytes, 'r'), "", MadeUpRecords(1, bytes)[0]};
    std::vector<std::string> read;
    const auto summary = Reading(Written(records), &read);
    ASSERT_TRUE(summary.ok()) << bytes << ": " << summary.status();
    ASSERT_THAT(read, ElementsAreArray(records)) << bytes;
  }
}

TEST(ObjectCodecTest, LargeRecordsHaveABlockOfTheirOwn) {
  std::vector<std::string> records = {MadeUpRecords(1, kMaxArchivedRecordBytes)[0], "small"};
  std::vector<std::string> read;
  const auto summary = Reading(Written(records, MadeUpBucket(), {}), &read);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(read, records);
  EXPECT_EQ(summary->manifest.blocks(), 2u);
  records[0].push_back('x');
  VectorSource source(records);
  StringSink sink;
  EXPECT_TRUE(absl::IsInvalidArgument(WriteObject(MadeUpAbout(), KeyOf(MadeUpBucket()), &source, &sink, {}).status()));
}

TEST(ObjectCodecTest, OptionsAreBounded) {
  for (const ObjectOptions& options :
       {ObjectOptions{kMinChunkBytes - 1, 300}, ObjectOptions{kMaxChunkBytes + 1, 300},
        ObjectOptions{kMinChunkBytes, 0}, ObjectOptions{kMinChunkBytes, kMaxBlockBytes + 1}}) {
    VectorSource source({});
    StringSink sink;
    EXPECT_TRUE(
        absl::IsInvalidArgument(WriteObject(MadeUpAbout(), KeyOf(MadeUpBucket()), &source, &sink, options).status()));
  }
}

// The object has header, several chunks and a last one; every bit of all that counts.
TEST(ObjectCodecTest, EveryBitCounts) {
  const std::string object = Written(MadeUpRecords(20));
  ASSERT_GT(object.size(), kSealedHeaderBytes + 3 * (kMinChunkBytes + kNonceBytes + kTagBytes));
  for (size_t bit = 0; bit < object.size() * 8; ++bit) {
    std::string bad = object;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto read = Reading(bad);
    ASSERT_TRUE(absl::IsDataLoss(read.status())) << bit << ": " << read.status();
  }
}

TEST(ObjectCodecTest, EveryCutCounts) {
  const std::string object = Written(MadeUpRecords(20));
  for (size_t size = 0; size < object.size(); ++size) {
    const auto read = Reading(object.substr(0, size));
    ASSERT_TRUE(absl::IsDataLoss(read.status())) << size << ": " << read.status();
  }
}

TEST(ObjectCodecTest, NothingMayFollow) {
  const std::string object = Written(MadeUpRecords(20));
  const size_t chunk = kMinChunkBytes + kNonceBytes + kTagBytes;
  for (const std::string& more : {std::string("x"), std::string(27, '\0'), std::string(28, '\0'),
                                  std::string(5000, 'x'), object, object.substr(kSealedHeaderBytes, chunk)}) {
    EXPECT_TRUE(absl::IsDataLoss(Reading(object + more).status())) << more.size();
  }
}

// Chunks of an object, put together in other ways, with those of another object of the same bucket and key.
TEST(ObjectCodecTest, ChunksStayWhereTheyAre) {
  const size_t chunk = kMinChunkBytes + kNonceBytes + kTagBytes;
  const std::vector<std::string> records = MadeUpRecords(40);
  const std::string object = Written(records);
  const std::string other = Written(records);
  ASSERT_NE(object, other) << "nonces are drawn anew";
  const auto part = [&](const std::string& from, size_t i) {
    return from.substr(kSealedHeaderBytes + i * chunk, chunk);
  };
  const size_t chunks = (object.size() - kSealedHeaderBytes + chunk - 1) / chunk;
  ASSERT_GE(chunks, 5u);
  const auto with = [&](size_t at, const std::string& replacement) {
    std::string bad = object;
    bad.replace(kSealedHeaderBytes + at * chunk, std::min(chunk, bad.size() - kSealedHeaderBytes - at * chunk),
                replacement);
    return Reading(bad).status();
  };
  for (size_t i = 0; i < chunks; ++i) {
    for (size_t j = 0; j < chunks; ++j) {
      if (i != j) EXPECT_TRUE(absl::IsDataLoss(with(i, part(object, j)))) << i << " by " << j;
      EXPECT_TRUE(absl::IsDataLoss(with(i, part(other, j)))) << i << " by the other's " << j;
    }
    EXPECT_TRUE(absl::IsDataLoss(with(i, ""))) << i << " left out";
    EXPECT_TRUE(absl::IsDataLoss(with(i, part(object, i) + part(object, i)))) << i << " twice";
  }
  std::string swapped = object;
  swapped.replace(kSealedHeaderBytes, 2 * chunk, part(object, 1) + part(object, 0));
  EXPECT_TRUE(absl::IsDataLoss(Reading(swapped).status()));
  EXPECT_TRUE(
      absl::IsDataLoss(Reading(object.substr(0, kSealedHeaderBytes) + other.substr(kSealedHeaderBytes)).status()))
      << "header of one, chunks of the other";
}

// By the chunks alone, whatever is in them: cut behind a whole chunk, what remains has no end.
TEST(ObjectCodecTest, ChunksKnowTheLast) {
  StringSink sink;
  auto writer = SealedWriter::Start(KeyOf(MadeUpBucket()), MadeUpBucket(), kMinChunkBytes, &sink);
  ASSERT_TRUE(writer.ok() && (*writer)->Write(std::string(3 * kMinChunkBytes, 'x')).ok() && (*writer)->Finish().ok());
  const auto read = [&](size_t chunks) {
    const size_t size = chunks * (kMinChunkBytes + kNonceBytes + kTagBytes);
    StringSource source(sink.bytes().substr(kSealedHeaderBytes, size));
    auto reader =
        SealedReader::Start(sink.bytes().substr(0, kSealedHeaderBytes), KeyOf(MadeUpBucket()), MadeUpBucket(), &source);
    auto chunk = (*reader)->Next();
    while (chunk.ok() && chunk->has_value()) chunk = (*reader)->Next();
    return chunk.status();
  };
  EXPECT_TRUE(read(3).ok()) << read(3);
  for (const size_t chunks : {0, 1, 2}) EXPECT_TRUE(absl::IsDataLoss(read(chunks))) << chunks;
}

// Even if both had the same key, an object is good in its own bucket only.
TEST(ObjectCodecTest, AnotherBucketsObjectIsNone) {
  const std::string object = Written(MadeUpRecords(3));
  for (const pb::BucketName& bucket : {MadeUpBucket("2023-11-15"), MadeUpBucket("2023-11-14", "other")}) {
    EXPECT_TRUE(absl::IsDataLoss(Reading(object, nullptr, bucket).status()));
  }
  StringSource source(object);
  std::vector<std::string> read;
  EXPECT_TRUE(
      absl::IsDataLoss(ReadObject(MadeUpBucket(), AlwaysKeyOf(MadeUpBucket(), 't'), &source, Into(&read)).status()));
  EXPECT_TRUE(read.empty());
}

TEST(ObjectCodecTest, ErrorsOfKeysSourceAndSinkComeThrough) {
  const std::string object = Written(MadeUpRecords(3));
  StringSource source(object);
  const auto no_key = [](absl::string_view) -> absl::StatusOr<DataKey> { return absl::NotFoundError("no key"); };
  EXPECT_TRUE(absl::IsNotFound(
      ReadObject(MadeUpBucket(), no_key, &source, [](absl::string_view) { return absl::OkStatus(); }).status()));
  StringSource again(object);
  const auto full = ReadObject(MadeUpBucket(), AlwaysKeyOf(MadeUpBucket()), &again,
                               [](absl::string_view) { return absl::ResourceExhaustedError("full"); });
  EXPECT_EQ(full.status(), absl::ResourceExhaustedError("full"));

  class BrokenSource : public RecordSource {
    absl::StatusOr<std::optional<SourceRecord>> Next() override { return absl::UnavailableError("store is away"); }
  } broken;
  StringSink sink;
  EXPECT_TRUE(absl::IsUnavailable(WriteObject(MadeUpAbout(), KeyOf(MadeUpBucket()), &broken, &sink, {}).status()));
}

// Neither side waits for the end: what goes in comes out while the rest is still to come.
TEST(ObjectCodecTest, Streams) {
  constexpr size_t kRecords = 400;
  constexpr size_t kRecordBytes = 10'000;
  class CountingSource : public VectorSource {
   public:
    CountingSource(std::vector<std::string> records, StringSink* sink)
        : VectorSource(std::move(records)), sink_(sink) {}
    absl::StatusOr<std::optional<SourceRecord>> Next() override {
      given_ += kRecordBytes;
      behind_ = std::max(behind_, given_ - std::min(given_, sink_->bytes().size()));
      return VectorSource::Next();
    }
    size_t behind() const { return behind_; }

   private:
    StringSink* sink_;
    size_t given_ = 0;
    size_t behind_ = 0;
  };
  StringSink sink;
  CountingSource source(MadeUpRecords(kRecords, kRecordBytes), &sink);
  const ObjectOptions options = {16 << 10, 64 << 10};
  ASSERT_TRUE(WriteObject(MadeUpAbout(), KeyOf(MadeUpBucket()), &source, &sink, options).ok());
  // A block, zstd's own buffers of at most 512 KiB, two chunks.
  EXPECT_LT(source.behind(), 700'000u) << "of " << kRecords * kRecordBytes;

  StringSource object(sink.bytes());
  size_t out = 0;
  size_t behind = 0;
  const auto read = ReadObject(MadeUpBucket(), AlwaysKeyOf(MadeUpBucket()), &object, [&](absl::string_view record) {
    behind = std::max(behind, object.at() - std::min(object.at(), out));
    out += record.size();
    return absl::OkStatus();
  });
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_LT(behind, 700'000u);
}

// What is inside is what other tools read: a second opinion on zstd and tar.
TEST(ObjectCodecTest, TarAndZstdReadTheContents) {
  const std::vector<std::string> records = MadeUpRecords(20);
  const std::string object = Written(records);
  StringSource source(object.substr(kSealedHeaderBytes));
  const auto reader =
      SealedReader::Start(object.substr(0, kSealedHeaderBytes), KeyOf(MadeUpBucket()), MadeUpBucket(), &source);
  ASSERT_TRUE(reader.ok()) << reader.status();
  std::string folder = (std::filesystem::temp_directory_path() / "object_test_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  {
    std::ofstream file(folder + "/contents.tar.zst", std::ios::binary);
    for (auto chunk = (*reader)->Next(); chunk.ok() && chunk->has_value(); chunk = (*reader)->Next()) file << **chunk;
  }
  const std::string quoted = "'" + folder + "'";
  ASSERT_EQ(system(("cd " + quoted + " && zstd -qd contents.tar.zst && tar -xf contents.tar").c_str()), 0);
  std::string blocks;
  pb::ArchiveManifest manifest;
  std::ifstream manifest_file(folder + "/" + kManifestEntry, std::ios::binary);
  ASSERT_TRUE(manifest.ParseFromIstream(&manifest_file));
  for (uint64_t i = 0; i < manifest.blocks(); ++i) {
    std::ifstream block(folder + "/" + BlockEntry(i), std::ios::binary);
    ASSERT_TRUE(block.good()) << i;
    blocks.append(std::istreambuf_iterator<char>(block), std::istreambuf_iterator<char>());
  }
  std::string expected;
  for (const std::string& record : records)
    absl::StrAppend(&expected, std::string(1, static_cast<char>(record.size())), record);
  EXPECT_EQ(blocks, expected);
  EXPECT_GT(manifest.blocks(), 2u);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rollcall
