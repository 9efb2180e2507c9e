#include "collectors/os_packages/debian_version.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(SplitDebianVersion, FollowsDebVersion7) {
  const struct {
    absl::string_view version;
    std::optional<uint32_t> epoch;
    absl::string_view upstream;
    absl::string_view revision;
  } cases[] = {
      {"3.134", std::nullopt, "3.134", ""},
      {"43-1", std::nullopt, "43", "1"},
      {"1:9.2p1-2+deb12u3", 1, "9.2p1", "2+deb12u3"},
      {"0:1", 0, "1", ""},
      {"2:20190305.git-1-2", 2, "20190305.git-1", "2"},
      {"1:2:3-4", 1, "2:3", "4"},
      {"a:1-2", std::nullopt, "a:1", "2"},
      {":1-2", std::nullopt, ":1", "2"},
      {"-1:2", std::nullopt, "", "1:2"},
      {"+1:2", std::nullopt, "+1:2", ""},
      {"4294967296:1", std::nullopt, "4294967296:1", ""},
      {"1:", 1, "", ""},
      {"", std::nullopt, "", ""},
      {"1-", std::nullopt, "1", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.version);
    const DebianVersion split = SplitDebianVersion(c.version);
    EXPECT_EQ(split.epoch, c.epoch);
    EXPECT_EQ(split.upstream, c.upstream);
    EXPECT_EQ(split.revision, c.revision);
  }
}

}  // namespace
}  // namespace rollcall
