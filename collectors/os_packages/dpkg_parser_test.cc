#include "collectors/os_packages/dpkg_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr absl::string_view kSsh =
    "Package: openssh-server\n"
    "Status: hold ok installed\n"
    "Priority: optional\n"
    "Section: net\n"
    "Installed-Size: 1832\n"
    "Maintainer: Debian OpenSSH Maintainers <debian-ssh@lists.debian.org>\n"
    "Architecture: amd64\n"
    "Multi-Arch: same\n"
    "Source: openssh (1:9.2p1-2)\n"
    "Version: 1:9.2p1-2+b1\n"
    "Origin: Example Vendor\n"
    "Conffiles:\n"
    " /etc/default/ssh 500e3cf069fe9a7b9936108eb9d9c035\n"
    "Description: secure shell (SSH) server\n"
    " Version: this is a continuation, not a field\n"
    " .\n"
    " More.\n";

DpkgParse Parse(absl::string_view text, StanzaDialect field = StanzaDialect::kDpkgStatus, size_t limit = 100) {
  return ParseDpkgStatus(text, field, limit);
}

void ExpectSsh(const DpkgPackage& package) {
  const auto& record = package.record;
  EXPECT_EQ(record.manager(), rollcall::v1::OsPackage::DPKG);
  EXPECT_EQ(record.name(), "openssh-server");
  EXPECT_EQ(record.architecture(), "amd64");
  EXPECT_EQ(record.version(), "1:9.2p1-2+b1");
  EXPECT_EQ(record.epoch(), 1U);
  EXPECT_EQ(record.upstream_version(), "9.2p1");
  EXPECT_EQ(record.release(), "2+b1");
  EXPECT_EQ(record.source_name(), "openssh");
  EXPECT_EQ(record.source_version(), "1:9.2p1-2");
  EXPECT_EQ(record.vendor(), "Example Vendor");
  EXPECT_EQ(record.maintainer(), "Debian OpenSSH Maintainers <debian-ssh@lists.debian.org>");
  EXPECT_EQ(record.status(), "installed");
  EXPECT_TRUE(record.installed());
  EXPECT_TRUE(record.held());
  EXPECT_EQ(record.installed_bytes(), 1832U * 1024);
  EXPECT_EQ(record.summary(), "secure shell (SSH) server");
  EXPECT_EQ(record.section(), "net");
  EXPECT_TRUE(package.on_disk);
  EXPECT_TRUE(package.multi_arch_same);
}

TEST(ParseDpkgStatus, ReadsEveryField) {
  const DpkgParse parse = Parse(kSsh);
  EXPECT_THAT(parse.problems, SizeIs(0));
  EXPECT_EQ(parse.observed, 1U);
  ASSERT_THAT(parse.packages, SizeIs(1));
  ExpectSsh(parse.packages[0]);
}

TEST(ParseDpkgStatus, AcceptsCrlfMissingLastNewlineAndSeveralBlankLines) {
  std::string text = absl::StrReplaceAll(absl::StrCat("\n\n", kSsh, "\n\n\n", kSsh), {{"\n", "\r\n"}});
  text.resize(text.size() - 2);
  const DpkgParse parse = Parse(text);
  EXPECT_THAT(parse.problems, SizeIs(0));
  ASSERT_THAT(parse.packages, SizeIs(2));
  ExpectSsh(parse.packages[0]);
  ExpectSsh(parse.packages[1]);
}

TEST(ParseDpkgStatus, FieldNamesAreCaseInsensitive) {
  const DpkgParse parse = Parse("PACKAGE: a\nstatus:install ok installed\nvErSiOn:\t1 \n");
  ASSERT_THAT(parse.packages, SizeIs(1));
  EXPECT_EQ(parse.packages[0].record.version(), "1");
}

TEST(ParseDpkgStatus, SourceDefaultsToThePackage) {
  const struct {
    absl::string_view source;
    absl::string_view name;
    absl::string_view version;
  } cases[] = {
      {"", "a", "2-1"},
      {"Source: b\n", "b", "2-1"},
      {"Source: b (9)\n", "b", "9"},
      {"Source: b (9\n", "b", "9"},
      {"Source: (9)\n", "a", "9"},
  };
  for (const auto& c : cases) {
    const DpkgParse parse = Parse(absl::StrCat("Package: a\nStatus: install ok installed\nVersion: 2-1\n", c.source));
    ASSERT_THAT(parse.packages, SizeIs(1)) << c.source;
    EXPECT_EQ(parse.packages[0].record.source_name(), c.name) << c.source;
    EXPECT_EQ(parse.packages[0].record.source_version(), c.version) << c.source;
  }
}

