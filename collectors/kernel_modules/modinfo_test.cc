#include "collectors/kernel_modules/modinfo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "collectors/text.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Entries with the NUL each ends with.
std::string Section(std::initializer_list<absl::string_view> entries) {
  std::string section;
  for (const absl::string_view entry : entries) {
    absl::StrAppend(&section, entry);
    section.push_back('\0');
  }
  return section;
}

TEST(Modinfo, ReadsASection) {
  const ModinfoParse parse = ParseModinfo(Section(
      {"license=GPL v2", "description=A = B", "author=Someone <someone@example.org>", "version=1.2", "srcversion=ABC",
       "depends=mbcache,crc16", "intree=Y", "name=ext4", "vermagic=6.1.0 SMP ", "parm=x:int"}));
  EXPECT_EQ(parse.damaged, 0U);
  EXPECT_EQ(parse.info.licence, "GPL v2");
  EXPECT_EQ(parse.info.description, "A = B");
  EXPECT_EQ(parse.info.version, "1.2");
  EXPECT_EQ(parse.info.srcversion, "ABC");
  EXPECT_THAT(parse.info.depends, ElementsAre("mbcache", "crc16"));
  EXPECT_TRUE(parse.info.in_tree);
  EXPECT_EQ(parse.info.name, "ext4");
  EXPECT_EQ(parse.info.vermagic, "6.1.0 SMP ");
}

TEST(Modinfo, EntriesMayBePadded) {
  const ModinfoParse parse = ParseModinfo(Section({"license=GPL", "", "", "", "version=1"}));
  EXPECT_EQ(parse.damaged, 0U);
  EXPECT_EQ(parse.info.version, "1");
}

TEST(Modinfo, TheFirstOfARepeatedKeyCounts) {
  EXPECT_EQ(ParseModinfo(Section({"license=GPL", "license=Proprietary"})).info.licence, "GPL");
}

TEST(Modinfo, WithoutInTreeItIsNot) {
  EXPECT_FALSE(ParseModinfo(Section({"license=GPL"})).info.in_tree);
  EXPECT_FALSE(ParseModinfo(Section({"intree=N"})).info.in_tree);
}

TEST(Modinfo, DamageCostsNoOtherEntry) {
  const ModinfoParse parse = ParseModinfo(Section({"license=GPL", "no equals sign", "version=1"}) + "srcversion=cut");
  EXPECT_EQ(parse.damaged, 2U);
  EXPECT_EQ(parse.info.licence, "GPL");
  EXPECT_EQ(parse.info.version, "1");
  EXPECT_EQ(parse.info.srcversion, "") << "half a digest is none";
}

TEST(Modinfo, TextIsFitForARecord) {
  const ModinfoParse parse =
      ParseModinfo(Section({absl::StrCat("description=", std::string(100'000, 'x')), "license=\xff"}));
  EXPECT_THAT(parse.info.description, SizeIs(kMaxFieldBytes));
  EXPECT_EQ(parse.info.licence, "\xEF\xBF\xBD");
}

TEST(Modinfo, ManyDependsAreBounded) {
  std::string depends = "depends=";
  for (int i = 0; i < 100'000; ++i) depends += "a,";
  EXPECT_THAT(ParseModinfo(Section({depends})).info.depends, SizeIs(1'000));
}

TEST(BuiltinModinfo, EntriesNameTheirModule) {
  const BuiltinModinfoParse parse = ParseBuiltinModinfo(
      Section({"8250.license=GPL", "8250.description=Driver", "apparmor.license=GPL", "8250.file=drivers/8250"}));
  EXPECT_EQ(parse.damaged, 0U);
  ASSERT_THAT(parse.modules, SizeIs(2));
  EXPECT_EQ(parse.modules.at("8250").description, "Driver");
  EXPECT_EQ(parse.modules.at("apparmor").licence, "GPL");
}

TEST(BuiltinModinfo, DamageCostsNoOtherEntry) {
  const BuiltinModinfoParse parse =
      ParseBuiltinModinfo(Section({"license=GPL", "a b.license=GPL", "xz.license=GPL", ".license=GPL", "nothing"}));
  EXPECT_EQ(parse.damaged, 4U);
  ASSERT_THAT(parse.modules, SizeIs(1));
  EXPECT_EQ(parse.modules.at("xz").licence, "GPL");
}

TEST(BuiltinModinfo, AnEndlessListIsBounded) {
  std::string text;
  for (size_t i = 0; i < kMaxBuiltinModules + 10; ++i) text += Section({absl::StrCat("m", i, ".license=GPL")});
  const BuiltinModinfoParse parse = ParseBuiltinModinfo(text);
  EXPECT_THAT(parse.modules, SizeIs(kMaxBuiltinModules));
  EXPECT_EQ(parse.damaged, 10U);
}

TEST(BuiltinModinfo, NothingIsNothing) { EXPECT_THAT(ParseBuiltinModinfo("").modules, IsEmpty()); }

}  // namespace
}  // namespace rollcall
