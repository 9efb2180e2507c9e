#include "backend/pki/certificate_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "backend/pki/certificate_info.h"
#include "backend/pki/openssl_handles.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kAgentId[] = "3f2b8c1e-9d4a-4c55-8f0e-6b1d2a7c9e10";
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

CertificateAuthority NewAuthority() {
  return CertificateAuthority::Create("Rollcall test CA", ValidFor(kNow, absl::Hours(24 * 365))).value();
}

ScopedCertificate FromPem(const std::string& pem) {
  const ScopedBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return ScopedCertificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// X509_V_OK or the reason the chain leaf -> authority does not hold for the purpose.
int Verify(const std::string& authority_pem, const std::string& leaf_pem, int purpose, absl::Time at) {
  const ScopedCertificate authority = FromPem(authority_pem);
  const ScopedCertificate leaf = FromPem(leaf_pem);
  const std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), authority.get());
  const std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_STORE_CTX_set_time(context.get(), 0, absl::ToTimeT(at));
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

TEST(CertificateAuthority, IsSelfSignedAndMayIssue) {
  const CertificateAuthority authority = NewAuthority();
  const auto info = ReadCertificate(authority.pem().certificate_pem);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_TRUE(info->is_authority);
  EXPECT_EQ(info->not_before, kNow - absl::Hours(1));
  EXPECT_EQ(info->not_after, kNow + absl::Hours(24 * 365));
  EXPECT_EQ(info->serial.size(), 32u);
}

TEST(CertificateAuthority, IssuesServerCertificateForNamesAndAddresses) {
  const CertificateAuthority authority = NewAuthority();
  const auto pair = authority.IssueServer({"backend.example.com", "127.0.0.1", "::1"}, ValidFor(kNow, absl::Hours(24)));
  ASSERT_TRUE(pair.ok()) << pair.status();
  const auto info = ReadCertificate(pair->certificate_pem);
  ASSERT_TRUE(info.ok());
  EXPECT_FALSE(info->is_authority);
  EXPECT_THAT(info->dns_names, ElementsAre("backend.example.com"));
  EXPECT_THAT(info->addresses, ElementsAre("127.0.0.1", "::1"));
  EXPECT_THAT(info->uris, IsEmpty());
  const std::string& ca = authority.pem().certificate_pem;
  EXPECT_EQ(Verify(ca, pair->certificate_pem, X509_PURPOSE_SSL_SERVER, kNow), X509_V_OK);
  EXPECT_EQ(Verify(ca, pair->certificate_pem, X509_PURPOSE_SSL_CLIENT, kNow), X509_V_ERR_INVALID_PURPOSE);
  EXPECT_EQ(Verify(ca, pair->certificate_pem, X509_PURPOSE_SSL_SERVER, kNow + absl::Hours(25)),
            X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST(CertificateAuthority, IssuesPeerCertificatesThatAreClientsOnly) {
  const CertificateAuthority authority = NewAuthority();
  const auto pair = authority.IssuePeer({"acme", PeerRole::kAgent, kAgentId}, ValidFor(kNow, absl::Hours(24)));
  ASSERT_TRUE(pair.ok()) << pair.status();
  const auto info = ReadCertificate(pair->certificate_pem);
  ASSERT_TRUE(info.ok());
  EXPECT_THAT(info->uris, ElementsAre(absl::StrCat("rollcall://acme/agent/", kAgentId)));
  const std::string& ca = authority.pem().certificate_pem;
  EXPECT_EQ(Verify(ca, pair->certificate_pem, X509_PURPOSE_SSL_CLIENT, kNow), X509_V_OK);
  EXPECT_EQ(Verify(ca, pair->certificate_pem, X509_PURPOSE_SSL_SERVER, kNow), X509_V_ERR_INVALID_PURPOSE);
  EXPECT_NE(Verify(NewAuthority().pem().certificate_pem, pair->certificate_pem, X509_PURPOSE_SSL_CLIENT, kNow),
            X509_V_OK);
}

TEST(CertificateAuthority, RefusesWhatItCannotName) {
  const CertificateAuthority authority = NewAuthority();
  const Validity validity = ValidFor(kNow, absl::Hours(1));
  EXPECT_FALSE(authority.IssueServer({}, validity).ok());
  EXPECT_FALSE(authority.IssueServer({"bad name"}, validity).ok());
  EXPECT_FALSE(authority.IssueServer({"a,DNS:evil.example"}, validity).ok());
  EXPECT_FALSE(authority.IssuePeer({"acme", PeerRole::kAgent, "alice"}, validity).ok());
  EXPECT_FALSE(authority.IssuePeer({"ac/me", PeerRole::kOperator, "alice"}, validity).ok());
  EXPECT_FALSE(authority.IssueServer({"localhost"}, {kNow, kNow}).ok());
}

TEST(CertificateAuthority, LoadsWhatItSaved) {
  const CertificateAuthority authority = NewAuthority();
  const auto loaded = CertificateAuthority::Load(authority.pem());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto pair = loaded->IssueServer({"localhost"}, ValidFor(kNow, absl::Hours(1)));
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(Verify(authority.pem().certificate_pem, pair->certificate_pem, X509_PURPOSE_SSL_SERVER, kNow), X509_V_OK);
}

TEST(CertificateAuthority, LoadRefusesMismatchGarbageAndLeaves) {
  const CertificateAuthority one = NewAuthority();
  const CertificateAuthority two = NewAuthority();
  const auto mismatch = CertificateAuthority::Load({one.pem().certificate_pem, two.pem().key_pem});
  EXPECT_THAT(std::string(mismatch.status().message()), HasSubstr("do not belong together"));
  EXPECT_EQ(CertificateAuthority::Load({"x", "y"}).status().code(), absl::StatusCode::kInvalidArgument);
  const auto leaf = one.IssueServer({"localhost"}, ValidFor(kNow, absl::Hours(1)));
  EXPECT_THAT(std::string(CertificateAuthority::Load(*leaf).status().message()), HasSubstr("may not issue"));
}

TEST(CertificateAuthority, ErrorsNeverCarryTheKey) {
  const CertificateAuthority one = NewAuthority();
  const auto status = CertificateAuthority::Load({"nonsense", one.pem().key_pem}).status();
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr(one.pem().key_pem.substr(30, 20))));
}

TEST(CertificateInfo, RenewalInTheLastThird) {
  CertificateInfo info;
  info.not_before = kNow;
  info.not_after = kNow + absl::Hours(90);
  EXPECT_FALSE(NeedsRenewal(info, kNow + absl::Hours(59)));
  EXPECT_TRUE(NeedsRenewal(info, kNow + absl::Hours(61)));
  EXPECT_TRUE(NeedsRenewal(info, kNow + absl::Hours(100)));
  EXPECT_TRUE(NeedsRenewal(info, kNow - absl::Hours(1)));
  EXPECT_FALSE(ReadCertificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").ok());
}

TEST(NewAgentId, IsAUuidAndDiffersEachTime) {
  const std::string one = NewAgentId().value();
  EXPECT_TRUE(ValidateAgentId(one).ok()) << one;
  EXPECT_NE(one, NewAgentId().value());
}

}  // namespace
}  // namespace rollcall
