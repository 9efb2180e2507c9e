#include "agent/live_host.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/own_usage.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;

TEST(OpenHostTest, TheRunningMachineHasAKernel) {
  const auto host = OpenHost("/");
  ASSERT_EQ(host.status(), absl::OkStatus());
  EXPECT_NE(host->sockets, nullptr);
  EXPECT_NE(host->system_manager, nullptr);
  EXPECT_TRUE(host->files->Stat("/proc/self").ok());
}

TEST(OpenHostTest, ATreeThatOnlyLooksLikeAHostHasNone) {
  const fs::path root = fs::temp_directory_path() / ("rollcall_live_host_" + std::to_string(getpid()));
  fs::create_directories(root / "proc" / "1");
  std::ofstream(root / "marker") << "x";
  const auto host = OpenHost(root);
  ASSERT_EQ(host.status(), absl::OkStatus());
  EXPECT_EQ(host->sockets, nullptr);
  EXPECT_EQ(host->system_manager, nullptr);
  EXPECT_EQ(*host->files->ReadFile("/marker", 10), "x");
  fs::remove_all(root);
  EXPECT_EQ(OpenHost(root).status().code(), absl::StatusCode::kNotFound);
}

TEST(ReadOwnUsageTest, GivesPlausibleFigures) {
  const auto usage = ReadOwnUsage();
  ASSERT_EQ(usage.status(), absl::OkStatus());
  EXPECT_GT(usage->resident_bytes, uint64_t{1} << 20);
  EXPECT_LT(usage->resident_bytes, uint64_t{1} << 36);
  EXPECT_GE(usage->cpu_time, absl::ZeroDuration());
}

}  // namespace
}  // namespace rollcall
