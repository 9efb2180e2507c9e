#include "collectors/host/system_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::ElementsAre;

TEST(ParseOsRelease, ReadsQuotedAndPlainValues) {
  const pb::OperatingSystem os = ParseOsRelease(
      "# comment\nNAME=\"Rocky Linux\"\nID='Rocky'\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.3\"\n"
      "PRETTY_NAME=\"Rocky \\\"Blue\\\" \\$9\"\r\nnonsense\n=x\n  VERSION_CODENAME=onyx  \n");
  EXPECT_EQ(os.id(), "rocky");
  EXPECT_EQ(os.name(), "Rocky Linux");
  EXPECT_EQ(os.version(), "9.3");
  EXPECT_EQ(os.pretty_name(), "Rocky \"Blue\" $9");
  EXPECT_EQ(os.codename(), "onyx");
  EXPECT_THAT(os.id_like(), ElementsAre("rhel", "centos", "fedora"));
}

TEST(ParseOsRelease, HasAnIdWhateverTheText) {
  for (const absl::string_view text : {"", "ID=", "ID=\"\"", "\xff\xfe", "ID"})
    EXPECT_EQ(ParseOsRelease(text).id(), "linux");
  EXPECT_EQ(ParseOsRelease("ID=\"").id(), "linux");
  EXPECT_EQ(ParseOsRelease("NAME=\"\xff\"").name(), "\xEF\xBF\xBD");
  EXPECT_LE(ParseOsRelease("NAME=" + std::string(100'000, 'x')).name().size(), 256U);
  std::string many = "ID_LIKE=\"";
  for (int i = 0; i < 100; ++i) many += "a ";
  EXPECT_EQ(ParseOsRelease(many).id_like_size(), 16);
}

TEST(FindFqdn, TakesTheHostsOwnName) {
  const absl::string_view hosts =
      "127.0.0.1 localhost localhost.localdomain\n"
      "10.0.0.9 web-10.example.org web-10 # web-1 web-1.comment.org\n"
      "127.0.1.1\tweb-1.example.org web-1\n";
  EXPECT_EQ(FindFqdn(hosts, "web-1"), "web-1.example.org");
  EXPECT_EQ(FindFqdn(hosts, "web-10"), "web-10.example.org");
  EXPECT_EQ(FindFqdn(hosts, "other"), "");
  EXPECT_EQ(FindFqdn(hosts, ""), "");
  EXPECT_EQ(FindFqdn("", "a.b"), "a.b");
  EXPECT_EQ(FindFqdn("1.2.3.4 web-1 db.example.org", "web-1"), "");  // a name, not this host's
}

TEST(TimezoneOfLink, NamesTheZone) {
  EXPECT_EQ(TimezoneOfLink("/usr/share/zoneinfo/Europe/Berlin"), "Europe/Berlin");
  EXPECT_EQ(TimezoneOfLink("../usr/share/zoneinfo/Etc/GMT+5"), "Etc/GMT+5");
  EXPECT_EQ(TimezoneOfLink("/usr/share/zoneinfo/posix/UTC"), "UTC");
  for (const char* bad :
       {"", "/etc/x", "/usr/share/zoneinfo/", "/usr/share/zoneinfo/a\nb", "/usr/share/zoneinfo/\xff"}) {
    EXPECT_EQ(TimezoneOfLink(bad), "") << bad;
  }
}

TEST(CompareKernelReleases, OrdersAsPeopleDo) {
  // Ascending.
  const char* kOrder[] = {"4.18.0-80.el8.x86_64",
                          "4.18.0-513.5.1.el8_9.x86_64",
                          "5.4.0-9-generic",
                          "5.4.0-150-generic",
                          "6.1.0-rc7-amd64",
                          "6.1.0-9-amd64",
                          "6.1.0-18-amd64",
                          "6.1.76",
                          "6.1.76-1",
                          "6.10.0-rc1",
                          "6.10.0",
                          "6.10.1",
                          "18446744073709551616.1",
                          "99999999999999999999999.0"};
  for (size_t i = 0; i < std::size(kOrder); ++i) {
    for (size_t j = 0; j < std::size(kOrder); ++j) {
      const int want = (i > j) - (i < j);
      EXPECT_EQ(CompareKernelReleases(kOrder[i], kOrder[j]), want) << kOrder[i] << " " << kOrder[j];
    }
  }
  EXPECT_EQ(CompareKernelReleases("6.01", "6.1"), 0);
  EXPECT_EQ(CompareKernelReleases("", ""), 0);
}

TEST(KernelFlavour, IsWhatFollowsTheNumbers) {
  EXPECT_EQ(KernelFlavour("6.1.0-18-amd64"), "amd64");
  EXPECT_EQ(KernelFlavour("6.1.0-18-cloud-amd64"), "cloud-amd64");
  EXPECT_EQ(KernelFlavour("6.8.0-45-generic"), "generic");
  EXPECT_EQ(KernelFlavour("5.14.0-362.el9.x86_64"), "");
  EXPECT_EQ(KernelFlavour("5.14.0-362.el9.x86_64+debug"), "debug");
  EXPECT_EQ(KernelFlavour("6.9.0-rc1-amd64"), "amd64");
  EXPECT_EQ(KernelFlavour(""), "");
}

TEST(NewestKernel, StaysWithTheFlavour) {
  const std::vector<std::string> releases = {"6.1.0-9-amd64", "6.1.0-21-amd64", "6.7.0-1-cloud-amd64"};
  EXPECT_EQ(NewestKernel(releases, "6.1.0-9-amd64"), "6.1.0-21-amd64");
  EXPECT_EQ(NewestKernel(releases, "6.1.0-1-cloud-amd64"), "6.7.0-1-cloud-amd64");
  EXPECT_EQ(NewestKernel(releases, "6.6.9-custom"), "");
  EXPECT_EQ(NewestKernel(releases, ""), "6.7.0-1-cloud-amd64");
  EXPECT_EQ(NewestKernel({}, "x"), "");
}

TEST(ReleaseOfImage, LeavesOutWhatIsNotBooted) {
  EXPECT_EQ(ReleaseOfImage("vmlinuz-6.1.0-18-amd64"), "6.1.0-18-amd64");
  EXPECT_EQ(ReleaseOfImage("vmlinux-6.1.0"), "6.1.0");
  for (const char* other : {"vmlinuz", "vmlinuz-", "vmlinuz-linux", "initrd.img-6.1.0", "vmlinuz-0-rescue-0123",
                            "vmlinuz-6.1.0.old", "vmlinuz-6.1.0.dpkg-new", "config-6.1.0"}) {
    EXPECT_EQ(ReleaseOfImage(other), "") << other;
  }
}

}  // namespace
}  // namespace rollcall
