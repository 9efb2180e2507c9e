#include "backend/tokens/token_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "backend/tokens/testing/test_tokens.h"

namespace rollcall {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'123);

class TokenStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<TokenStore> Open() {
    auto store = TokenStore::Open(folder_.database());
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  TokenFolder folder_;
};

TEST_F(TokenStoreTest, KeepsWhatItIsGivenAndNoSecret) {
  const TokenRow row = TestTokenRow(1, {"rollcall://acme/viewer/alice", "rollcall://beta/auditor/alice"}, kNow);
  ASSERT_TRUE(Open()->Add(row).ok());
  const auto rows = Open()->List();
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0].id, row.id);
  EXPECT_EQ((*rows)[0].secret_hash, row.secret_hash);
  EXPECT_EQ((*rows)[0].person, "alice");
  EXPECT_EQ((*rows)[0].identities, row.identities);
  EXPECT_EQ((*rows)[0].made_at, row.made_at);
  EXPECT_EQ((*rows)[0].ends_at, row.ends_at);
  EXPECT_FALSE((*rows)[0].revoked_at.has_value());
  EXPECT_FALSE((*rows)[0].used_at.has_value());
  const std::string secret = ParseToken(TestToken(1))->secret;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    struct stat info;
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_FALSE(absl::StrContains(bytes, secret)) << entry.path();
  }
}

TEST_F(TokenStoreTest, IsNotOpenedIfOthersMayReadIt) {
  Open();
  ASSERT_EQ(::chmod(folder_.database().c_str(), 0640), 0);
  EXPECT_TRUE(absl::IsPermissionDenied(TokenStore::Open(folder_.database()).status()));
}

TEST_F(TokenStoreTest, RevokesOnce) {
  const auto store = Open();
  const TokenRow row = TestTokenRow(1, {"rollcall://acme/viewer/alice"}, kNow);
  ASSERT_TRUE(store->Add(row).ok());
  EXPECT_TRUE(store->Revoke(row.id, kNow + absl::Minutes(1)).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(store->Revoke(row.id, kNow + absl::Minutes(2))));
  EXPECT_TRUE(absl::IsNotFound(store->Revoke("ffffffffffffffff", kNow)));
  EXPECT_EQ(store->List()->front().revoked_at, kNow + absl::Minutes(1));
}

TEST_F(TokenStoreTest, KeepsEventsInOrderUntilTheyAreForgotten) {
  const auto store = Open();
  const TokenRow one = TestTokenRow(1, {"rollcall://acme/viewer/alice"}, kNow);
  ASSERT_TRUE(store->Add(one).ok());
  EXPECT_FALSE(store->Add(one).ok()) << "no id twice";
  ASSERT_TRUE(store->Add(TestTokenRow(2, {"rollcall://acme/viewer/alice"}, kNow)).ok());
  ASSERT_TRUE(store->Revoke(one.id, kNow + absl::Minutes(1)).ok());
  const auto events = store->PendingEvents();
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ((*events)[0].what, TokenEvent::What::kMade);
  EXPECT_EQ((*events)[0].token.id, one.id);
  EXPECT_EQ((*events)[1].what, TokenEvent::What::kMade);
  EXPECT_EQ((*events)[2].what, TokenEvent::What::kRevoked);
  EXPECT_EQ((*events)[2].token.id, one.id);
  EXPECT_EQ((*events)[2].at, kNow + absl::Minutes(1));
  EXPECT_TRUE(store->ForgetEvent((*events)[0].sequence).ok());
  EXPECT_EQ(store->PendingEvents()->size(), 2u);
}

TEST_F(TokenStoreTest, ForgetsWhatEndedLongAgoOnceItIsTold) {
  const auto store = Open();
  const TokenRow old = TestTokenRow(1, {"rollcall://acme/viewer/alice"}, kNow - absl::Hours(24 * 60));
  ASSERT_TRUE(store->Add(old).ok());
  ASSERT_TRUE(store->Add(TestTokenRow(2, {"rollcall://acme/viewer/alice"}, kNow)).ok());
  EXPECT_EQ(store->List()->size(), 2u) << "its event is not told yet";
  ASSERT_TRUE(store->ForgetEvent(store->PendingEvents()->front().sequence).ok());
  ASSERT_TRUE(store->Add(TestTokenRow(3, {"rollcall://acme/viewer/alice"}, kNow)).ok());
  const auto rows = store->List();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_NE((*rows)[0].id, old.id);
}

TEST_F(TokenStoreTest, NotesUsesByTheHourAndNeverBackwards) {
  const auto store = Open();
  const TokenRow row = TestTokenRow(1, {"rollcall://acme/viewer/alice"}, kNow);
  ASSERT_TRUE(store->Add(row).ok());
  EXPECT_TRUE(store->NoteUses({{row.id, kNow}, {"ffffffffffffffff", kNow}}).ok());
  const absl::Time hour = absl::FromUnixSeconds(1'800'000'123 / 3600 * 3600);
  EXPECT_EQ(store->List()->front().used_at, hour);
  EXPECT_TRUE(store->NoteUses({{row.id, kNow - absl::Hours(5)}}).ok());
  EXPECT_EQ(store->List()->front().used_at, hour);
}

TEST_F(TokenStoreTest, SaysWhenAnotherConnectionChangedIt) {
  const auto reader = Open();
  const auto writer = Open();
  const int64_t before = reader->Version().value();
  EXPECT_EQ(reader->Version().value(), before);
  ASSERT_TRUE(writer->Add(TestTokenRow(1, {"rollcall://acme/viewer/alice"}, kNow)).ok());
  EXPECT_NE(reader->Version().value(), before);
}

}  // namespace
}  // namespace rollcall
