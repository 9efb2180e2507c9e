// What a data folder keeps, opened as a backend opens it. That another process has it is played by a second home: locks
// are between open files.
#include "backend/lifecycle_service/lifecycle_home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "backend/access/testing/test_access.h"
#include "backend/lifecycle_service/clock_reading.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const RetentionPolicy& Policy() {
  static const RetentionPolicy* const policy = new RetentionPolicy(*LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY));
  return *policy;
}

class LifecycleHomeTest : public ::testing::Test {
 protected:
  LifecycleHomeTest() : path_((std::filesystem::temp_directory_path() / "lifecycle_home_XXXXXX").string()) {
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
    options_ = {path_, "eu-frankfurt", "rollcall.example.com/ledger", &Policy(), {"acme"}, false, [this] {
                  return ReadMachineClock(clock_);
                }};
  }
  ~LifecycleHomeTest() override { std::filesystem::remove_all(path_); }

  absl::StatusOr<std::unique_ptr<LifecycleHome>> Open() { return LifecycleHome::Open(options_, &clock_, &logger_); }
  mode_t ModeOf(const std::string& name) const {
    struct stat info = {};
    EXPECT_EQ(stat(absl::StrCat(path_, "/", name).c_str(), &info), 0) << name;
    return info.st_mode & 0777;
  }
  std::string PublicKey() const {
    std::ifstream file(path_ + "/ledger.key.pub");
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }

  std::string path_;
  SystemClock clock_;
  std::string log_;
  JsonLogger logger_{[this](absl::string_view line) { log_ += std::string(line); }, &clock_};
  LifecycleHomeOptions options_;
};

TEST_F(LifecycleHomeTest, MakesWhatIsMissingForTheOwnerOnly) {
  const auto home = Open();
  ASSERT_TRUE(home.ok()) << home.status();
  ASSERT_NE(*home, nullptr);
  EXPECT_EQ(ModeOf("ledger"), 0700u);
  for (const char* file : {"ledger.key", "lifecycle.db", "lifecycle.lock"}) EXPECT_EQ(ModeOf(file), 0600u) << file;
  EXPECT_EQ(ModeOf("ledger.key.pub"), 0644u);
  EXPECT_THAT(*(*home)->store()->Tenants(), ElementsAre("acme"));
  EXPECT_EQ((*home)->store()->Tenant("acme")->Facts()->region(), "eu-frankfurt");
  EXPECT_THAT(log_, HasSubstr("lifecycle.opened"));
  EXPECT_THAT(log_, Not(HasSubstr("PRIVATE")));
}

TEST_F(LifecycleHomeTest, WhatWasKeptIsThereAgainAndNewTenantsAreAdded) {
  std::string key;
  uint64_t entries = 0;
  {
    const auto home = Open();
    ASSERT_TRUE(home.ok()) << home.status();
    ASSERT_TRUE((*home)->store()->Tenant("acme")->AddService({"add", "operator/alice"}, "cvm:1").ok());
    key = (*home)->signer().PublicText();
    entries = (*home)->ledger()->Head().size;
  }
  options_.tenants = {"acme", "beta"};
  options_.region = "eu-paris";
  const auto home = Open();
  ASSERT_TRUE(home.ok()) << home.status();
  EXPECT_EQ((*home)->signer().PublicText(), key);
  EXPECT_THAT(PublicKey(), HasSubstr(key));
  EXPECT_EQ((*home)->ledger()->Head().size, entries + 1) << "the new tenant's entry";
  EXPECT_THAT(*(*home)->store()->Tenants(), ElementsAre("acme", "beta"));
  EXPECT_EQ((*home)->store()->Tenant("acme")->Facts()->region(), "eu-frankfurt") << "where its data is";
  EXPECT_EQ((*home)->store()->Tenant("beta")->Facts()->region(), "eu-paris");
  EXPECT_THAT((*home)->store()->Tenant("acme")->Facts()->hosting_services(), ElementsAre("cvm:1"));
}

TEST_F(LifecycleHomeTest, OneProcessKeepsItAndTheOthersDoWithout) {
  auto first = Open();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(absl::IsFailedPrecondition(Open().status())) << "not shared";
  options_.shared = true;
  const auto second = Open();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(*second, nullptr);
  EXPECT_THAT(log_, HasSubstr("lifecycle.elsewhere"));
  first->reset();
  const auto third = Open();
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_NE(*third, nullptr) << "the next that starts keeps it";
}

TEST_F(LifecycleHomeTest, AKeyKeepsItsName) {
  ASSERT_TRUE(Open().ok());
  options_.ledger_name = "another.example.com/ledger";
  EXPECT_TRUE(absl::IsFailedPrecondition(Open().status()));
}

TEST_F(LifecycleHomeTest, AuditEventsAreEntriesOfTheLedger) {
  const auto home = Open();
  ASSERT_TRUE(home.ok()) << home.status();
  AuditEvent event;
  event.at = clock_.Now();
  event.tenant = "acme";
  event.person = "mallory";
  event.method = "Query.ListRecords";
  ASSERT_TRUE((*home)->audit()->Record(event).ok());
  pb::LedgerEntry entry;
  ASSERT_TRUE(entry.ParseFromString(*(*home)->ledger()->Leaf((*home)->ledger()->Head().size - 1)));
  EXPECT_EQ(entry.read_denied().caller(), "operator/mallory");
  EXPECT_EQ(entry.tenant(), "acme");
}

TEST_F(LifecycleHomeTest, TheEngineWorksOnWhatWasOpened) {
  const auto home = Open();
  ASSERT_TRUE(home.ok()) << home.status();
  pb::GetRetentionStatusResponse status;
  ASSERT_TRUE((*home)
                  ->engine()
                  .GetRetentionStatus(TestAccess("acme", pb::GetRetentionStatusRequest::descriptor()), {}, &status)
                  .ok());
  EXPECT_GT(status.clock().wall().seconds(), 0);
}

TEST(ClockReading, SaysWhichBootItIsAndHowSureItIs) {
  const SystemClock clock;
  const ClockReading reading = ReadMachineClock(clock);
  EXPECT_THAT(reading.boot_id, ::testing::SizeIs(36));
  EXPECT_GT(reading.monotonic, absl::ZeroDuration());
  EXPECT_GT(reading.uncertainty, absl::ZeroDuration());
  EXPECT_LT(absl::AbsDuration(clock.Now() - reading.wall), absl::Minutes(5));
}

}  // namespace
}  // namespace rollcall
