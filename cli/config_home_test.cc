#include "cli/config_home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace rollcall {
namespace {

using ::testing::HasSubstr;

class ConfigHomeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "config_home_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static unsigned ModeOf(const std::string& path) {
    struct stat info;
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }
  void Write(const std::string& path, const std::string& text, unsigned mode) {
    std::ofstream(path, std::ios::binary) << text;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }

  std::string folder_;
};

TEST_F(ConfigHomeTest, IsWhereConfigurationIsKept) {
  EXPECT_EQ(DefaultConfigPath("/x", "/home/a"), "/x/rollcall/config.yaml");
  EXPECT_EQ(DefaultConfigPath(nullptr, "/home/a"), "/home/a/.config/rollcall/config.yaml");
  EXPECT_EQ(DefaultConfigPath("relative", "/home/a"), "/home/a/.config/rollcall/config.yaml") << "not to be trusted";
  EXPECT_EQ(DefaultConfigPath(nullptr, nullptr), "");
  EXPECT_EQ(DefaultConfigPath("", ""), "");
}

TEST_F(ConfigHomeTest, SavesForTheOwnerOnlyAndReadsItBack) {
  const std::string path = folder_ + "/a/b/config.yaml";
  CliConfigFile file;
  file.flat.server = "flat:1";
  file.current_context = "alice@b";
  file.contexts["alice@b"] = {.server = "b:1", .token = "rct1.0.1"};
  ASSERT_TRUE(SaveConfigFile(path, file).ok());
  EXPECT_EQ(ModeOf(path), 0600u);
  EXPECT_EQ(ModeOf(folder_ + "/a"), 0700u);
  const auto loaded = LoadConfigFile(path, false);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(*loaded, file);
  file.contexts.clear();
  file.current_context.clear();
  ASSERT_TRUE(SaveConfigFile(path, file).ok());
  EXPECT_EQ(*LoadConfigFile(path, false), file);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ + "/a/b"), {}), 1) << "nothing is left beside it";
}

TEST_F(ConfigHomeTest, WritesWhereALinkLeads) {
  const std::string path = folder_ + "/real.yaml";
  Write(path, "server: b:1\n", 0600);
  std::filesystem::create_symlink(path, folder_ + "/link.yaml");
  ASSERT_TRUE(SaveConfigFile(folder_ + "/link.yaml", {{.server = "c:1"}, "", {}}).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ + "/link.yaml"));
  EXPECT_EQ(LoadConfigFile(path, false)->flat.server, "c:1");
}

TEST_F(ConfigHomeTest, ATokenOthersCanReadIsRefused) {
  const std::string path = folder_ + "/config.yaml";
  Write(path, "server: b:1\n", 0644);
  EXPECT_TRUE(LoadConfigFile(path, false).ok()) << "there is no secret in it";
  for (const char* text : {"token: rct1.0.1\n", "contexts:\n  a:\n    token: rct1.0.1\n"}) {
    Write(path, text, 0640);
    const auto file = LoadConfigFile(path, false);
    EXPECT_THAT(std::string(file.status().message()), HasSubstr("set its mode to 0600")) << text;
    Write(path, text, 0600);
    EXPECT_TRUE(LoadConfigFile(path, false).ok());
  }
}

TEST_F(ConfigHomeTest, SaysWhyAFileCannotBeRead) {
  const std::string missing = folder_ + "/none.yaml";
  EXPECT_TRUE(LoadConfigFile(missing, true).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(LoadConfigFile(missing, false).status()));
  EXPECT_THAT(std::string(LoadConfigFile(missing, false).status().message()), HasSubstr(missing));
  EXPECT_TRUE(absl::IsInvalidArgument(LoadConfigFile(folder_, false).status()));
  Write(folder_ + "/large", std::string(300 << 10, '#'), 0600);
  EXPECT_THAT(std::string(ReadTextFile("token", folder_ + "/large").status().message()), HasSubstr("256 KiB"));
  EXPECT_EQ(SaveConfigFile(folder_ + "/large/config.yaml", {}).code(), absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace rollcall
