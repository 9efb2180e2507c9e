#include "collectors/os_packages/rpm_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "collectors/os_packages/rpm_test_support.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr uint32_t kName = 1000;
constexpr uint32_t kVersion = 1001;
constexpr uint32_t kRelease = 1002;
constexpr uint32_t kEpoch = 1003;
constexpr uint32_t kSummary = 1004;
constexpr uint32_t kInstallTime = 1008;
constexpr uint32_t kSize = 1009;
constexpr uint32_t kVendor = 1011;
constexpr uint32_t kLicence = 1014;
constexpr uint32_t kArchitecture = 1022;
constexpr uint32_t kSourceRpm = 1044;
constexpr uint32_t kLongSize = 5009;
constexpr uint32_t kModularityLabel = 5096;

RpmHeaderBuilder Minimal() {
  RpmHeaderBuilder builder;
  builder.Text(kName, "bash").Text(kVersion, "5.2").Text(kRelease, "1.fc40").Text(kArchitecture, "x86_64");
  return builder;
}

// The record of a header that is good in spite of `problem`.
v1::OsPackage Parse(const RpmHeaderBuilder& builder, absl::string_view problem = "") {
  const auto package = ParseRpmHeader(builder.Build());
  EXPECT_TRUE(package.ok()) << package.status();
  if (!package.ok()) return {};
  EXPECT_THAT(std::string(package->damage.message()), HasSubstr(std::string(problem)));
  EXPECT_EQ(package->damage.ok(), problem.empty()) << package->damage;
  return package->record;
}

