#include "agent/host_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "agent/identity/testing/test_pki.h"
#include "agent/pipeline/batch_reducer.h"
#include "platform/testing/fake_clock.h"
#include "platform/version.h"

namespace rollcall {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr char kAgentId[] = "0c9ad1c8-3f5e-4a8e-9a51-6f1c7d1b2a30";
constexpr char kBootId[] = "6e5b7f2c-9d3a-4c1e-8f60-2b7a1d9c4e55";

class HostSessionTest : public ::testing::Test {
 protected:
  HostSessionTest() {
    std::string pattern = (fs::temp_directory_path() / "host_session.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    config_.root = folder_ + "/root";
    config_.state_dir = folder_ + "/state";
    config_.tls_cert = folder_ + "/cert.pem";
    config_.hosting_service = "aws";
    config_.region = "eu-west-1";
    config_.spool_max_bytes = uint64_t{64} << 20;
    fs::create_directories(config_.state_dir);
    fs::create_directories(config_.root + "/proc/sys/kernel/random");
    std::ofstream(config_.root + "/proc/sys/kernel/random/boot_id") << kBootId << '\n';
    TestPki pki;
    std::ofstream(config_.tls_cert) << pki.Issue({absl::StrCat("URI:rollcall://acme/agent/", kAgentId)}).cert_pem;
  }
  ~HostSessionTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string folder_;
  AgentConfig config_;
  FakeClock clock_;
};

TEST_F(HostSessionTest, TheHelloSaysWhoWhereAndSinceWhichBoot) {
  const auto host = OpenThisHost(config_, clock_);
  ASSERT_TRUE(host.ok()) << host.status();
  const pb::Hello hello = HelloOf(config_, *host);
  EXPECT_EQ(hello.agent_id(), kAgentId);
  EXPECT_EQ(hello.boot_id(), kBootId) << "or two machines with one certificate look like one";
  EXPECT_EQ(hello.host_id(), host->identity.id);
  EXPECT_FALSE(hello.host_id().empty());
  EXPECT_EQ(hello.agent_version(), Version());
  EXPECT_EQ(hello.schema_version(), 1u);
  EXPECT_EQ(hello.hosting_service(), "aws");
  EXPECT_EQ(hello.region(), "eu-west-1");
}

TEST_F(HostSessionTest, TheHostStaysTheSame) {
  const auto first = OpenThisHost(config_, clock_);
  const auto second = OpenThisHost(config_, clock_);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->identity.id, second->identity.id);
  EXPECT_EQ(second->identity.clone_of, "");
}

TEST_F(HostSessionTest, ABootIdIsNotNeeded) {
  fs::remove_all(config_.root + "/proc");
  const auto host = OpenThisHost(config_, clock_);
  ASSERT_TRUE(host.ok()) << host.status();
  EXPECT_EQ(HelloOf(config_, *host).boot_id(), "");
}

TEST_F(HostSessionTest, WhatStandsInTheWayIsNamed) {
  config_.tls_cert = folder_ + "/none.pem";
  EXPECT_THAT(std::string(OpenThisHost(config_, clock_).status().message()), HasSubstr("none.pem"));
}

TEST_F(HostSessionTest, ASpoolOfEverySizeCanFold) {
  const BatchReducer reducer;
  for (const uint64_t mebibytes : {8, 12, 64, 1024}) {
    config_.spool_max_bytes = mebibytes << 20;
    const DirectorySpoolOptions options = SpoolOptionsOf(config_, &reducer);
    EXPECT_EQ(options.reducer, &reducer);
    EXPECT_EQ(options.max_bytes, config_.spool_max_bytes);
    EXPECT_GE(options.segment_bytes, uint64_t{2} << 20) << "it holds the largest batch";
    EXPECT_GE(options.max_bytes, 3 * options.segment_bytes);
  }
}

}  // namespace
}  // namespace rollcall
