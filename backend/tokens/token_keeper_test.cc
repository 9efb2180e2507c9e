#include "backend/tokens/token_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/ledger/testing/memory_ledger_files.h"
#include "backend/tokens/testing/test_tokens.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::IsEmpty;

class TokenKeeperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ledger_ = Ledger::Open(disk_.Mount(), &clock_).value();
    commands_ = TokenStore::Open(folder_.database()).value();
  }
  std::unique_ptr<TokenKeeper> Open(Ledger* ledger) {
    auto keeper = TokenKeeper::Open(folder_.database(), &clock_, &logger_, ledger);
    EXPECT_TRUE(keeper.ok()) << keeper.status();
    return *std::move(keeper);
  }
  TokenRow Row(int number) { return TestTokenRow(number, {"rollcall://acme/viewer/alice"}, clock_.Now()); }
  pb::LedgerEntry Entry(uint64_t index) {
    pb::LedgerEntry entry;
    EXPECT_TRUE(entry.ParseFromString(ledger_->Leaf(index).value()));
    return entry;
  }

  TokenFolder folder_;
  FakeClock clock_;
  std::string log_;
  JsonLogger logger_{[this](absl::string_view line) { log_ += std::string(line); }, &clock_};
  LedgerDisk disk_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<TokenStore> commands_;
};

TEST_F(TokenKeeperTest, ARoundTakesOverWhatCommandsDid) {
  const auto keeper = Open(nullptr);
  ASSERT_TRUE(commands_->Add(Row(1)).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(keeper->book()->Authenticate(TestToken(1)).status()));
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_TRUE(keeper->book()->Authenticate(TestToken(1)).ok());
  ASSERT_TRUE(commands_->Revoke(Row(1).id, clock_.Now()).ok());
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_TRUE(absl::IsUnauthenticated(keeper->book()->Authenticate(TestToken(1)).status()));
}

TEST_F(TokenKeeperTest, RoundsKeepTheBookGoodThoughNothingChanges) {
  ASSERT_TRUE(commands_->Add(Row(1)).ok());
  const auto keeper = Open(nullptr);
  clock_.Advance(kBookGoodFor * 2);
  EXPECT_TRUE(absl::IsUnavailable(keeper->book()->Authenticate(TestToken(1)).status()));
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_TRUE(keeper->book()->Authenticate(TestToken(1)).ok());
}

TEST_F(TokenKeeperTest, TheLedgerIsToldOnce) {
  ASSERT_TRUE(commands_->Add(Row(1)).ok());
  ASSERT_TRUE(commands_->Revoke(Row(1).id, clock_.Now() + absl::Minutes(5)).ok());
  const auto elsewhere = Open(nullptr);
  ASSERT_TRUE(elsewhere->Round().ok());
  EXPECT_EQ(ledger_->Head().size, 0u) << "it keeps no ledger";
  const std::vector<TokenEvent> events = commands_->PendingEvents().value();
  ASSERT_EQ(events.size(), 2u);
  // A process that told the ledger and ended before it could note so.
  ASSERT_TRUE(ledger_->Append(EntryOf(events[0])).ok());
  const auto keeper = Open(ledger_.get());
  ASSERT_TRUE(keeper->Round().ok());
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_THAT(commands_->PendingEvents().value(), IsEmpty());
  ASSERT_EQ(ledger_->Head().size, 2u);
  const pb::LedgerEntry made = Entry(0);
  EXPECT_EQ(made.actor(), "administrator");
  EXPECT_EQ(made.token_changed().kind(), pb::LedgerEntry::TokenChanged::MADE);
  EXPECT_EQ(made.token_changed().token_id(), Row(1).id);
  EXPECT_EQ(made.token_changed().holder(), "operator/alice");
  ASSERT_EQ(made.token_changed().rights_size(), 1);
  EXPECT_EQ(made.token_changed().rights(0).tenant(), "acme");
  EXPECT_EQ(made.token_changed().rights(0).role(), "viewer");
  const pb::LedgerEntry revoked = Entry(1);
  EXPECT_EQ(revoked.token_changed().kind(), pb::LedgerEntry::TokenChanged::REVOKED);
  EXPECT_EQ(revoked.at().seconds(), absl::ToUnixSeconds(clock_.Now() + absl::Minutes(5)));
}

TEST_F(TokenKeeperTest, UseIsNotedOnceAnHour) {
  ASSERT_TRUE(commands_->Add(Row(1)).ok());
  const auto keeper = Open(nullptr);
  EXPECT_TRUE(keeper->book()->Authenticate(TestToken(1)).ok());
  ASSERT_TRUE(keeper->Round().ok());
  ASSERT_TRUE(commands_->List()->front().used_at.has_value());
  const absl::Time noted = *commands_->List()->front().used_at;
  const int64_t version = commands_->Version().value();
  EXPECT_TRUE(keeper->book()->Authenticate(TestToken(1)).ok());
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_EQ(commands_->Version().value(), version) << "nothing was written";
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_TRUE(keeper->book()->Authenticate(TestToken(1)).ok());
  ASSERT_TRUE(keeper->Round().ok());
  EXPECT_EQ(commands_->List()->front().used_at, noted + absl::Hours(1));
}

TEST_F(TokenKeeperTest, ALedgerThatFailsStopsNoRevocation) {
  ASSERT_TRUE(commands_->Add(Row(1)).ok());
  disk_.CrashAt(1);
  const auto keeper = Open(ledger_.get());
  EXPECT_FALSE(keeper->Round().ok());
  EXPECT_TRUE(keeper->book()->Authenticate(TestToken(1)).ok());
  ASSERT_TRUE(commands_->Revoke(Row(1).id, clock_.Now()).ok());
  EXPECT_FALSE(keeper->Round().ok());
  EXPECT_TRUE(absl::IsUnauthenticated(keeper->book()->Authenticate(TestToken(1)).status()));
  EXPECT_EQ(commands_->PendingEvents()->size(), 2u);
}

}  // namespace
}  // namespace rollcall
