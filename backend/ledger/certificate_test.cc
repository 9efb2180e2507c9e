#include "backend/ledger/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "backend/ledger/testing/made_up_entries.h"
#include "backend/ledger/testing/memory_ledger_files.h"

namespace rollcall {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'711'933'300);

class CertificateTest : public ::testing::Test {
 protected:
  CertificateTest() { Open(); }

  void Open() {
    ledger_ = nullptr;
    auto ledger = Ledger::Open(disk_.Mount(), &clock_);
    ASSERT_TRUE(ledger.ok()) << ledger.status();
    ledger_ = *std::move(ledger);
  }

  const SystemClock clock_;
  LedgerDisk disk_;
  std::unique_ptr<Ledger> ledger_;
  NoteSigner signer_ = *NoteSigner::Generate("rollcall.example.com/ledger");
};

LedgerHash IdOf(const pb::DeletionStatement& statement) {
  return *CertificateId(statement.bucket(), statement.epoch(), statement.policy());
}

// The bytes docs/ledger_format.md gives, hashed by hand.
TEST_F(CertificateTest, TheIdIsThatOfTheDocumentation) {
  EXPECT_EQ(absl::BytesToHexString(HashBytes(IdOf(MadeUpStatement("2023-09-15")))),
            "60be5965ec9b832527c6d349957cf7edb5054055dd20157c88f1909ed7fad6e2");
}

TEST_F(CertificateTest, TheIdDependsOnEveryPartAndNotOnHowTheyAreCut) {
  const pb::DeletionStatement base = MadeUpStatement("2023-09-15");
  std::vector<pb::DeletionStatement> others(8, base);
  others[0].mutable_bucket()->set_tenant("acme2");
  others[1].mutable_bucket()->set_hosting_service("cvm:ins-123");
  others[2].mutable_bucket()->set_category(pb::CONSOLE_CONFIG);
  others[3].mutable_bucket()->set_collected_day("2023-09-16");
  others[4].set_epoch(4);
  others[5].mutable_policy()->set_id("other");
  others[6].mutable_policy()->set_version(2);
  others[7].mutable_policy()->set_hash(std::string(32, 'q'));
  pb::DeletionStatement moved = base;
  moved.mutable_bucket()->set_tenant("acmec");
  moved.mutable_bucket()->set_hosting_service("vm:ins-1234");
  others.push_back(moved);
  std::set<LedgerHash> ids = {IdOf(base)};
  for (const pb::DeletionStatement& other : others) EXPECT_TRUE(ids.insert(IdOf(other)).second) << other.DebugString();
  pb::DeletionStatement same = base;
  same.set_records(5);
  same.mutable_executed_at()->set_seconds(1);
  EXPECT_EQ(IdOf(same), IdOf(base));
}

TEST_F(CertificateTest, IsStatedOnceWhateverTheSecondRunSays) {
  const auto first = CertifyDeletion(MadeUpStatement("2023-09-15"), "engine", kNow, ledger_.get());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->is_new);
  Open();
  pb::DeletionStatement later = MadeUpStatement("2023-09-15");
  later.mutable_executed_at()->set_seconds(later.executed_at().seconds() + 50);
  later.set_records(7);
  const auto second = CertifyDeletion(later, "engine", kNow + absl::Hours(1), ledger_.get());
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->is_new);
  EXPECT_EQ(second->index, first->index);
  EXPECT_EQ(ledger_->Head().size, 1U);
  const auto certificate = ProveCertificate(IdOf(later), {}, *ledger_, signer_);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  pb::LedgerEntry entry;
  pb::DeletionStatement statement;
  ASSERT_TRUE(entry.ParseFromString(certificate->entry()));
  ASSERT_TRUE(statement.ParseFromString(entry.purge_certified().statement()));
  EXPECT_EQ(statement.records(), 1200U);
}

// The process is lost at every change of the disk; the run is repeated until it succeeds.
TEST_F(CertificateTest, ACrashAndAnotherRunYieldOne) {
  for (const double share : {0.0, 0.5, 1.0}) {
    for (uint64_t change = 1;; ++change) {
      LedgerDisk disk;
      { ASSERT_TRUE(Ledger::Open(disk.Mount(), &clock_).ok()); }
      disk.CrashAt(change, share);
      bool crashed = true;
      if (auto ledger = Ledger::Open(disk.Mount(), &clock_); ledger.ok()) {
        crashed = !CertifyDeletion(MadeUpStatement("2023-09-15"), "engine", kNow, ledger->get()).ok();
      }
      disk.CrashAt(0);
      auto ledger = Ledger::Open(disk.Mount(), &clock_);
      ASSERT_TRUE(ledger.ok()) << ledger.status();
      ASSERT_TRUE(CertifyDeletion(MadeUpStatement("2023-09-15"), "engine", kNow, ledger->get()).ok());
      size_t certified = 0;
      for (uint64_t i = 0; i < (*ledger)->Head().size; ++i) {
        pb::LedgerEntry entry;
        ASSERT_TRUE(entry.ParseFromString(*(*ledger)->Leaf(i)));
        certified += entry.has_purge_certified() ? 1 : 0;
      }
      ASSERT_EQ(certified, 1U) << change << ", " << share;
      if (!crashed) break;
    }
  }
}

