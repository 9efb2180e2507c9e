#include "collectors/os_packages/rpm_ndb.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "collectors/os_packages/rpm_test_support.h"

namespace rollcall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kRecorded[] = "rpm_ndb/root/usr/lib/sysimage/rpm/Packages.db";
constexpr size_t kSlots = 4096;

absl::Status Read(absl::string_view bytes, NameSink* sink) { return ReadRpmNdb(MemoryFile(bytes), *sink); }

std::string Header() { return RpmHeaderBuilder().Text(1000, "a").Text(1001, "1").Build(); }

std::string Slot(uint32_t package, uint32_t block, uint32_t blocks) {
  return absl::StrCat("Slot", LittleEndian32(package), LittleEndian32(block), LittleEndian32(blocks));
}

std::string Blob(uint32_t package, absl::string_view header) {
  std::string blob = absl::StrCat("BlbS", LittleEndian32(package), LittleEndian32(1),
                                  LittleEndian32(static_cast<uint32_t>(header.size())), header);
  while ((blob.size() + 12) % 16 != 0) blob.push_back('\0');
  absl::StrAppend(&blob, LittleEndian32(0), LittleEndian32(static_cast<uint32_t>(header.size())), "BlbE");
  return blob;
}

// A database of one page of slots.
std::string Database(absl::string_view slots, absl::string_view blobs) {
  std::string bytes = absl::StrCat("RpmP", LittleEndian32(0), LittleEndian32(1), LittleEndian32(1), LittleEndian32(9),
                                   std::string(12, '\0'), slots);
  while (bytes.size() < kSlots) absl::StrAppend(&bytes, Slot(0, 0, 0));
  return absl::StrCat(bytes, blobs);
}

TEST(ReadRpmNdb, ReadsWhatRpmWrote) {
  NameSink sink;
  EXPECT_EQ(Read(TestData(kRecorded), &sink), absl::OkStatus());
  EXPECT_EQ(Sorted(sink.names), RecordedNames(false));
  EXPECT_THAT(sink.damage, IsEmpty());
}

TEST(ReadRpmNdb, ReadsABlobAndPassesOverFreeSlots) {
  const std::string blob = Blob(7, Header());
  NameSink sink;
  EXPECT_EQ(Read(Database(Slot(7, kSlots / 16, static_cast<uint32_t>(blob.size() / 16)), blob), &sink),
            absl::OkStatus());
  EXPECT_THAT(sink.names, ElementsAre("a-1"));
  EXPECT_THAT(sink.damage, IsEmpty());
}

TEST(ReadRpmNdb, RefusesWhatIsNoDatabase) {
  std::string unknown_version = Database("", "");
  unknown_version[4] = 1;
  std::string no_pages = Database("", "");
  no_pages[12] = 0;
  std::string too_many_pages = no_pages;
  too_many_pages[14] = 1;
  for (const std::string& bytes : {std::string(), std::string("RpmP"), std::string(4096, '\0'), unknown_version,
                                   no_pages, too_many_pages, TestData("rpm_bdb/root/var/lib/rpm/Packages")}) {
    NameSink sink;
    EXPECT_EQ(Read(bytes, &sink).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(ReadRpmNdb, DamageLosesOnlyTheDamagedPackage) {
  const std::string good = Blob(1, Header());
  const uint32_t blocks = static_cast<uint32_t>(good.size() / 16);
  const uint32_t first = kSlots / 16;
  std::string damaged_magic = good;
  damaged_magic[0] = 'x';
  std::string damaged_end = good;
  damaged_end.back() = 'x';
  std::string other_length = good;
  other_length[12] = 1;
  std::string huge_length = good;
  huge_length[15] = '\x7F';
  const struct {
    std::string slot;
    std::string blob;
    absl::string_view problem;
  } cases[] = {
      {Slot(1, first + blocks, blocks), damaged_magic, "package 1: damaged header"},
      {Slot(2, first + blocks, blocks), good, "package 2: damaged header"},
      {Slot(1, first + blocks, blocks), damaged_end, "damaged end"},
      {Slot(1, first + blocks, blocks), other_length, "damaged end"},
      {Slot(1, first + blocks, blocks), huge_length, "damaged header"},
      {Slot(1, first + blocks, blocks + 1), good, "impossible place"},
      {Slot(1, 0xFFFFFFFF, 0xFFFFFFFF), good, "impossible place"},
      {Slot(1, 1, blocks), good, "impossible place"},
      {Slot(1, first, 1), good, "impossible place"},
      {"slot" + std::string(12, '\0'), good, "damaged slot"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.problem);
    NameSink sink;
    EXPECT_EQ(Read(Database(c.slot + Slot(1, first, blocks), good + c.blob), &sink), absl::OkStatus());
    EXPECT_THAT(sink.names, ElementsAre("a-1"));
    EXPECT_THAT(sink.damage, ElementsAre(HasSubstr(std::string(c.problem))));
  }
}

TEST(ReadRpmNdb, SlotsBehindTheLastPageOfThemAreDamageAndRead) {
  const std::string blob = Blob(1, Header());
  const uint32_t blocks = static_cast<uint32_t>(blob.size() / 16);
  std::string second = Slot(1, 2 * kSlots / 16, blocks);
  while (second.size() < kSlots) absl::StrAppend(&second, Slot(0, 0, 0));
  std::string bytes = absl::StrCat(Database("", ""), second, blob);
  NameSink sink;
  EXPECT_EQ(Read(bytes, &sink), absl::OkStatus());
  EXPECT_THAT(sink.names, ElementsAre("a-1"));
  EXPECT_THAT(sink.damage, ElementsAre("slot page 1: is behind the last one"));
  bytes[12] = 2;
  NameSink good;
  EXPECT_EQ(Read(bytes, &good), absl::OkStatus());
  EXPECT_THAT(good.damage, IsEmpty());
}

TEST(ReadRpmNdb, PackagesThatShareBytesCostNoMoreThanTheFile) {
  const std::string blob = Blob(1, Header());
  const uint32_t blocks = static_cast<uint32_t>(blob.size() / 16);
  std::string slots;
  while (slots.size() + 32 < kSlots) absl::StrAppend(&slots, Slot(1, kSlots / 16, blocks));
  const std::string bytes = Database(slots, blob);
  NameSink sink;
  EXPECT_EQ(Read(bytes, &sink), absl::OkStatus());
  EXPECT_EQ(sink.blobs, bytes.size() / blob.size());
  EXPECT_THAT(sink.damage, Contains(HasSubstr("overlaps")));
}

TEST(ReadRpmNdb, ATruncatedFileGivesWhatItHas) {
  const std::string bytes = TestData(kRecorded);
  for (size_t size = 32; size < bytes.size(); size += 97) {
    NameSink sink;
    EXPECT_EQ(Read(bytes.substr(0, size), &sink), absl::OkStatus());
    EXPECT_FALSE(sink.damage.empty()) << size;
  }
}

TEST(ReadRpmNdb, StopsWhenAsked) {
  NameSink sink;
  sink.stop = true;
  EXPECT_EQ(Read(TestData(kRecorded), &sink).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace rollcall
