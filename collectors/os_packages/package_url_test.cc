#include "collectors/os_packages/package_url.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(PackageUrl, EncodesAsTheSpecificationSays) {
  const Distribution debian = {.id = "debian", .version = "12"};
  EXPECT_EQ(PackageUrl("deb", debian, "curl", "7.88.1-10", "amd64"),
            "pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12");
  EXPECT_EQ(PackageUrl("deb", debian, "libstdc++6", "1:2.3+dfsg~rc1-4", "i386"),
            "pkg:deb/debian/libstdc%2B%2B6@1:2.3%2Bdfsg~rc1-4?arch=i386&distro=debian-12");
  EXPECT_EQ(PackageUrl("deb", debian, "Odd", "1 2/3", "all"), "pkg:deb/debian/odd@1%202%2F3?arch=all&distro=debian-12");
  EXPECT_EQ(PackageUrl("rpm", {.id = "rhel", .version = "9.4"}, "NetworkManager", "1", "x86_64"),
            "pkg:rpm/rhel/NetworkManager@1?arch=x86_64&distro=rhel-9.4");
}

TEST(PackageUrl, EachManagerHasItsOwnRules) {
  EXPECT_EQ(PackageUrl("rpm", {.id = "fedora", .version = "40"}, "perl-Carp", "1.54-502.fc40", "noarch", 0),
            "pkg:rpm/fedora/perl-Carp@1.54-502.fc40?arch=noarch&distro=fedora-40&epoch=0");
  EXPECT_EQ(PackageUrl("rpm", {.id = "fedora", .version = ""}, "a", "1-1", "", 3),
            "pkg:rpm/fedora/a@1-1?distro=fedora&epoch=3");
  EXPECT_EQ(PackageUrl("apk", {.id = "alpine", .version = "3.19.1"}, "Libc", "1.2.4_git-r2", "x86_64"),
            "pkg:apk/alpine/libc@1.2.4_git-r2?arch=x86_64&distro=alpine-3.19.1");
  EXPECT_EQ(PackageUrl("alpm", {.id = "arch", .version = ""}, "pacman", "1:6.0.1-1", "x86_64"),
            "pkg:alpm/arch/pacman@1:6.0.1-1?arch=x86_64");
  EXPECT_EQ(PackageUrl("opkg", {.id = "openwrt", .version = "23.05"}, "busybox", "1.36.1-1", "mips_24kc"),
            "pkg:opkg/openwrt/busybox@1.36.1-1?arch=mips_24kc&distro=openwrt-23.05");
}

TEST(PackageUrl, LeavesOutWhatIsNotKnown) {
  const Distribution unknown;
  EXPECT_EQ(PackageUrl("deb", unknown, "a", "", ""), "pkg:deb/linux/a?distro=linux");
  EXPECT_EQ(PackageUrl("deb", {.id = "debian", .version = ""}, "a", "1", "all"),
            "pkg:deb/debian/a@1?arch=all&distro=debian");
}

}  // namespace
}  // namespace rollcall
