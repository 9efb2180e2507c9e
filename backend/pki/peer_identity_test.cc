#include "backend/pki/peer_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kUuid[] = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";

TEST(PeerIdentity, ParsesAgent) {
  const auto identity = ParseIdentityUri(absl::StrCat("rollcall://acme/agent/", kUuid));
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(*identity, (PeerIdentity{"acme", PeerRole::kAgent, kUuid}));
}

TEST(PeerIdentity, ParsesOperator) {
  const auto identity = ParseIdentityUri("rollcall://acme-2/operator/alice.b@example.com");
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(*identity, (PeerIdentity{"acme-2", PeerRole::kOperator, "alice.b@example.com"}));
}

TEST(PeerIdentity, ParsesTheRolesOfPeople) {
  for (const PeerRole role : {PeerRole::kViewer, PeerRole::kOperator, PeerRole::kPrivacyOfficer, PeerRole::kAuditor}) {
    const std::string uri = absl::StrCat("rollcall://acme/", PeerRoleName(role), "/alice");
    const auto identity = ParseIdentityUri(uri);
    ASSERT_TRUE(identity.ok()) << identity.status();
    EXPECT_EQ(*identity, (PeerIdentity{"acme", role, "alice"}));
    EXPECT_EQ(ParsePeerRole(PeerRoleName(role)).value(), role);
  }
  EXPECT_EQ(PeerRoleName(PeerRole::kPrivacyOfficer), "privacy-officer");
  EXPECT_EQ(ParsePeerRole("privacy_officer").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PeerIdentity, RefusesEverySecondSpelling) {
  const std::string uuid = kUuid;
  const std::string bad[] = {
      "",
      "rollcall:",
      "rollcall://",
      "rollcall:///agent/" + uuid,
      "ROLLCALL://acme/agent/" + uuid,
      "spiffe://acme/agent/" + uuid,
      " rollcall://acme/agent/" + uuid,
      "rollcall://acme/agent/" + uuid + "/",
      "rollcall://acme/agent/" + uuid + "?x",
      "rollcall://acme//" + uuid,
      "rollcall://acme/Agent/" + uuid,
      "rollcall://acme/server/" + uuid,
      "rollcall://acme/privacy_officer/alice",
      "rollcall://acme/viewer,operator/alice",
      "rollcall://ACME/agent/" + uuid,
      "rollcall://-acme/agent/" + uuid,
      "rollcall://acme-/agent/" + uuid,
      "rollcall://ac%6de/agent/" + uuid,
      "rollcall://user@acme/agent/" + uuid,
      "rollcall://acme:1/agent/" + uuid,
      "rollcall://" + std::string(64, 'a') + "/agent/" + uuid,
      "rollcall://acme/agent/3F2B8C1E-9d4a-4c55-8f0e-6b1d2a7c9e10",
      "rollcall://acme/agent/3f2b8c1e9d4a4c558f0e6b1d2a7c9e10",
      "rollcall://acme/agent/" + uuid.substr(1),
      "rollcall://acme/operator/",
      "rollcall://acme/operator/.hidden",
      "rollcall://acme/operator/a b",
      "rollcall://acme/operator/" + std::string(65, 'a'),
      std::string("rollcall://acme/operator/a\0b", 28),
      "rollcall://acme/operator/a\n",
  };
  for (const std::string& uri : bad) {
    EXPECT_EQ(ParseIdentityUri(uri).status().code(), absl::StatusCode::kInvalidArgument) << uri;
  }
}

TEST(PeerIdentity, ErrorsCarryNoRawBytes) {
  const auto identity = ParseIdentityUri("rollcall://acme/operator/\x1b[31m\n");
  EXPECT_THAT(std::string(identity.status().message()), Not(HasSubstr("\x1b")));
  EXPECT_THAT(std::string(identity.status().message()), Not(HasSubstr("\n")));
}

TEST(PeerIdentity, PrintsWhatItParses) {
  for (const char* uri : {"rollcall://a/agent/00000000-0000-4000-8000-000000000000", "rollcall://a-b/operator/x"}) {
    const auto identity = ParseIdentityUri(uri);
    ASSERT_TRUE(identity.ok());
    EXPECT_EQ(IdentityUri(*identity).value(), uri);
  }
  EXPECT_FALSE(IdentityUri({"bad tenant", PeerRole::kAgent, kUuid}).ok());
  EXPECT_FALSE(IdentityUri({"acme", PeerRole::kAgent, "alice"}).ok());
}

TEST(PeerIdentity, UuidHasVersionAndVariant) {
  std::array<uint8_t, 16> ones;
  ones.fill(0xff);
  EXPECT_EQ(UuidFromBytes(ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  EXPECT_EQ(UuidFromBytes({}), "00000000-0000-4000-8000-000000000000");
  EXPECT_TRUE(ValidateAgentId(UuidFromBytes(ones)).ok());
}

}  // namespace
}  // namespace rollcall
