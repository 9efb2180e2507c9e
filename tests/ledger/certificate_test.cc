// The ledger that writes certificates against the verifier that shares no code with it: what is right is verified, and
// no bit of it can be changed. The files of cli/testdata/certificates are made here, and hold the format still; to
// change it on purpose run with ROLLCALL_REGENERATE_GOLDEN=1.
#include "backend/ledger/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "backend/ledger/testing/made_up_entries.h"
#include "backend/ledger/testing/memory_ledger_files.h"
#include "cli/verify/certificate_verifier.h"

namespace rollcall {
namespace {

using Verification = pb::CertificateVerification;

constexpr char kName[] = "rollcall.example.com/ledger";
// Of a key that signs nothing but this.
constexpr char kSecret[] =
    "PRIVATE+KEY+rollcall.example.com/ledger+837c014b+AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";

constexpr uint64_t kCertificateAt = 3;
constexpr uint64_t kLeaves = 7;

class CertificateTest : public ::testing::Test {
 protected:
  CertificateTest() : ledger_(*Ledger::Open(disk_.Mount(), &clock_)), signer_(*NoteSigner::Parse(kSecret)) {
    for (uint64_t i = 0; i < kCertificateAt; ++i) EXPECT_TRUE(ledger_->Append(MadeUpEntry(i)).ok());
    const auto appended =
        CertifyDeletion(MadeUpStatement("2023-09-15"), "engine", absl::FromUnixSeconds(1'711'933'300), ledger_.get());
    EXPECT_EQ(appended->index, kCertificateAt);
    for (uint64_t i = kCertificateAt + 1; i < kLeaves; ++i) EXPECT_TRUE(ledger_->Append(MadeUpEntry(i)).ok());
    const pb::DeletionStatement statement = MadeUpStatement("2023-09-15");
    id_ = *CertificateId(statement.bucket(), statement.epoch(), statement.policy());
  }

  pb::DeletionCertificate Certificate(const ProofSizes& sizes = {}) {
    return *ProveCertificate(id_, sizes, *ledger_, signer_);
  }
  std::string Checkpoint(uint64_t size) { return *SignCheckpoint({size, *ledger_->Root(size)}, signer_); }
  verify::VerifierKey Key() { return *verify::ParseVerifierKey(signer_.PublicText()); }

  // Nothing if a file cannot be read at all.
  static std::optional<Verification> Verify(const std::string& certificate, const std::string& checkpoint,
                                            const std::optional<verify::VerifierKey>& key) {
    const auto file = verify::ParseCertificateFile(certificate);
    const auto outside = verify::ParseCheckpoint(checkpoint);
    if (!file.ok() || !outside.ok()) return std::nullopt;
    return verify::VerifyCertificate(*file, *outside, key);
  }
  static bool Verified(const std::string& certificate, const std::string& checkpoint,
                       const std::optional<verify::VerifierKey>& key) {
    const auto result = Verify(certificate, checkpoint, key);
    return result.has_value() && result->verified();
  }

  const SystemClock clock_;
  LedgerDisk disk_;
  std::unique_ptr<Ledger> ledger_;
  NoteSigner signer_;
  LedgerHash id_;
};

TEST_F(CertificateTest, IsVerifiedAgainstEveryCheckpointThereIsAProofFor) {
  for (uint64_t tree = kCertificateAt + 1; tree <= kLeaves; ++tree) {
    for (uint64_t known = 1; known <= kLeaves; ++known) {
      const std::string certificate = Certificate({tree, known}).SerializeAsString();
      EXPECT_TRUE(Verified(certificate, Checkpoint(known), Key())) << tree << ", " << known;
      // Without a key only if the checkpoint covers the certificate.
      EXPECT_EQ(Verified(certificate, Checkpoint(known), std::nullopt), known >= tree) << tree << ", " << known;
      // Without the proof only if it is the same log.
      const std::string bare = Certificate({tree, std::nullopt}).SerializeAsString();
      EXPECT_EQ(Verified(bare, Checkpoint(known), Key()), known == tree);
    }
  }
}

TEST_F(CertificateTest, EveryBitOfTheFile) {
  // With every part there can be; the other forms by one bit of each byte.
  for (const ProofSizes& sizes : {ProofSizes{5, 7}, ProofSizes{}, ProofSizes{7, 2}}) {
    const size_t step = sizes.tree_size == 5 ? 1 : 9;
    const std::string good = Certificate(sizes).SerializeAsString();
    const std::string checkpoint = Checkpoint(sizes.known_size.value_or(kLeaves));
    ASSERT_TRUE(Verified(good, checkpoint, Key()));
    for (size_t bit = 0; bit < good.size() * 8; bit += step) {
      std::string bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
      ASSERT_FALSE(Verified(bad, checkpoint, Key())) << "bit " << bit;
    }
    for (size_t size = 0; size < good.size(); ++size) {
      ASSERT_FALSE(Verified(good.substr(0, size), checkpoint, Key())) << size;
    }
  }
}

TEST_F(CertificateTest, EveryBitOfTheCheckpoint) {
  const std::string certificate = Certificate().SerializeAsString();
  const std::string good = Checkpoint(kLeaves);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(Verified(certificate, bad, Key())) << "bit " << bit << "\n" << bad;
  }
}

// A ledger whose other leaves were changed, dropped or swapped afterwards, signed by its own key: the checkpoint kept
// outside tells.
TEST_F(CertificateTest, ARewrittenLogIsNotTheOneOfTheCheckpoint) {
  const std::string outside = Checkpoint(kLeaves);
  for (uint64_t changed = 0; changed < kLeaves; ++changed) {
    for (const bool drop : {false, true}) {
      LedgerDisk disk;
      const auto forged = *Ledger::Open(disk.Mount(), &clock_);
      for (uint64_t i = 0; i < kLeaves; ++i) {
        if (drop && i == changed) continue;
        if (i == kCertificateAt) {
          pb::DeletionStatement statement = MadeUpStatement("2023-09-15");
          if (i == changed) statement.set_records(1199);
          ASSERT_TRUE(CertifyDeletion(statement, "engine", absl::FromUnixSeconds(1'711'933'300), forged.get()).ok());
        } else {
          ASSERT_TRUE(forged->Append(MadeUpEntry(i == changed ? 50 + i : i)).ok());
        }
      }
      const auto certificate = ProveCertificate(id_, {std::nullopt, std::nullopt}, *forged, signer_);
      if (drop && changed == kCertificateAt) {
        EXPECT_TRUE(absl::IsNotFound(certificate.status()));
        continue;
      }
      EXPECT_FALSE(Verified(certificate->SerializeAsString(), outside, Key())) << changed << ", " << drop;
      // With the best proof the forger has.
      const uint64_t size = forged->Head().size;
      if (size == kLeaves) continue;
      pb::DeletionCertificate best = *certificate;
      best.mutable_consistency()->set_old_size(size);
      best.mutable_consistency()->set_new_size(kLeaves);
      const auto proof = ledger_->ConsistencyProof(size, kLeaves);
      for (const LedgerHash& hash : *proof) {
        best.mutable_consistency()->add_hashes(hash.data(), hash.size());
      }
      const bool only_the_tail = changed + 1 == kLeaves;
      EXPECT_EQ(Verified(best.SerializeAsString(), outside, Key()), only_the_tail) << changed;
    }
  }
}

TEST_F(CertificateTest, AnotherSignersCheckpointIsNotTheLogs) {
  const auto other = NoteSigner::Generate(kName);
  const std::string forged = *SignCheckpoint(ledger_->Head(), *other);
  EXPECT_FALSE(Verified(Certificate().SerializeAsString(), forged, Key()));
  const auto result = Verify(Certificate().SerializeAsString(), forged, Key());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->checks(result->checks_size() - 1).name(), "signature");
  EXPECT_EQ(result->checks(result->checks_size() - 1).outcome(), Verification::FAILED);
}

// What the log was made to say is read with care all the same.
TEST_F(CertificateTest, AStatementThatContradictsItselfIsNotVerifiedEvenIfLogged) {
  const pb::DeletionStatement good = MadeUpStatement("2023-09-16");
  std::vector<pb::DeletionStatement> bad(7, good);
  bad[0].mutable_stores(0)->set_remaining(2);
  bad[1].mutable_executed_at()->set_seconds(good.not_before().seconds() - 10);
  bad[2].clear_stores();
  // An unset time reads as 1970, which is before everything.
  bad[3].clear_not_before();
  bad[4].clear_executed_at();
  bad[4].mutable_not_before()->set_seconds(-10);
  for (pb::StoreEvidence& store : *bad[4].mutable_stores()) store.mutable_verified_at()->set_seconds(-5);
  bad[5].mutable_stores(0)->clear_verified_at();
  bad[6].mutable_stores(0)->mutable_verified_at()->set_seconds(good.executed_at().seconds() + 1);
  for (size_t i = 0; i < bad.size(); ++i) {
    const LedgerHash id = *CertificateId(bad[i].bucket(), bad[i].epoch(), bad[i].policy());
    bad[i].set_certificate_id(id.data(), id.size());
    pb::LedgerEntry entry = MadeUpEntry(i);
    *entry.mutable_bucket() = bad[i].bucket();
    entry.set_epoch(bad[i].epoch());
    *entry.mutable_policy() = bad[i].policy();
    entry.set_unique_key(bad[i].certificate_id());
    entry.mutable_purge_certified()->set_statement(bad[i].SerializeAsString());
    LedgerDisk disk;
    const auto ledger = *Ledger::Open(disk.Mount(), &clock_);
    ASSERT_TRUE(ledger->Append(entry).ok());
    const auto certificate = ProveCertificate(id, {}, *ledger, signer_);
    ASSERT_TRUE(certificate.ok());
    const auto result = Verify(certificate->SerializeAsString(), *SignCheckpoint(ledger->Head(), signer_), Key());
    ASSERT_TRUE(result.has_value());
    EXPECT_FALSE(result->verified()) << i;
    for (const auto& check : result->checks()) {
      EXPECT_EQ(check.outcome(), check.name() == "evidence" ? Verification::FAILED : Verification::PASSED) << i;
    }
  }
}

TEST_F(CertificateTest, TheFilesOfTheCliAreStillMadeLikeThis) {
  const std::map<std::string, std::string> files = {
      {"deletion.cert", Certificate({5, 7}).SerializeAsString()},
      {"checkpoint.txt", Checkpoint(7)},
      {"checkpoint_of_5.txt", Checkpoint(5)},
      {"checkpoint_of_6.txt", Checkpoint(6)},
      {"ledger.pub", signer_.PublicText() + "\n"},
  };
  for (const auto& [name, bytes] : files) {
    const std::string path = absl::StrCat(ROLLCALL_SOURCE_DIR "/cli/testdata/certificates/", name);
    if (getenv("ROLLCALL_REGENERATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << bytes;
    std::ifstream file(path, std::ios::binary);
    const std::string expected((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(bytes, expected) << name << ": if the change is meant, regenerate it";
  }
}

}  // namespace
}  // namespace rollcall