TEST(ParseDpkgStatus, TheThirdWordDecidesWhatIsOnDisk) {
  const struct {
    absl::string_view status;
    bool on_disk;
    bool installed;
    bool held;
  } cases[] = {
      {"install ok installed", true, true, false},
      {"hold ok installed", true, true, true},
      {"deinstall ok installed", true, true, false},
      {"install reinstreq installed", true, false, false},
      {"install ok unpacked", true, false, false},
      {"install ok half-configured", true, false, false},
      {"install reinstreq half-installed", true, false, false},
      {"install ok triggers-awaited", true, false, false},
      {"install ok triggers-pending", true, false, false},
      {"deinstall ok config-files", false, false, false},
      {"purge ok not-installed", false, false, false},
      {"hold  ok \t not-installed", false, false, true},
  };
  for (const auto& c : cases) {
    const DpkgParse parse = Parse(absl::StrCat("Package: a\nVersion: 1\nStatus: ", c.status, "\n"));
    SCOPED_TRACE(c.status);
    EXPECT_THAT(parse.problems, SizeIs(0));
    ASSERT_THAT(parse.packages, SizeIs(1));
    EXPECT_EQ(parse.packages[0].on_disk, c.on_disk);
    EXPECT_EQ(parse.packages[0].record.installed(), c.installed);
    EXPECT_EQ(parse.packages[0].record.held(), c.held);
    EXPECT_TRUE(absl::EndsWith(c.status, parse.packages[0].record.status()));
  }
}

TEST(ParseDpkgStatus, AStanzaOfADistrolessImageIsInstalledWithoutAStatus) {
  constexpr absl::string_view kText = "Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n";
  const DpkgParse optional = Parse(kText, StanzaDialect::kDpkgStatusD);
  ASSERT_THAT(optional.packages, SizeIs(1));
  EXPECT_TRUE(optional.packages[0].on_disk);
  EXPECT_TRUE(optional.packages[0].record.installed());
  EXPECT_EQ(optional.packages[0].record.status(), "installed");
  EXPECT_THAT(optional.problems, SizeIs(0));

  const DpkgParse required = Parse(kText, StanzaDialect::kDpkgStatus);
  ASSERT_THAT(required.problems, SizeIs(1));
  EXPECT_EQ(required.problems[0].message(), "line 1: package tzdata: no Status");
  ASSERT_THAT(required.packages, SizeIs(1));
  EXPECT_FALSE(required.packages[0].on_disk) << "nothing says that it is there";
}

TEST(ParseDpkgStatus, DamageIsNamedAndTheRestKept) {
  constexpr absl::string_view kGood = "Package: good\nStatus: install ok installed\nVersion: 1\n\n";
  const struct {
    absl::string_view stanza;
    absl::string_view problem;
    size_t on_disk;
  } cases[] = {
      {"Status: install ok installed\nVersion: 1\n", "line 5: stanza without Package", 2},
      {"Package: ../etc\nStatus: install ok installed\nVersion: 1\n", "line 5: stanza with an impossible Package", 2},
      {"Package: a b\nVersion: 1\n", "impossible Package", 2},
      {"Package: a\nStatus: install ok installed\n", "line 5: package a: no Version", 3},
      {"Package: a\nStatus: install ok\nVersion: 1\n", "package a: Status does not have three words", 2},
      {"Package: a\nStatus: install ok installed\nVersion: 1\nInstalled-Size: 12k\n", "Installed-Size", 3},
      {"Package: a\nStatus: install ok installed\nVersion: 1\nInstalled-Size: 18446744073709551615\n", "Installed-Size",
       3},
      {"Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: x/y\n", "impossible Architecture", 3},
      {"Package: a\nStatus: install ok installed\n\x01\x02garbage\nVersion: 1\n",
       "line 7: package a: neither a field nor a continuation", 3},
      {"Package: a\nStatus: install ok installed\nVersion: 1\n: no name\n", "line 8: package a: neither", 3},
      {"\x01\x02\x03\n", "line 5: stanza without Package", 2},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.stanza);
    const DpkgParse parse = Parse(absl::StrCat(kGood, c.stanza, "\n", kGood));
    EXPECT_EQ(parse.problem_count, 1U);
    ASSERT_THAT(parse.problems, SizeIs(1));
    EXPECT_THAT(std::string(parse.problems[0].message()), HasSubstr(std::string(c.problem)));
    size_t on_disk = 0;
    for (const DpkgPackage& package : parse.packages) on_disk += package.on_disk ? 1 : 0;
    EXPECT_EQ(on_disk, c.on_disk);
  }
}

