#include "collectors/os_packages/pacman_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rollcall {
namespace {

using ::testing::HasSubstr;

TEST(ParsePacmanDesc, ReadsEveryKey) {
  const auto package = ParsePacmanDesc(
      "%NAME%\ngcc-libs\n\n%VERSION%\n1:13.2.1-5\n\n%BASE%\ngcc\n\n%DESC%\nRuntime libraries\n\n%ARCH%\nx86_64\n\n"
      "%BUILDDATE%\n1\n\n%INSTALLDATE%\n1708000001\n\n%PACKAGER%\nSome One <one@example.org>\n\n%SIZE%\n137\n\n"
      "%LICENSE%\nGPL-3.0\nLGPL-3.0\n\n%DEPENDS%\nglibc>=2.27\n\n");
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_TRUE(package->damage.ok()) << package->damage;
  const v1::OsPackage& record = package->record;
  EXPECT_EQ(record.manager(), v1::OsPackage::PACMAN);
  EXPECT_EQ(record.name(), "gcc-libs");
  EXPECT_EQ(record.version(), "1:13.2.1-5");
  EXPECT_EQ(record.epoch(), 1U);
  EXPECT_EQ(record.upstream_version(), "13.2.1");
  EXPECT_EQ(record.release(), "5");
  EXPECT_EQ(record.source_name(), "gcc");
  EXPECT_EQ(record.source_version(), "1:13.2.1-5");
  EXPECT_EQ(record.architecture(), "x86_64");
  EXPECT_EQ(record.summary(), "Runtime libraries");
  EXPECT_EQ(record.maintainer(), "Some One <one@example.org>");
  EXPECT_EQ(record.licence(), "GPL-3.0 AND LGPL-3.0");
  EXPECT_EQ(record.installed_bytes(), 137U);
  EXPECT_EQ(record.install_time().seconds(), 1'708'000'001);
  EXPECT_TRUE(record.installed());
}

// A description may look like a key.
TEST(ParsePacmanDesc, AValueIsNoKey) {
  const auto package = ParsePacmanDesc("%NAME%\na\n\n%DESC%\n%VERSION%\n\n%VERSION%\n1-1\n");
  ASSERT_TRUE(package.ok());
  EXPECT_EQ(package->record.summary(), "%VERSION%");
  EXPECT_EQ(package->record.version(), "1-1");
}

TEST(ParsePacmanDesc, RefusesWhatNamesNoPackage) {
  for (const std::string& text :
       {std::string(), std::string("%NAME%\n"), std::string("%NAME%\n\n"), std::string("%VERSION%\n1\n"),
        std::string(100, '\0'), std::string(100'000, '%'), std::string("NAME\na\n")}) {
    EXPECT_EQ(ParsePacmanDesc(text).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(ParsePacmanDesc, DamageKeepsTheRest) {
  const struct {
    std::string text;
    absl::string_view problem;
  } cases[] = {
      {"%NAME%\na\n", "package a: no VERSION"},
      {"%NAME%\na\n\n%VERSION%\n1\n\nstray\n", "a line that belongs to no key"},
      {"%NAME%\na\n\n%VERSION%\n1\n\n%SIZE%\nbig\n", "impossible SIZE"},
      {"%NAME%\na\n\n%VERSION%\n1\n\n%SIZE%\n-1\n", "impossible SIZE"},
      {"%NAME%\na\n\n%VERSION%\n1\n\n%INSTALLDATE%\n99999999999999\n", "impossible INSTALLDATE"},
      {"%NAME%\na\n\n%VERSION%\n1\n\n%INSTALLDATE%\n 5\n", "impossible INSTALLDATE"},
      {"%NAME%\na\n\n%VERSION%\n1\n\n%%\n", "a line that belongs to no key"},
  };
  for (const auto& c : cases) {
    const auto package = ParsePacmanDesc(c.text);
    ASSERT_TRUE(package.ok()) << c.problem;
    EXPECT_EQ(package->record.name(), "a");
    EXPECT_THAT(std::string(package->damage.message()), HasSubstr(std::string(c.problem)));
  }
}

TEST(ParsePacmanDesc, BytesThatAreNoTextAreReplacedAndCrlfAccepted) {
  const auto package = ParsePacmanDesc("%NAME%\r\na\xFF\r\n\r\n%VERSION%\r\n1-1\r\n");
  ASSERT_TRUE(package.ok());
  EXPECT_EQ(package->record.name(), "a\xEF\xBF\xBD");
  EXPECT_EQ(package->record.version(), "1-1");
  EXPECT_EQ(
      ParsePacmanDesc("%NAME%\na\n\n%VERSION%\n1\n\n%DESC%\n" + std::string(100'000, 'x'))->record.summary().size(),
      size_t{8} << 10);
}

}  // namespace
}  // namespace rollcall