TEST_F(CertificateTest, WhatIsNotCompleteIsNotCertified) {
  std::vector<pb::DeletionStatement> wrong(12, MadeUpStatement("2023-09-15"));
  wrong[0].mutable_bucket()->clear_tenant();
  wrong[1].mutable_policy()->set_hash("short");
  wrong[2].clear_executed_at();
  wrong[3].mutable_executed_at()->set_seconds(wrong[3].not_before().seconds() - 1);
  wrong[4].clear_stores();
  wrong[5].mutable_stores(1)->set_remaining(1);
  wrong[6].mutable_stores(0)->clear_method();
  wrong[7].mutable_stores(0)->mutable_verified_at()->set_seconds(wrong[7].executed_at().seconds() + 1);
  wrong[8].mutable_stores(0)->clear_kind();
  // An unset time reads as 1970, which is before everything.
  wrong[9].clear_not_before();
  wrong[10].mutable_stores(1)->clear_verified_at();
  wrong[11].mutable_not_before()->set_nanos(-1);
  for (size_t i = 0; i < wrong.size(); ++i) {
    EXPECT_TRUE(absl::IsInvalidArgument(CertifyDeletion(wrong[i], "engine", kNow, ledger_.get()).status())) << i;
  }
  EXPECT_EQ(ledger_->Head().size, 0U);
}

// All certificates would have the id zero, and be one.
TEST_F(CertificateTest, WithoutSha256ThereIsNoId) {
  // No provider here has what is asked for.
  ASSERT_EQ(EVP_set_default_properties(nullptr, "provider=none"), 1);
  const auto id = CertificateId(MadeUpStatement("2023-09-15").bucket(), 3, pb::PolicyReference());
  const auto certified = CertifyDeletion(MadeUpStatement("2023-09-15"), "engine", kNow, ledger_.get());
  ASSERT_EQ(EVP_set_default_properties(nullptr, ""), 1);
  EXPECT_TRUE(absl::IsInternal(id.status())) << id.status();
  EXPECT_TRUE(absl::IsInternal(certified.status())) << certified.status();
  EXPECT_EQ(ledger_->Head().size, 0U);
}

TEST_F(CertificateTest, SaysWhatItDoesNotProve) {
  ASSERT_TRUE(CertifyDeletion(MadeUpStatement("2023-09-15"), "engine", kNow, ledger_.get()).ok());
  pb::LedgerEntry entry;
  pb::DeletionStatement statement;
  ASSERT_TRUE(entry.ParseFromString(*ledger_->Leaf(0)));
  ASSERT_TRUE(statement.ParseFromString(entry.purge_certified().statement()));
  ASSERT_EQ(statement.does_not_prove_size(), 4);
  EXPECT_TRUE(absl::StrContains(statement.does_not_prove(3), "2024-05-06"));
}

TEST_F(CertificateTest, IsProvenInTheTreeAskedFor) {
  ASSERT_TRUE(ledger_->Append(MadeUpEntry(0)).ok());
  const auto appended = CertifyDeletion(MadeUpStatement("2023-09-15"), "engine", kNow, ledger_.get());
  ASSERT_TRUE(appended.ok());
  for (uint64_t i = 1; i < 6; ++i) ASSERT_TRUE(ledger_->Append(MadeUpEntry(i)).ok());
  const LedgerHash id = IdOf(MadeUpStatement("2023-09-15"));
  const auto whole = ProveCertificate(id, {}, *ledger_, signer_);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->tree_size(), 7U);
  EXPECT_FALSE(whole->has_consistency());
  const auto part = ProveCertificate(id, {3, 6}, *ledger_, signer_);
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part->tree_size(), 3U);
  EXPECT_EQ(part->consistency().old_size(), 3U);
  EXPECT_EQ(part->consistency().new_size(), 6U);
  const auto older = ProveCertificate(id, {std::nullopt, 2}, *ledger_, signer_);
  EXPECT_EQ(older->consistency().old_size(), 2U);
  EXPECT_EQ(older->consistency().new_size(), 7U);
  EXPECT_TRUE(absl::IsOutOfRange(ProveCertificate(id, {1, std::nullopt}, *ledger_, signer_).status()));
  EXPECT_TRUE(absl::IsOutOfRange(ProveCertificate(id, {8, std::nullopt}, *ledger_, signer_).status()));
  EXPECT_TRUE(absl::IsOutOfRange(ProveCertificate(id, {std::nullopt, 8}, *ledger_, signer_).status()));
  EXPECT_TRUE(absl::IsNotFound(ProveCertificate(LedgerHash{}, {}, *ledger_, signer_).status()));
}

}  // namespace
}  // namespace rollcall
