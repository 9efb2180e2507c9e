#include "backend/tokens/token_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/tokens/testing/test_tokens.h"
#include "platform/testing/fake_clock.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TokenBookTest : public ::testing::Test {
 protected:
  absl::Status StatusOf(absl::string_view token) { return book_.Authenticate(token).status(); }

  FakeClock clock_;
  TokenBook book_{&clock_};
};

TEST_F(TokenBookTest, GrantsWhatACertificateOfTheSameUrisWould) {
  const std::vector<std::string> uris = {"rollcall://acme/viewer/alice", "rollcall://acme/operator/alice",
                                         "rollcall://beta/auditor/alice"};
  const TokenRow row = TestTokenRow(1, uris, clock_.Now());
  book_.Replace({row});
  const auto grant = book_.Authenticate(TestToken(1));
  ASSERT_TRUE(grant.ok()) << grant.status();
  const Grant expected = GrantOf(uris, row.ends_at).value();
  EXPECT_EQ(grant->person, expected.person);
  EXPECT_EQ(grant->tenants, expected.tenants);
  EXPECT_EQ(grant->expires_at, expected.expires_at);
}

TEST_F(TokenBookTest, AWrongSecretAnUnknownIdAndNoTokenAreOneAnswer) {
  book_.Replace({TestTokenRow(1, {"rollcall://acme/viewer/alice"}, clock_.Now())});
  std::string wrong = TestToken(1);
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  const absl::Status answer = StatusOf(wrong);
  EXPECT_TRUE(absl::IsUnauthenticated(answer));
  EXPECT_EQ(StatusOf(TestToken(2)), answer);
  EXPECT_EQ(StatusOf("rct1.x"), answer);
  EXPECT_EQ(StatusOf(""), answer);
}

TEST_F(TokenBookTest, EndsWhenItSaysAndWhenItIsRevoked) {
  TokenRow row = TestTokenRow(1, {"rollcall://acme/viewer/alice"}, clock_.Now(), absl::Seconds(10));
  book_.Replace({row});
  clock_.Advance(absl::Seconds(9));
  EXPECT_TRUE(StatusOf(TestToken(1)).ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(std::string(StatusOf(TestToken(1)).message()), HasSubstr("has ended"));
  std::string wrong = TestToken(1);
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  EXPECT_THAT(std::string(StatusOf(wrong).message()), HasSubstr("not a valid one")) << "only its holder is told";
  row.ends_at += absl::Hours(1);
  row.revoked_at = clock_.Now();
  book_.Replace({row});
  EXPECT_THAT(std::string(StatusOf(TestToken(1)).message()), HasSubstr("was revoked"));
  EXPECT_TRUE(absl::IsUnauthenticated(StatusOf(TestToken(1))));
}

TEST_F(TokenBookTest, ABookThatNobodyComparesOpensNothing) {
  EXPECT_TRUE(absl::IsUnavailable(StatusOf(TestToken(1)))) << "not read yet";
  book_.Replace({TestTokenRow(1, {"rollcall://acme/viewer/alice"}, clock_.Now())});
  clock_.Advance(kBookGoodFor);
  EXPECT_TRUE(StatusOf(TestToken(1)).ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(absl::IsUnavailable(StatusOf(TestToken(1))));
  book_.Confirm();
  EXPECT_TRUE(StatusOf(TestToken(1)).ok());
}

TEST_F(TokenBookTest, RightsThatNoCertificateCouldHaveGrantNothing) {
  book_.Replace({TestTokenRow(1, {"rollcall://acme/viewer/alice", "rollcall://acme/viewer/bob"}, clock_.Now()),
                 TestTokenRow(2, {"rollcall://acme/agent/3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10"}, clock_.Now()),
                 TestTokenRow(3, {""}, clock_.Now())});
  EXPECT_TRUE(absl::IsUnauthenticated(StatusOf(TestToken(1))));
  EXPECT_TRUE(absl::IsPermissionDenied(StatusOf(TestToken(2))));
  EXPECT_TRUE(absl::IsUnauthenticated(StatusOf(TestToken(3))));
  EXPECT_THAT(book_.TakeUses(), IsEmpty());
}

TEST_F(TokenBookTest, TellsWhichWereUsedOnce) {
  const TokenRow row = TestTokenRow(1, {"rollcall://acme/viewer/alice"}, clock_.Now());
  book_.Replace({row, TestTokenRow(2, {"rollcall://acme/viewer/alice"}, clock_.Now())});
  EXPECT_TRUE(StatusOf(TestToken(1)).ok());
  const auto uses = book_.TakeUses();
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses.begin()->first, row.id);
  EXPECT_EQ(uses.begin()->second, clock_.Now());
  EXPECT_THAT(book_.TakeUses(), IsEmpty());
}

}  // namespace
}  // namespace rollcall
