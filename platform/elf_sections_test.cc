#include "platform/elf_sections.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/testing/elf_builder.h"

namespace rollcall {
namespace {

constexpr ElfForm kForms[] = {{.is_64_bit = true, .is_big_endian = false},
                              {.is_64_bit = true, .is_big_endian = true},
                              {.is_64_bit = false, .is_big_endian = false},
                              {.is_64_bit = false, .is_big_endian = true}};

std::string ContentOf(const ElfSections& elf, absl::string_view name) {
  const ElfSection* section = elf.Find(name);
  return section == nullptr ? "none" : std::string(section->content);
}

// Overwrites bytes at `offset`.
std::string Patched(std::string file, size_t offset, absl::string_view bytes) {
  return file.replace(offset, bytes.size(), std::string(bytes));
}

// Where the fields are in the header of a 64-bit file.
constexpr size_t kTableOffset = 40;
constexpr size_t kEntryBytes = 58;
constexpr size_t kCount = 60;
constexpr size_t kNamesIndex = 62;

TEST(ElfSections, BothClassesAndByteOrders) {
  for (const ElfForm& form : kForms) {
    SCOPED_TRACE(absl::StrCat(form.is_64_bit, form.is_big_endian));
    const std::string file = BuildElf(form, {{".text", "code"}, {".modinfo", "license=GPL"}, {".empty", ""}});
    const auto elf = ParseElfSections(file);
    ASSERT_TRUE(elf.ok()) << elf.status();
    EXPECT_EQ(elf->damaged, 0U);
    EXPECT_EQ(elf->sections.size(), 5U);
    EXPECT_EQ(ContentOf(*elf, ".modinfo"), "license=GPL");
    EXPECT_EQ(ContentOf(*elf, ".empty"), "");
    EXPECT_EQ(ContentOf(*elf, ".data"), "none");
  }
}

TEST(ElfSections, AProgramOfThisMachine) {
  std::ifstream stream("/proc/self/exe", std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  const auto elf = ParseElfSections(file);
  ASSERT_TRUE(elf.ok()) << elf.status();
  EXPECT_EQ(elf->damaged, 0U);
  ASSERT_NE(elf->Find(".interp"), nullptr);
  EXPECT_TRUE(absl::StartsWith(elf->Find(".interp")->content, "/")) << elf->Find(".interp")->content;
  ASSERT_NE(elf->Find(".bss"), nullptr);
  EXPECT_TRUE(elf->Find(".bss")->content.empty()) << "takes no room in the file";
}

TEST(ElfSections, NoElfFile) {
  for (const absl::string_view file : {"", "\x7f", "#!/bin/sh\nexit 0\n",
                                       "\x7f"
                                       "ELFnot really one"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseElfSections(file).status())) << file;
  }
}

TEST(ElfSections, EveryTruncationIsAnErrorOrStaysInside) {
  for (const ElfForm& form : kForms) {
    const std::string file = BuildElf(form, {{".modinfo", "license=GPL"}});
    for (size_t size = 0; size < file.size(); ++size) {
      EXPECT_FALSE(ParseElfSections(absl::string_view(file).substr(0, size)).ok()) << size;
    }
  }
}

TEST(ElfSections, AFileWithoutATableHasNoSections) {
  const std::string file = Patched(BuildElf({}, {}), kTableOffset, std::string(8, '\0'));
  const auto elf = ParseElfSections(file);
  ASSERT_TRUE(elf.ok()) << elf.status();
  EXPECT_TRUE(elf->sections.empty());
}

TEST(ElfSections, ATableOutsideTheFileIsDataLoss) {
  const std::string good = BuildElf({}, {{".modinfo", "license=GPL"}});
  const std::string huge = Patched(good, kTableOffset, "\xff\xff\xff\xff\xff\xff\xff\xff");
  const std::string many = Patched(good, kCount, "\xff\xff");
  const std::string small = Patched(good, kEntryBytes, absl::string_view("\x01\x00", 2));
  for (const std::string& file : {huge, many, small}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseElfSections(file).status()));
  }
}

TEST(ElfSections, DamageToOneSectionLosesOnlyThat) {
  const std::string good = BuildElf({}, {{".broken", "lost"}, {".modinfo", "license=GPL"}});
  const size_t table = good.size() - size_t{4} * 64;
  const std::string bad_offset = Patched(good, table + 64 + 24, "\xff\xff\xff\xff\xff\xff\xff\xff");
  const auto elf = ParseElfSections(bad_offset);
  ASSERT_TRUE(elf.ok()) << elf.status();
  EXPECT_EQ(elf->damaged, 1U);
  EXPECT_EQ(ContentOf(*elf, ".broken"), "");
  EXPECT_EQ(ContentOf(*elf, ".modinfo"), "license=GPL");

  const std::string bad_name = Patched(good, table + 64, "\xff\xff\xff\xff");
  const auto nameless = ParseElfSections(bad_name);
  ASSERT_TRUE(nameless.ok()) << nameless.status();
  EXPECT_EQ(nameless->damaged, 1U);
  EXPECT_EQ(ContentOf(*nameless, ".modinfo"), "license=GPL");
}

TEST(ElfSections, ANameThatIsTooLongIsDamage) {
  const std::string longest(4096, 'n');
  const std::string file = BuildElf({}, {{longest, "a"}, {longest + "n", "b"}, {".modinfo", "license=GPL"}});
  const auto elf = ParseElfSections(file);
  ASSERT_TRUE(elf.ok()) << elf.status();
  EXPECT_EQ(elf->damaged, 1U);
  EXPECT_EQ(ContentOf(*elf, longest), "a");
  EXPECT_EQ(ContentOf(*elf, longest + "n"), "none");
  EXPECT_EQ(ContentOf(*elf, ".modinfo"), "license=GPL");
}

TEST(ElfSections, NumbersTooLargeForTheHeaderAreInTheFirstEntry) {
  const std::string good = BuildElf({}, {{".modinfo", "license=GPL"}});
  const size_t table = good.size() - size_t{3} * 64;
  std::string file = Patched(good, kCount, absl::string_view("\0\0", 2));
  file = Patched(file, kNamesIndex, "\xff\xff");
  file = Patched(file, table + 32, absl::string_view("\x03\0\0\0\0\0\0\0", 8));
  file = Patched(file, table + 40, absl::string_view("\x02\0\0\0", 4));
  const auto elf = ParseElfSections(file);
  ASSERT_TRUE(elf.ok()) << elf.status();
  EXPECT_EQ(elf->sections.size(), 3U);
  EXPECT_EQ(ContentOf(*elf, ".modinfo"), "license=GPL");
}

}  // namespace
}  // namespace rollcall