TEST(ParseDpkgStatus, KeepsNoMoreThanTheLimitAndCountsTheRest) {
  std::string text;
  for (int i = 0; i < 12; ++i)
    absl::StrAppend(&text, "Package: p", i, "\nStatus: install ok installed\nVersion: 1\n\n");
  const DpkgParse parse = Parse(text, StanzaDialect::kDpkgStatus, 10);
  EXPECT_THAT(parse.packages, SizeIs(10));
  EXPECT_EQ(parse.observed, 12U);
}

TEST(ParseDpkgStatus, ProblemsAreBounded) {
  std::string text;
  for (size_t i = 0; i < kMaxDpkgProblems + 5; ++i) absl::StrAppend(&text, "garbage\n\n");
  const DpkgParse parse = Parse(text);
  EXPECT_THAT(parse.problems, SizeIs(kMaxDpkgProblems));
  EXPECT_EQ(parse.problem_count, kMaxDpkgProblems + 5);
}

TEST(ParseDpkgStatus, TextIsMadeFitForARecord) {
  const DpkgParse parse =
      Parse(absl::StrCat("Package: a\nStatus: install ok installed\nVersion: 1\nMaintainer: M\xFC\n",
                         "Description: ", std::string(20'000, 'x'), "\n"));
  ASSERT_THAT(parse.packages, SizeIs(1));
  EXPECT_EQ(parse.packages[0].record.maintainer(), "M\xEF\xBF\xBD");
  EXPECT_EQ(parse.packages[0].record.summary().size(), 8192U);
}

TEST(ParseDpkgStatus, EmptyInputGivesNothing) {
  for (const absl::string_view text : {"", "\n", "\r\n\r\n", "\n\n\n"}) {
    const DpkgParse parse = Parse(text);
    EXPECT_EQ(parse.observed, 0U);
    EXPECT_EQ(parse.problem_count, 0U);
  }
}

TEST(ParseOpkgStatus, FlagsDoNotMakeAPackageHalfInstalled) {
  const struct {
    absl::string_view status;
    bool installed;
    bool held;
    bool on_disk;
  } cases[] = {
      {"install ok installed", true, false, true},         {"install user installed", true, false, true},
      {"install hold,user installed", true, true, true},   {"install reinstreq installed", false, false, true},
      {"install ok half-installed", false, false, true},   {"install user unpacked", false, false, true},
      {"deinstall ok not-installed", false, false, false},
  };
  for (const auto& c : cases) {
    const DpkgParse parse =
        Parse(absl::StrCat("Package: a\nVersion: 1\nStatus: ", c.status, "\n"), StanzaDialect::kOpkgStatus);
    ASSERT_EQ(parse.packages.size(), 1U) << c.status;
    EXPECT_EQ(parse.problem_count, 0U);
    EXPECT_EQ(parse.packages[0].record.installed(), c.installed) << c.status;
    EXPECT_EQ(parse.packages[0].record.held(), c.held) << c.status;
    EXPECT_EQ(parse.packages[0].on_disk, c.on_disk) << c.status;
  }
}

TEST(ParseOpkgStatus, SourcesAreNamedInThreeWays) {
  const struct {
    absl::string_view fields;
    absl::string_view name;
    absl::string_view version;
  } cases[] = {
      {"SourceName: busybox\nSource: package/utils/other\n", "busybox", ""},
      {"Source: feeds/packages/libs/zlib\n", "zlib", ""},
      {"Source: zlib_1.2.13.bb\n", "zlib", "1.2.13"},
      {"Source: git.bb\n", "git", ""},
      {"Source: a/\n", "", ""},
      {"", "", ""},
  };
  for (const auto& c : cases) {
    const DpkgParse parse = Parse(absl::StrCat("Package: a\nVersion: 1\n", c.fields), StanzaDialect::kOpkgControl);
    ASSERT_EQ(parse.packages.size(), 1U) << c.fields;
    EXPECT_EQ(parse.packages[0].record.source_name(), c.name) << c.fields;
    EXPECT_EQ(parse.packages[0].record.source_version(), c.version) << c.fields;
  }
}

TEST(ParseOpkgStatus, SizesAreInBytesAndTimesAreThere) {
  const DpkgParse parse =
      Parse("Package: a\nVersion: 1\nStatus: install user installed\nInstalled-Size: 5\nInstalled-Time: 1697000000\n",
            StanzaDialect::kOpkgStatus);
  EXPECT_EQ(parse.packages.at(0).record.installed_bytes(), 5U);
  EXPECT_EQ(parse.packages[0].record.install_time().seconds(), 1'697'000'000);
  EXPECT_EQ(parse.packages[0].record.manager(), v1::OsPackage::OPKG);
}

}  // namespace
}  // namespace rollcall
