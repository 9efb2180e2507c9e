#include "backend/access/grant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAgentUri[] = "rollcall://acme/agent/3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";
const absl::Time kEnd = absl::FromUnixSeconds(1'800'000'000);

TEST(GrantOf, OneRoleInOneTenant) {
  const auto grant = GrantOf({"rollcall://acme/viewer/alice"}, kEnd);
  ASSERT_TRUE(grant.ok()) << grant.status();
  EXPECT_EQ(grant->person, "alice");
  EXPECT_EQ(grant->expires_at, kEnd);
  ASSERT_EQ(grant->tenants.size(), 1u);
  EXPECT_TRUE(grant->tenants.at("acme").Has(PeerRole::kViewer));
  EXPECT_FALSE(grant->tenants.at("acme").Has(PeerRole::kOperator));
}

TEST(GrantOf, RolesStayInTheirTenants) {
  const auto grant = GrantOf(
      {"rollcall://acme/operator/alice", "rollcall://beta/auditor/alice", "rollcall://acme/privacy-officer/alice"},
      kEnd);
  ASSERT_TRUE(grant.ok()) << grant.status();
  ASSERT_EQ(grant->tenants.size(), 2u);
  EXPECT_TRUE(grant->tenants.at("acme").Has(PeerRole::kOperator));
  EXPECT_TRUE(grant->tenants.at("acme").Has(PeerRole::kPrivacyOfficer));
  EXPECT_FALSE(grant->tenants.at("acme").Has(PeerRole::kAuditor));
  EXPECT_FALSE(grant->tenants.at("beta").Has(PeerRole::kOperator));
}

TEST(GrantOf, WhatIsNotOnePersonsCertificateGrantsNothing) {
  std::vector<std::string> many;
  for (size_t i = 0; i <= kMaxIdentities; ++i) many.push_back(absl::StrCat("rollcall://t", i, "/viewer/alice"));
  const std::vector<std::vector<std::string>> bad = {
      {},
      {"rollcall://acme/viewer/alice", "rollcall://acme/operator/bob"},
      {"rollcall://acme/viewer/alice", "rollcall://acme/viewer/alice"},
      {"rollcall://acme/viewer/alice", "https://acme.example"},
      {"rollcall://acme/root/alice"},
      {"rollcall://acme/Operator/alice"},
      {"rollcall://acme/viewer,operator/alice"},
      {"rollcall://acme/viewer/alice/operator"},
      {"rollcall://*/viewer/alice"},
      {"rollcall:///viewer/alice"},
      {std::string("rollcall://acme/viewer/alice\0", 29)},
      // An agent's and a person's names can never be the same, so neither can ride on the other's.
      {"rollcall://acme/viewer/alice", kAgentUri},
      many,
  };
  for (const auto& uris : bad) {
    EXPECT_EQ(GrantOf(uris, kEnd).status().code(), absl::StatusCode::kUnauthenticated)
        << (uris.empty() ? "none" : uris.back());
  }
  EXPECT_EQ(GrantOf({kAgentUri}, kEnd).status().code(), absl::StatusCode::kPermissionDenied);
  // A person may be named like an agent; its certificate is an agent's all the same.
  const std::string uuid = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";
  EXPECT_EQ(GrantOf({absl::StrCat("rollcall://acme/viewer/", uuid), kAgentUri}, kEnd).status().code(),
            absl::StatusCode::kPermissionDenied);
  many.pop_back();
  EXPECT_TRUE(GrantOf(many, kEnd).ok());
}

TEST(GrantOf, ErrorsCarryNoRawBytes) {
  const auto grant = GrantOf({"rollcall://acme/viewer/\x1b[31m"}, kEnd);
  EXPECT_THAT(std::string(grant.status().message()), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace rollcall
