#include "backend/lifecycle_service/certificate_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "backend/ledger/testing/made_up_entries.h"
#include "backend/ledger/testing/memory_ledger_files.h"
#include "platform/clock.h"

namespace rollcall {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'711'933'300);

class CertificateListingTest : public ::testing::Test {
 protected:
  // Certifies the deletion of a tenant's bucket; its id in hex.
  std::string Certify(const std::string& tenant, const std::string& day) {
    pb::DeletionStatement statement = MadeUpStatement(day);
    statement.mutable_bucket()->set_tenant(tenant);
    EXPECT_TRUE(CertifyDeletion(statement, "engine", kNow, ledger_.get()).ok());
    const LedgerHash id = *CertificateId(statement.bucket(), statement.epoch(), statement.policy());
    return absl::BytesToHexString(std::string(id.begin(), id.end()));
  }
  void Append(uint64_t count) {
    std::vector<pb::LedgerEntry> entries;
    for (uint64_t i = 0; i < count; ++i) entries.push_back(MadeUpEntry(i));
    EXPECT_TRUE(ledger_->AppendAll(std::move(entries)).ok());
  }
  pb::ListCertificatesResponse List(const std::string& tenant, uint32_t size, const std::string& token = "") {
    pb::ListCertificatesRequest request;
    request.set_page_size(size);
    request.set_page_token(token);
    pb::ListCertificatesResponse response;
    const absl::Status status = ListTenantCertificates(*ledger_, tenant, request, &response);
    EXPECT_TRUE(status.ok()) << status;
    return response;
  }
  static std::vector<std::string> Days(const pb::ListCertificatesResponse& response) {
    std::vector<std::string> days;
    for (const auto& certificate : response.certificates()) days.push_back(certificate.bucket().collected_day());
    return days;
  }
  absl::StatusOr<pb::DeletionCertificate> Get(const std::string& tenant, const std::string& id, uint64_t known = 0) {
    pb::GetCertificateRequest request;
    request.set_certificate_id(id);
    request.set_known_tree_size(known);
    return ProveTenantCertificate(*ledger_, signer_, tenant, request);
  }

  SystemClock clock_;
  LedgerDisk disk_;
  std::unique_ptr<Ledger> ledger_ = *Ledger::Open(disk_.Mount(), &clock_);
  NoteSigner signer_ = *NoteSigner::Generate("rollcall.example.com/ledger");
};

TEST_F(CertificateListingTest, ListsTheTenantsOwnFromTheLatestBack) {
  EXPECT_THAT(Days(List("acme", 0)), IsEmpty());
  const std::string first = Certify("acme", "2023-09-13");
  Append(3);
  Certify("beta", "2023-09-14");
  Certify("acme", "2023-09-15");
  const pb::ListCertificatesResponse all = List("acme", 0);
  EXPECT_THAT(Days(all), ElementsAre("2023-09-15", "2023-09-13"));
  EXPECT_THAT(all.next_page_token(), IsEmpty());
  EXPECT_EQ(all.certificates(1).certificate_id(), first);
  EXPECT_EQ(all.certificates(1).leaf_index(), 0u);
  EXPECT_EQ(all.certificates(1).last_retained_day(), "2024-03-31");
  EXPECT_THAT(Days(List("gamma", 0)), IsEmpty());
}

TEST_F(CertificateListingTest, GoesOnWhereAPageEndedWhateverIsAppendedMeanwhile) {
  Certify("acme", "2023-09-13");
  Certify("acme", "2023-09-14");
  Certify("acme", "2023-09-15");
  const pb::ListCertificatesResponse first = List("acme", 2);
  EXPECT_THAT(Days(first), ElementsAre("2023-09-15", "2023-09-14"));
  Certify("acme", "2023-09-16");
  const pb::ListCertificatesResponse second = List("acme", 2, first.next_page_token());
  EXPECT_THAT(Days(second), ElementsAre("2023-09-13"));
  EXPECT_THAT(second.next_page_token(), IsEmpty());
}

TEST_F(CertificateListingTest, OneCallLooksAtSoManyLeavesOnly) {
  Certify("acme", "2023-09-13");
  Append(kMaxLeavesPerPage);
  const pb::ListCertificatesResponse first = List("acme", 0);
  EXPECT_THAT(Days(first), IsEmpty());
  EXPECT_EQ(first.next_page_token(), "1");
  EXPECT_THAT(Days(List("acme", 0, "1")), ElementsAre("2023-09-13"));
}

TEST_F(CertificateListingTest, RefusesTokensThatAreNone) {
  Append(3);
  for (const char* token : {"4", "-1", "x", "99999999999999999999"}) {
    pb::ListCertificatesRequest request;
    request.set_page_token(token);
    pb::ListCertificatesResponse response;
    EXPECT_TRUE(absl::IsInvalidArgument(ListTenantCertificates(*ledger_, "acme", request, &response))) << token;
  }
}

TEST_F(CertificateListingTest, ProvesTheTenantsOwnAndNoOthers) {
  const std::string own = Certify("acme", "2023-09-13");
  const std::string foreign = Certify("beta", "2023-09-13");
  const absl::StatusOr<pb::DeletionCertificate> certificate = Get("acme", own);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(certificate->leaf_index(), 0u);
  EXPECT_EQ(certificate->tree_size(), 2u);
  EXPECT_FALSE(certificate->has_consistency());
  const absl::Status denied = Get("acme", foreign).status();
  EXPECT_TRUE(absl::IsNotFound(denied)) << denied;
  const std::string none(64, '0');
  EXPECT_EQ(denied.message(), absl::StrCat("find certificate ", foreign, ": there is none"));
  EXPECT_EQ(Get("acme", none).status().message(), absl::StrCat("find certificate ", none, ": there is none"));
}

TEST_F(CertificateListingTest, AKeyOfAnotherEntryIsNoCertificate) {
  EXPECT_TRUE(ledger_->Append(MadeUpEntryOnce(1, 'k')).ok());
  EXPECT_TRUE(absl::IsNotFound(Get("acme", absl::BytesToHexString(std::string(32, 'k'))).status()));
}

TEST_F(CertificateListingTest, AddsTheProofFromATreeTheCustomerKnows) {
  Append(2);
  const std::string id = Certify("acme", "2023-09-13");
  const absl::StatusOr<pb::DeletionCertificate> certificate = Get("acme", absl::AsciiStrToUpper(id), 2);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(certificate->consistency().old_size(), 2u);
  EXPECT_TRUE(absl::IsFailedPrecondition(Get("acme", id, 4).status()));
  for (const char* bad : {"", "00", "zz"}) EXPECT_TRUE(absl::IsInvalidArgument(Get("acme", bad).status()));
}

}  // namespace
}  // namespace rollcall
