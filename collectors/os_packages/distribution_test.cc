#include "collectors/os_packages/distribution.h"

#include <gtest/gtest.h>

#include "platform/memory_tree.h"

namespace rollcall {
namespace {

TEST(ParseDistribution, ReadsIdAndVersion) {
  const struct {
    absl::string_view text;
    Distribution want;
  } cases[] = {
      {"ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n", {"debian", "12"}},
      {"VERSION_CODENAME=trixie\nID=debian", {"debian", "trixie"}},
      {"ID='Ubuntu'\r\nVERSION_ID=22.04\r\n", {"ubuntu", "22.04"}},
      {"ID=\"a\\\"b\"\nVERSION_ID=''", {"a\"b", ""}},
      {"# ID=no\n=x\nID\n\nID_LIKE=debian\n", {"linux", ""}},
      {"", {"linux", ""}},
      {"ID=\"unclosed", {"unclosed", ""}},
      {"ID=\xFF", {"\xEF\xBF\xBD", ""}},
  };
  for (const auto& c : cases) {
    const Distribution got = ParseDistribution(c.text);
    EXPECT_EQ(got.id, c.want.id) << c.text;
    EXPECT_EQ(got.version, c.want.version) << c.text;
  }
}

TEST(ParseApkRepositories, TakesTheReleaseFromAnAddress) {
  EXPECT_EQ(ParseApkRepositories("# v3.1\n\n/media/cdrom\nhttps://example.org/alpine/v3.19/main\n"),
            (Distribution{"alpine", "3.19"}));
  EXPECT_EQ(ParseApkRepositories("@testing https://example.org/alpine/edge/testing"), (Distribution{"alpine", "edge"}));
  EXPECT_EQ(ParseApkRepositories("https://example.org/vendor/x\n"), Distribution());
  EXPECT_EQ(ParseApkRepositories(""), Distribution());
}

TEST(ReadDistribution, PrefersEtcAndFallsBackToUsrLib) {
  MemoryTree files;
  EXPECT_EQ(*ReadDistribution(files), Distribution());
  files.SetFile("/usr/lib/os-release", "ID=usr\n");
  EXPECT_EQ(ReadDistribution(files)->id, "usr");
  files.SetFile("/etc/os-release", "ID=etc\n");
  EXPECT_EQ(ReadDistribution(files)->id, "etc");
}

TEST(ReadDistribution, SaysThatItCouldNotLook) {
  MemoryTree files;
  files.SetFile("/usr/lib/os-release", "ID=usr\n");
  files.SetFile("/etc/os-release", "ID=etc\n");
  files.SetError("/etc/os-release", absl::PermissionDeniedError("read /etc/os-release: permission denied"));
  EXPECT_TRUE(absl::IsPermissionDenied(ReadDistribution(files).status()));
}

}  // namespace
}  // namespace rollcall
