#include "agent/spool_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/config/command_line.h"
#include "agent/identity/testing/test_pki.h"
#include "agent/spool/directory_spool.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SpoolCommandTest : public ::testing::Test {
 protected:
  SpoolCommandTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "state.XXXXXX").string();
    state_dir_ = ::mkdtemp(pattern.data());
    options_.segment_bytes = 64 * 1024;
    options_.min_free_bytes = 0;
    options_.min_free_fraction = 0;
  }
  ~SpoolCommandTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(state_dir_, ignored);
  }

  std::unique_ptr<DirectorySpool> Filled() {
    auto spool = *DirectorySpool::Open(state_dir_ + "/spool", options_);
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(spool->Append({"ports", "host"}, std::string(1500, 'p')).ok());
    EXPECT_TRUE(spool->AppendAs(EntryClass::kSample, {"resources", "host"}, "s").ok());
    EXPECT_TRUE(spool->Sync().ok());
    return spool;
  }
  void FlipAByte() {
    std::fstream file(state_dir_ + "/spool/wal-00000000000000000001.log", std::ios::in | std::ios::out);
    file.seekp(20000);
    file.put('!');
  }
  int Inspect(bool json = false) { return InspectSpool(state_dir_, {json, 0}, out_, err_); }
  int Verify(bool json = false) { return VerifySpool(state_dir_, {json, 0}, out_, err_); }
  std::string Taken() {
    const std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::string state_dir_;
  DirectorySpoolOptions options_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(SpoolCommandTest, ASpoolInUseIsInspectedAndWhole) {
  const auto spool = Filled();
  EXPECT_EQ(Inspect(), 0);
  const std::string text = Taken();
  EXPECT_THAT(text, HasSubstr("101 batches pending"));
  EXPECT_THAT(text, HasSubstr("wal-00000000000000000001.log  whole"));
  EXPECT_THAT(text, HasSubstr("ports"));
  EXPECT_EQ(Verify(), 0);
  EXPECT_THAT(Taken(), HasSubstr("The spool is whole: 101 batches pending"));
  EXPECT_TRUE(spool->Append({"ports", "host"}, "goes on").ok());
}

TEST_F(SpoolCommandTest, DamageIsNamedBySegmentAndNothingIsRepaired) {
  Filled().reset();
  FlipAByte();
  EXPECT_EQ(Verify(), 1);
  const std::string text = Taken();
  EXPECT_THAT(text, HasSubstr("wal-00000000000000000001.log: damaged"));
  EXPECT_THAT(text, HasSubstr("checksum does not match"));
  EXPECT_THAT(text, HasSubstr("batches are lost"));
  EXPECT_EQ(Verify(), 1) << "it is still damaged";
  Taken();
  EXPECT_EQ(Inspect(), 0) << "a damaged one can be looked into";
  EXPECT_THAT(Taken(), HasSubstr("Damaged: see"));
  EXPECT_FALSE(std::filesystem::exists(state_dir_ + "/spool/quarantine.log"));
}

TEST_F(SpoolCommandTest, JsonIsOneObject) {
  Filled().reset();
  FlipAByte();
  for (const bool verify : {false, true}) {
    EXPECT_EQ(verify ? Verify(true) : Inspect(true), verify ? 1 : 0);
    google::protobuf::Struct parsed;
    const std::string text = Taken();
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(text, &parsed).ok()) << text;
    EXPECT_FALSE(parsed.fields().at("whole").bool_value());
    EXPECT_GT(parsed.fields().at("lost_entries").number_value(), 0);
    EXPECT_GT(parsed.fields().at("segments").list_value().values_size(), 2);
    EXPECT_EQ(parsed.fields().count("units"), verify ? 0u : 1u);
  }
}

TEST_F(SpoolCommandTest, WhatCannotBeReadIsAnErrorWithItsCause) {
  EXPECT_EQ(Inspect(), kUsageExitCode);
  EXPECT_THAT(err_.str(), HasSubstr("inspect spool: open " + state_dir_ + "/spool"));
  EXPECT_EQ(Verify(), kUsageExitCode);
  EXPECT_EQ(out_.str(), "");
  EXPECT_FALSE(std::filesystem::exists(state_dir_ + "/spool")) << "it was not made";
}

TEST_F(SpoolCommandTest, HostileNamesStayOnTheirLine) {
  SpoolReport report;
  report.units.push_back({{"po\nrts", "\x1b[2J"}, 1, 2, 0, 0, true});
  report.problems.push_back("read \x1b[31m");
  for (const bool json : {false, true}) {
    EXPECT_THAT(SpoolInspection(report, {json, 0}), Not(HasSubstr("\x1b")));
    EXPECT_THAT(SpoolVerification(report, {json, 0}), Not(HasSubstr("\x1b")));
  }
}

TEST_F(SpoolCommandTest, DrainSaysWhatStandsInItsWay) {
  AgentConfig config;
  config.state_dir = state_dir_;
  config.spool_max_bytes = uint64_t{64} << 20;
  config.tls_cert = state_dir_ + "/none.pem";
  EXPECT_EQ(DrainSpool(config, absl::Milliseconds(10), {}, out_, err_), 1);
  EXPECT_THAT(err_.str(), HasSubstr("drain spool: "));
  EXPECT_THAT(err_.str(), HasSubstr("none.pem"));
}

TEST_F(SpoolCommandTest, DrainTellsOfDamageAndOfWhatWasLost) {
  AgentConfig config;
  config.root = state_dir_;
  config.state_dir = state_dir_;
  config.spool_max_bytes = uint64_t{64} << 20;
  config.backend_addresses = {"127.0.0.1:1"};
  config.tls_ca = config.tls_cert = config.tls_key = state_dir_ + "/cert.pem";
  TestPki pki;
  std::ofstream(config.tls_cert)
      << pki.Issue({"URI:rollcall://acme/agent/0c9ad1c8-3f5e-4a8e-9a51-6f1c7d1b2a30"}).cert_pem;
  for (const bool json : {false, true}) {
    std::filesystem::remove_all(state_dir_ + "/spool");
    Filled().reset();
    FlipAByte();
    EXPECT_EQ(DrainSpool(config, absl::Milliseconds(10), {json, 0}, out_, err_), 1);
  }
  EXPECT_THAT(err_.str(), HasSubstr("the spool was damaged"));
  EXPECT_THAT(err_.str(), HasSubstr("wal-00000000000000000001.log"));
  EXPECT_THAT(err_.str(), HasSubstr("unreadable entries of collector"));
  google::protobuf::Struct parsed;
  const std::string text = out_.str().substr(out_.str().find('{'));
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(text, &parsed).ok()) << text;
  EXPECT_GT(parsed.fields().at("dropped").number_value(), 0);
  ASSERT_EQ(parsed.fields().at("damage").list_value().values_size(), 1);
  EXPECT_THAT(parsed.fields().at("damage").list_value().values(0).string_value(),
              HasSubstr("wal-00000000000000000001.log"));
}

}  // namespace
}  // namespace rollcall
