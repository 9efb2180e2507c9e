#include "agent/identity/agent_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/identity/testing/test_pki.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;

constexpr char kUuid[] = "0c9ad1c8-3f5e-4a8e-9a51-6f1c7d1b2a30";
constexpr char kName[] = "URI:rollcall://acme/agent/0c9ad1c8-3f5e-4a8e-9a51-6f1c7d1b2a30";

TEST(ParseAgentUriTest, TakesOnlyAgents) {
  const auto identity = ParseAgentUri(absl::StrCat("rollcall://acme-1/agent/", kUuid));
  ASSERT_EQ(identity.status(), absl::OkStatus());
  EXPECT_EQ(identity->tenant, "acme-1");
  EXPECT_EQ(identity->agent_id, kUuid);
  const std::string uuid = kUuid;
  for (const std::string& uri : std::vector<std::string>{
           "", "rollcall://", "rollcall://acme/operator/" + uuid, "rollcall://acme/agent/",
           "rollcall://acme/agent/" + uuid + "/x", "rollcall:///agent/" + uuid, "rollcall://Acme/agent/" + uuid,
           "rollcall://a b/agent/" + uuid, "https://acme/agent/" + uuid, "rollcall://acme/agent/" + uuid.substr(1),
           "rollcall://acme/agent/0C9AD1C8-3F5E-4A8E-9A51-6F1C7D1B2A30",
           "rollcall://acme/agent/" + std::string(36, '-'), "rollcall://" + std::string(65, 'a') + "/agent/" + uuid}) {
    EXPECT_EQ(ParseAgentUri(uri).status().code(), absl::StatusCode::kInvalidArgument) << uri;
  }
}

TEST(IdentityFromCertificateTest, ReadsTheAgentFromTheCertificate) {
  TestPki pki;
  const TestCertificate agent = pki.Issue({"DNS:host.example", kName});
  const auto identity = IdentityFromCertificate(agent.cert_pem + pki.ca_pem());
  ASSERT_EQ(identity.status(), absl::OkStatus());
  EXPECT_EQ(identity->tenant, "acme");
  EXPECT_EQ(identity->agent_id, kUuid);
  EXPECT_GT(identity->not_after, absl::FromUnixSeconds(1700000000));
}

TEST(IdentityFromCertificateTest, SaysWhatIsWrong) {
  TestPki pki;
  const struct {
    std::string pem;
    std::string error;
  } cases[] = {
      {"", "no PEM certificate"},
      {"garbage", "no PEM certificate"},
      {pki.Issue({kName}).key_pem, "no PEM certificate"},
      {pki.Issue({}).cert_pem, "no subject alternative name"},
      {pki.Issue({"DNS:rollcall"}).cert_pem, "no subject alternative name"},
      {pki.Issue({"URI:rollcall://acme/operator/x"}).cert_pem, "no subject alternative name"},
      {pki.Issue({kName, absl::StrCat("URI:rollcall://other/agent/", kUuid)}).cert_pem, "more than one agent"},
      {std::string(2 << 20, 'x'), "larger than"},
  };
  for (const auto& c : cases) {
    const auto identity = IdentityFromCertificate(c.pem);
    EXPECT_EQ(identity.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(identity.status().message()), HasSubstr(c.error));
  }
}

TEST(IdentityFromCertificateTest, SurvivesEveryTruncation) {
  TestPki pki;
  const std::string pem = pki.Issue({kName}).cert_pem;
  for (size_t cut = 0; cut + 30 < pem.size(); ++cut) EXPECT_FALSE(IdentityFromCertificate(pem.substr(0, cut)).ok());
}

}  // namespace
}  // namespace rollcall
