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

TEST(PackageUrl, LeavesOutWhatIsNotKnown) {
  const Distribution unknown;
  EXPECT_EQ(PackageUrl("deb", unknown, "a", "", ""), "pkg:deb/linux/a?distro=linux");
  EXPECT_EQ(PackageUrl("deb", {.id = "debian", .version = ""}, "a", "1", "all"),
            "pkg:deb/debian/a@1?arch=all&distro=debian");
}

}  // namespace
}  // namespace rollcall
