// Contents that no writer made, as they would come out of chunks whose key somebody else had.
#include "backend/archive/contents_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/archive/block_names.h"
#include "backend/archive/tar_stream.h"
#include "backend/archive/testing/made_up_bucket.h"
#include "platform/sha256.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

std::string Zstd(absl::string_view bytes, int window_log = 0) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  if (window_log != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  // As a stream, whose length is not known beforehand: then the window is as large as it may be.
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer to = {out.data(), out.size(), 0};
  EXPECT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &to, &in, ZSTD_e_continue)), 0u);
  EXPECT_EQ(ZSTD_compressStream2(context, &to, &in, ZSTD_e_end), 0u);
  out.resize(to.pos);
  ZSTD_freeCCtx(context);
  return out;
}

std::string Entry(absl::string_view name, absl::string_view contents) {
  return absl::StrCat(TarHeader(name, contents.size()), contents, TarPadding(contents.size()));
}

pb::ArchiveManifest ManifestOf(const std::vector<std::string>& blocks, uint64_t records, uint64_t bytes) {
  pb::ArchiveManifest manifest = MadeUpAbout();
  manifest.set_records(records);
  manifest.set_record_bytes(bytes);
  manifest.set_blocks(blocks.size());
  std::string all;
  for (const std::string& block : blocks) all += block;
  manifest.set_records_hash(absl::HexStringToBytes(Sha256Hex(all)));
  return manifest;
}

std::string Tar(const std::vector<std::string>& blocks, const pb::ArchiveManifest& manifest) {
  std::string tar;
  for (size_t i = 0; i < blocks.size(); ++i) tar += Entry(BlockEntry(i), blocks[i]);
  return absl::StrCat(tar, Entry(kManifestEntry, manifest.SerializeAsString()), TarEnd());
}

absl::Status Reading(absl::string_view contents, size_t piece = 1000) {
  ContentsReader reader(MadeUpBucket(), [](absl::string_view) { return absl::OkStatus(); });
  while (!contents.empty()) {
    if (absl::Status status = reader.Feed(contents.substr(0, piece)); !status.ok()) return status;
    contents.remove_prefix(std::min(piece, contents.size()));
  }
  return reader.Finish().status();
}

// Two blocks, three records.
const std::vector<std::string>& Blocks() {
  static const auto* blocks = new std::vector<std::string>{"\3abc\1d", "\2ef"};
  return *blocks;
}

void ExpectDamage(absl::string_view contents, absl::string_view what) {
  const absl::Status status = Reading(contents);
  EXPECT_TRUE(absl::IsDataLoss(status)) << what << ": " << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(what)));
}

TEST(ContentsReaderTest, GoodContents) {
  const std::string contents = Zstd(Tar(Blocks(), ManifestOf(Blocks(), 3, 6)));
  for (const size_t piece : {1, 7, 100000}) EXPECT_TRUE(Reading(contents, piece).ok()) << Reading(contents, piece);
}

TEST(ContentsReaderTest, BrokenFrames) {
  const std::string contents = Zstd(Tar(Blocks(), ManifestOf(Blocks(), 3, 6)));
  ExpectDamage("", "not complete");
  ExpectDamage("no zstd at all", "");
  for (size_t size = 0; size < contents.size(); ++size) ExpectDamage(contents.substr(0, size), "");
  ExpectDamage(contents + "x", "follows the zstd frame");
  ExpectDamage(contents + contents, "follows the zstd frame");
}

// A frame may ask for gigabytes of memory; it does not get them.
TEST(ContentsReaderTest, WindowIsBounded) {
  const std::string tar = Tar(Blocks(), ManifestOf(Blocks(), 3, 6));
  EXPECT_TRUE(Reading(Zstd(tar, 21)).ok());
  ExpectDamage(Zstd(tar, 27), "memory");
}

// A gigabyte of zeros in a few kilobytes: refused at its first block, not unpacked.
TEST(ContentsReaderTest, BombsAreNotUnpacked) {
  ExpectDamage(Zstd(TarHeader(BlockEntry(0), uint64_t{1} << 30) + std::string(1 << 20, '\0')), "too large");
  ExpectDamage(Zstd(std::string(4 << 20, '\0')), "follows its end");
}

TEST(ContentsReaderTest, BrokenTar) {
  const pb::ArchiveManifest manifest = ManifestOf(Blocks(), 3, 6);
  const std::string tar = Tar(Blocks(), manifest);
  ExpectDamage(Zstd(tar.substr(0, tar.size() - 512)), "no end");
  ExpectDamage(Zstd(tar + std::string(512, '\0')), "follows its end");
  ExpectDamage(Zstd(TarEnd()), "no manifest");
  ExpectDamage(Zstd(Entry(BlockEntry(1), Blocks()[0]) + TarEnd()), "no block 0");
  ExpectDamage(Zstd(Entry(BlockEntry(0), Blocks()[0]) + Entry(BlockEntry(0), Blocks()[0]) + TarEnd()), "no block 1");
  ExpectDamage(Zstd(Entry("../../etc/passwd", "x") + TarEnd()), "no block 0");
  ExpectDamage(Zstd(Entry(BlockEntry(0), "") + TarEnd()), "is empty");
  const std::string end = Entry(kManifestEntry, manifest.SerializeAsString());
  ExpectDamage(Zstd(end + end + TarEnd()), "follows the manifest");
  ExpectDamage(Zstd(end + Entry(BlockEntry(0), Blocks()[0]) + TarEnd()), "follows the manifest");
  ExpectDamage(Zstd(Entry(kManifestEntry, "\xff") + TarEnd()), "manifest is none");
}

TEST(ContentsReaderTest, BrokenBlocks) {
  ExpectDamage(Zstd(Tar({"\x05"
                         "abc"},
                        ManifestOf({}, 0, 0))),
               "longer than its block");
  ExpectDamage(Zstd(Tar({"\xff"}, ManifestOf({}, 0, 0))), "no length");
  ExpectDamage(Zstd(Tar({"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}, ManifestOf({}, 0, 0))), "no length");
  ExpectDamage(Zstd(Tar({"\xff\xff\xff\xff\x0f"}, ManifestOf({}, 0, 0))), "longer than its block");
}

TEST(ContentsReaderTest, RecordsThatAreNotTheManifests) {
  const auto with = [](auto change) {
    pb::ArchiveManifest manifest = ManifestOf(Blocks(), 3, 6);
    change(&manifest);
    return Zstd(Tar(Blocks(), manifest));
  };
  ExpectDamage(with([](pb::ArchiveManifest* m) { m->set_records(2); }), "not those of the manifest");
  ExpectDamage(with([](pb::ArchiveManifest* m) { m->set_record_bytes(7); }), "not those of the manifest");
  ExpectDamage(with([](pb::ArchiveManifest* m) { m->set_blocks(3); }), "not those of the manifest");
  ExpectDamage(with([](pb::ArchiveManifest* m) { m->mutable_records_hash()->front() ^= 1; }),
               "not those of the manifest");
  ExpectDamage(with([](pb::ArchiveManifest* m) { m->mutable_bucket()->set_collected_day("2023-11-15"); }),
               "another bucket's");
  ExpectDamage(Zstd(Tar({Blocks()[1], Blocks()[0]}, ManifestOf(Blocks(), 3, 6))), "not those of the manifest");
}

}  // namespace
}  // namespace rollcall
