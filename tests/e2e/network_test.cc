// Real processes on two hosts, over a network that fails. The hosts are network namespaces; the
// network between them is a relay of Ethernet frames in this test (packet_link.h), which loses,
// doubles, reorders, slows and swallows packets. It takes the place of tc's netem, which many
// kernels are built without; TCP, the namespaces and the processes are real.
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/e2e/delivered.h"
#include "tests/e2e/deployment.h"
#include "tests/e2e/packet_link.h"

namespace rollcall {
namespace {

void Pause(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

class NetworkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "network namespaces need uid 0";
    link_ = std::make_unique<PacketLink>();
    DeploymentOptions options;
    options.interval = interval_;
    options.agent_wrapper = link_->Wrapper(PacketLink::kLeft);
    options.backend_wrapper = options.operator_wrapper = link_->Wrapper(PacketLink::kRight);
    options.backend_host = PacketLink::Address(PacketLink::kRight);
    deployment_ = std::make_unique<Deployment>(options);
    deployment_->Init();
    packages_ = ManyPackages(300, "1.0");
    deployment_->SetPackages(packages_);
    deployment_->StartBackend();
  }

  // Both start over a network without faults, and what there is arrives.
  void StartWell() {
    deployment_->StartAgent();
    ASSERT_TRUE(deployment_->StoredPackagesBecome(packages_, absl::Seconds(60)));
  }

  void ChangeSomething() {
    packages_[absl::StrCat("churn", random_() % 30)] = absl::StrCat(random_() % 1000);
    packages_.erase(absl::StrCat("churn", random_() % 30));
    deployment_->SetPackages(packages_);
  }

  // Everything arrives, nothing is doubled, and the digests agree.
  void ExpectAllArrives() {
    EXPECT_TRUE(deployment_->StoredPackagesBecome(packages_, absl::Seconds(300)));
    link_->SetFaults({});
    deployment_->StopAgent();
    deployment_->StopBackend();
    ExpectNothingDoubled(deployment_->data_dir());
  }

  std::string interval_ = "1s";
  std::unique_ptr<PacketLink> link_;
  std::unique_ptr<Deployment> deployment_;
  std::map<std::string, std::string> packages_;
  std::mt19937 random_{1};
};

TEST_F(NetworkTest, Partition) {
  StartWell();
  link_->SetFaults({.cut = true});
  for (int i = 0; i < 4; ++i) {
    ChangeSomething();
    Pause(1500);
    ASSERT_TRUE(deployment_->agent().running());
  }
  EXPECT_NE(deployment_->StoredPackages(), packages_) << "the network was not cut";
  link_->SetFaults({});
  ExpectAllArrives();
}

TEST_F(NetworkTest, PacketsAreLostDoubledAndReordered) {
  link_->SetFaults({.lost = 0.05, .doubled = 0.02, .reordered = 0.05});
  packages_ = ManyPackages(3000, "1.0");
  deployment_->SetPackages(packages_);
  deployment_->StartAgent();
  for (int i = 0; i < 8; ++i) {
    Pause(700);
    ChangeSomething();
  }
  ExpectAllArrives();
  EXPECT_GT(link_->counts().lost, 0u);
}

// A run may take as long as its interval: sanitizers need more than the usual second for this many packages.
class LargeInventoryTest : public NetworkTest {
 protected:
  LargeInventoryTest() { interval_ = "30s"; }
};

TEST_F(LargeInventoryTest, OneMegabitPerSecond) {
  link_->SetFaults({.bits_per_second = 1'000'000});
  // Names and versions that do not compress away.
  for (int i = 0; i < 5000; ++i)
    packages_[absl::StrCat("package-", random_())] = absl::StrCat(random_(), ".", random_());
  deployment_->SetPackages(packages_);
  const auto start = std::chrono::steady_clock::now();
  deployment_->StartAgent();
  EXPECT_TRUE(deployment_->StoredPackagesBecome(packages_, absl::Seconds(300)));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  // Both directions together can be no faster than twice the rate.
  EXPECT_LT(static_cast<double>(link_->counts().passed_bytes) * 8 / seconds, 2e6) << "the link was not slow";
  EXPECT_GT(link_->counts().passed_bytes, 100'000u);
  ExpectAllArrives();
}

// The agent's host does not learn that the other end is gone: no FIN, no RST, only silence. Its
// kernel gives up on unacknowledged bytes after 20 s (TCP_USER_TIMEOUT, which gRPC sets to the
// keepalive timeout), and the agent comes back on a new connection.
TEST_F(NetworkTest, ThePeerVanishesWithoutAWord) {
  StartWell();
  link_->ForgetConnections();
  for (int i = 0; i < 3; ++i) {
    ChangeSomething();
    Pause(1000);
  }
  EXPECT_NE(deployment_->StoredPackages(), packages_) << "the connection still carries";
  ExpectAllArrives();
}

TEST_F(NetworkTest, TheBackendDiesBehindACutAndComesBack) {
  StartWell();
  link_->SetFaults({.cut = true});
  deployment_->backend().KillHard();
  ChangeSomething();
  Pause(1500);
  deployment_->StartBackend();
  ChangeSomething();
  link_->SetFaults({});
  ExpectAllArrives();
}

}  // namespace
}  // namespace rollcall