TEST(ParseRpmHeader, ReadsWhatThereIs) {
  const v1::OsPackage record = Parse(Minimal()
                                         .Number(kEpoch, 1)
                                         .Entry(kSummary, 9, absl::string_view("The shell\nof GNU\0Die Shell\0", 28), 2)
                                         .Number(kInstallTime, 1'700'000'000)
                                         .Number(kSize, 4096)
                                         .Text(kVendor, "Fedora Project")
                                         .Text(kLicence, "GPL-3.0-or-later")
                                         .Text(kSourceRpm, "bash-src-5.2-1.fc40.src.rpm")
                                         .Text(kModularityLabel, "shells:1:2:3"));
  EXPECT_EQ(record.manager(), v1::OsPackage::RPM);
  EXPECT_EQ(record.name(), "bash");
  EXPECT_EQ(record.architecture(), "x86_64");
  EXPECT_EQ(record.version(), "1:5.2-1.fc40");
  EXPECT_EQ(record.epoch(), 1U);
  EXPECT_EQ(record.upstream_version(), "5.2");
  EXPECT_EQ(record.release(), "1.fc40");
  EXPECT_EQ(record.source_name(), "bash-src");
  EXPECT_EQ(record.source_version(), "5.2-1.fc40");
  EXPECT_EQ(record.vendor(), "Fedora Project");
  EXPECT_EQ(record.licence(), "GPL-3.0-or-later");
  EXPECT_EQ(record.summary(), "The shell");
  EXPECT_EQ(record.modularity_label(), "shells:1:2:3");
  EXPECT_EQ(record.install_time().seconds(), 1'700'000'000);
  EXPECT_EQ(record.installed_bytes(), 4096U);
  EXPECT_EQ(record.status(), "installed");
  EXPECT_TRUE(record.installed());
}

TEST(ParseRpmHeader, WhatThereIsNotStaysUnset) {
  const v1::OsPackage record = Parse(Minimal());
  EXPECT_FALSE(record.has_epoch());
  EXPECT_FALSE(record.has_install_time());
  EXPECT_FALSE(record.has_installed_bytes());
  EXPECT_EQ(record.version(), "5.2-1.fc40");
  EXPECT_EQ(record.source_name(), "");
}

TEST(ParseRpmHeader, AnEpochOfZeroIsAnEpoch) {
  const v1::OsPackage record = Parse(Minimal().Number(kEpoch, 0));
  EXPECT_TRUE(record.has_epoch());
  EXPECT_EQ(record.version(), "0:5.2-1.fc40");
}

TEST(ParseRpmHeader, APackageOfFourGigabytesHasALongSize) {
  EXPECT_EQ(Parse(Minimal().Entry(kLongSize, 5, BigEndian32(2) + BigEndian32(1))).installed_bytes(), 0x2'0000'0001U);
}

TEST(ParseRpmHeader, WhatWasAddedAtInstallationSupersedes) {
  EXPECT_EQ(Parse(Minimal().Number(kInstallTime, 1).Number(kInstallTime, 7)).install_time().seconds(), 7);
}

TEST(ParseRpmHeader, SigningKeysAreMarked) {
  const auto package = ParseRpmHeader(RpmHeaderBuilder().Text(kName, "gpg-pubkey").Text(kVersion, "a").Build());
  ASSERT_TRUE(package.ok());
  EXPECT_TRUE(package->is_signing_key);
}

TEST(ParseRpmHeader, RefusesWhatIsNoHeader) {
  const std::string good = Minimal().Build();
  const struct {
    std::string blob;
    absl::string_view problem;
  } cases[] = {
      {"", "shorter than its counts"},
      {std::string(7, '\0'), "shorter than its counts"},
      {std::string(16, '\0'), "impossible number of entries"},
      {BigEndian32(0x10000) + BigEndian32(0) + std::string(100, '\0'), "impossible number of entries"},
      {std::string(200, '\xFF'), "impossible number of entries"},
      {good.substr(0, good.size() - 1), "shorter than it says"},
      {BigEndian32(1) + BigEndian32(0xFFFFFFFF) + std::string(16, '\0'), "shorter than it says"},
      {RpmHeaderBuilder().Text(kVersion, "1").Build(), "names no package"},
      {RpmHeaderBuilder().Text(kName, "").Build(), "names no package"},
      {RpmHeaderBuilder().Number(kName, 1).Build(), "names no package"},
      {RpmHeaderBuilder().EntryAt(kName, 6, 0xFFFFFFFF, 1, "x").Build(), "names no package"},
      {RpmHeaderBuilder().Entry(kName, 6, "unterminated").Build(), "names no package"},
  };
  for (const auto& c : cases) {
    const auto package = ParseRpmHeader(c.blob);
    EXPECT_EQ(package.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(package.status().message()), HasSubstr(std::string(c.problem)));
  }
}

TEST(ParseRpmHeader, EveryPrefixOfAHeaderIsRefused) {
  const std::string good = Minimal().Number(kSize, 1).Build();
  for (size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(ParseRpmHeader(good.substr(0, size)).ok()) << size;
}

TEST(ParseRpmHeader, DamageLosesOnlyTheDamagedField) {
  EXPECT_EQ(Parse(Minimal().Text(kVendor, "x", 4).Text(kLicence, "MIT"), "package bash: damaged VENDOR").licence(),
            "MIT");
  EXPECT_EQ(Parse(Minimal().EntryAt(kVendor, 6, 9999, 1, ""), "damaged VENDOR").version(), "5.2-1.fc40");
  EXPECT_EQ(Parse(Minimal().Entry(kLicence, 6, "no end"), "damaged LICENSE").licence(), "");
  EXPECT_EQ(Parse(Minimal().Entry(kLicence, 6, absl::string_view("x\0", 2), 0), "damaged LICENSE").licence(), "");
  EXPECT_FALSE(Parse(Minimal().Entry(kSize, 4, "123"), "damaged SIZE").has_installed_bytes());
  EXPECT_FALSE(Parse(Minimal().EntryAt(kInstallTime, 4, 0xFFFFFFFE, 1, ""), "damaged INSTALLTIME").has_install_time());
  const v1::OsPackage record =
      Parse(Minimal().Entry(kEpoch, 5, BigEndian32(1) + BigEndian32(0)), "package bash: damaged EPOCH");
  EXPECT_FALSE(record.has_epoch());
  EXPECT_EQ(record.version(), "5.2-1.fc40");
  EXPECT_EQ(Parse(RpmHeaderBuilder().Text(kName, "a"), "package a: no VERSION").name(), "a");
}

TEST(ParseRpmHeader, BytesThatAreNoTextAreReplacedAndLongTextsCut) {
  const v1::OsPackage record = Parse(Minimal()
                                         .Text(kVendor,
                                               "a\xFF"
                                               "b")
                                         .Text(kLicence, std::string(size_t{1} << 20, 'x')));
  EXPECT_EQ(record.vendor(),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(record.licence().size(), size_t{8} << 10);
  EXPECT_EQ(ParseRpmHeader(RpmHeaderBuilder().Text(kName, std::string(5000, 'n')).Text(kVersion, "1").Build())
                ->record.name()
                .size(),
            1024U);
}

TEST(SetRpmSource, SplitsFromTheEnd) {
  const struct {
    absl::string_view text;
    absl::string_view name;
    absl::string_view version;
  } cases[] = {
      {"glibc-2.39-8.fc40.src.rpm", "glibc", "2.39-8.fc40"},
      {"java-1.8.0-openjdk-1.8.0.402-1.el9.src.rpm", "java-1.8.0-openjdk", "1.8.0.402-1.el9"},
      {"blob-1-2.nosrc.rpm", "blob", "1-2"},
      {"(none)", "", ""},
      {"", "", ""},
      {"a-1.src.rpm", "", ""},
      {"-1-2.src.rpm", "", ""},
      {"--.src.rpm", "", ""},
      {".src.rpm", "", ""},
      {"a-1-2.x86_64.rpm", "", ""},
  };
  for (const auto& c : cases) {
    v1::OsPackage record;
    SetRpmSource(c.text, &record);
    EXPECT_EQ(record.source_name(), c.name) << c.text;
    EXPECT_EQ(record.source_version(), c.version) << c.text;
  }
}

}  // namespace
}  // namespace rollcall
