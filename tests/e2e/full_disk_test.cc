// An agent whose disk has no room for a spool: it says so, looks less often, and catches up.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "absl/strings/numbers.h"
#include "tests/e2e/delivered.h"
#include "tests/e2e/deployment.h"

namespace rollcall {
namespace {

// A file system of its own at a path; the spool leaves 256 MiB of any to others.
class SmallDisk {
 public:
  explicit SmallDisk(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    EXPECT_EQ(mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=64m,mode=700"), 0);
  }
  ~SmallDisk() { umount2(path_.c_str(), MNT_DETACH); }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  void Grow() { EXPECT_EQ(mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, "size=2g,mode=700"), 0); }

 private:
  const std::string path_;
};

class FullDiskTest : public ::testing::Test {
 protected:
  ProgramOutput AskAgent(const std::string& command) const {
    std::vector<std::string> argv = {Program("rollcall-agent"), command, "--status-socket", deployment_.agent_socket()};
    if (command == "status") argv.push_back("--json");
    return RunProgram(argv);
  }
  bool Healthy() const { return AskAgent("health").exit_code == 0; }

  // Runs of all collectors so far.
  int Runs() const {
    const std::string json = AskAgent("status").out;
    int runs = 0;
    const std::string key = "\"runs\":\"";
    for (size_t at = json.find(key); at != std::string::npos; at = json.find(key, at + 1)) {
      int count = 0;
      const size_t from = at + key.size();
      if (absl::SimpleAtoi(json.substr(from, json.find('"', from) - from), &count)) runs += count;
    }
    return runs;
  }

  Deployment deployment_;
};

TEST_F(FullDiskTest, ItSaysSoLooksLessOftenAndCatchesUp) {
  if (geteuid() != 0) GTEST_SKIP() << "mounting needs uid 0";
  deployment_.Init();
  auto packages = ManyPackages(300, "1.0");
  deployment_.SetPackages(packages);
  SmallDisk disk(deployment_.state_dir());
  deployment_.StartBackend();
  deployment_.StartAgent();
  ASSERT_TRUE(Eventually(absl::Seconds(30), [&] { return Runs() >= 2 && !Healthy(); }))
      << ReadAll(deployment_.agent_log());
  EXPECT_NE(AskAgent("health").out.find("spool"), std::string::npos) << AskAgent("health").out;

  // Two collectors, due every second: sixteen runs if nothing held them back.
  const int before = Runs();
  std::this_thread::sleep_for(std::chrono::seconds(8));
  EXPECT_LE(Runs() - before, 8);
  EXPECT_TRUE(deployment_.agent().running());
  EXPECT_TRUE(deployment_.StoredPackages().empty());

  packages["found-without-room"] = "1";
  deployment_.SetPackages(packages);
  disk.Grow();
  EXPECT_TRUE(deployment_.StoredPackagesBecome(packages, absl::Seconds(60)));
  EXPECT_TRUE(Eventually(absl::Seconds(30), [&] { return Healthy(); }));
  deployment_.StopAgent();
  deployment_.StopBackend();
  ExpectNothingDoubled(deployment_.data_dir());
}

}  // namespace
}  // namespace rollcall
