#include "backend/ledger/certificate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr absl::string_view kIdDomain = "rollcall deletion certificate v1\n";

void AppendBigEndian(uint64_t value, int bytes, std::string* out) {
  for (int i = bytes - 1; i >= 0; --i) out->push_back(static_cast<char>(value >> (8 * i)));
}

// Length first, so that no two lists of parts are the same bytes.
void AppendPart(absl::string_view part, std::string* out) {
  AppendBigEndian(part.size(), 4, out);
  absl::StrAppend(out, part);
}

absl::Status Incomplete(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("certify deletion: ", what));
}

absl::Status CheckStore(const pb::StoreEvidence& store, const pb::DeletionStatement& statement) {
  if (store.kind() == pb::STORE_KIND_UNSPECIFIED || store.method().empty() || !store.has_verified_at()) {
    return Incomplete(absl::StrCat("the evidence of store \"", store.name(), "\" is not complete"));
  }
  if (store.remaining() != 0) {
    return Incomplete(absl::StrCat("store \"", store.name(), "\" still has ", store.remaining()));
  }
  const auto verified = FromWire(store.verified_at());
  if (!verified.has_value() || *verified > FromWire(statement.executed_at())) {
    return Incomplete(absl::StrCat("store \"", store.name(), "\" was verified after the deletion was said to be done"));
  }
  return absl::OkStatus();
}

template <typename Hashes>
void AddHashes(const std::vector<LedgerHash>& hashes, Hashes* out) {
  for (const LedgerHash& hash : hashes) out->Add()->assign(hash.begin(), hash.end());
}

absl::Status AddConsistency(uint64_t known_size, const Ledger& ledger, pb::DeletionCertificate* certificate) {
  const uint64_t old_size = std::min(known_size, certificate->tree_size());
  const uint64_t new_size = std::max(known_size, certificate->tree_size());
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<LedgerHash> hashes, ledger.ConsistencyProof(old_size, new_size));
  pb::ConsistencyProof* proof = certificate->mutable_consistency();
  proof->set_old_size(old_size);
  proof->set_new_size(new_size);
  AddHashes(hashes, proof->mutable_hashes());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LedgerHash> CertificateId(const pb::BucketName& bucket, uint64_t epoch,
                                         const pb::PolicyReference& policy) {
  std::string parts(kIdDomain);
  AppendPart(bucket.tenant(), &parts);
  AppendPart(bucket.hosting_service(), &parts);
  AppendBigEndian(static_cast<uint32_t>(bucket.category()), 4, &parts);
  AppendPart(bucket.collected_day(), &parts);
  AppendBigEndian(epoch, 8, &parts);
  AppendPart(policy.id(), &parts);
  AppendBigEndian(policy.version(), 4, &parts);
  AppendPart(policy.hash(), &parts);
  TreeHasher hasher;
  const LedgerHash id = hasher.Plain(parts);
  if (!hasher.ok()) return absl::InternalError("name certificate: SHA-256 is not available");
  return id;
}

std::vector<std::string> WhatIsNotProven(const pb::DeletionStatement& statement) {
  std::vector<std::string> sentences = {
      "That the operator named every store, copy and key: the ledger shows what was stated, and that it was not "
      "changed since.",
      "That blocks a filesystem or a disk had already set aside (snapshots, wear levelling, copies of virtual "
      "machines) were overwritten.",
      "Anything about data that was exported or shared before the deletion."};
  if (!statement.last_backup_expiry_day().empty()) {
    sentences.push_back(
        absl::StrCat("That no backup holds a copy: backups of the bucket's encrypted data, whose keys are "
                     "destroyed, and of indexes over it expire by ",
                     statement.last_backup_expiry_day(), "."));
  }
  return sentences;
}

absl::Status CheckStatement(const pb::DeletionStatement& statement) {
  const pb::BucketName& bucket = statement.bucket();
  if (bucket.tenant().empty() || bucket.hosting_service().empty() || bucket.collected_day().empty() ||
      bucket.category() == pb::CATEGORY_UNSPECIFIED) {
    return Incomplete("the bucket is not named in full");
  }
  if (statement.policy().id().empty() || statement.policy().hash().size() != sizeof(LedgerHash)) {
    return Incomplete("the policy is not named in full");
  }
  const auto executed = FromWire(statement.executed_at());
  const auto not_before = FromWire(statement.not_before());
  // One that is unset is no time, though it reads as 1970.
  if (!statement.has_executed_at() || !statement.has_not_before() || !executed.has_value() || !not_before.has_value()) {
    return Incomplete("a time is missing or none");
  }
  if (*executed < *not_before) return Incomplete("the deletion was too early");
  if (statement.stores().empty()) return Incomplete("there is no evidence");
  for (const pb::StoreEvidence& store : statement.stores()) ROLLCALL_RETURN_IF_ERROR(CheckStore(store, statement));
  return absl::OkStatus();
}

absl::StatusOr<Appended> CertifyDeletion(pb::DeletionStatement statement, absl::string_view actor, absl::Time at,
                                         Ledger* ledger) {
  ROLLCALL_RETURN_IF_ERROR(CheckStatement(statement));
  ROLLCALL_ASSIGN_OR_RETURN(const LedgerHash id,
                            CertificateId(statement.bucket(), statement.epoch(), statement.policy()));
  statement.set_certificate_id(id.data(), id.size());
  statement.clear_does_not_prove();
  for (std::string& sentence : WhatIsNotProven(statement)) statement.add_does_not_prove(std::move(sentence));
  pb::LedgerEntry entry;
  *entry.mutable_at() = ToWire(at);
  entry.set_actor(actor.data(), actor.size());
  entry.set_tenant(statement.bucket().tenant());
  *entry.mutable_bucket() = statement.bucket();
  entry.set_epoch(statement.epoch());
  *entry.mutable_policy() = statement.policy();
  entry.set_unique_key(statement.certificate_id());
  entry.mutable_purge_certified()->set_statement(statement.SerializeAsString());
  return ledger->Append(std::move(entry));
}

absl::StatusOr<pb::DeletionCertificate> ProveCertificate(const LedgerHash& certificate_id, const ProofSizes& sizes,
                                                         const Ledger& ledger, const NoteSigner& signer) {
  const std::optional<uint64_t> index = ledger.Find(HashBytes(certificate_id));
  if (!index.has_value()) return absl::NotFoundError("prove certificate: there is none of that id");
  pb::DeletionCertificate certificate;
  TreeHead head = ledger.Head();
  if (sizes.tree_size.has_value()) {
    head.size = *sizes.tree_size;
    ROLLCALL_ASSIGN_OR_RETURN(head.root, ledger.Root(head.size));
  }
  if (*index >= head.size) {
    return absl::OutOfRangeError(absl::StrCat("prove certificate: it is entry ", *index, ", the tree has ", head.size));
  }
  ROLLCALL_ASSIGN_OR_RETURN(*certificate.mutable_entry(), ledger.Leaf(*index));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<LedgerHash> path, ledger.InclusionProof(*index, head.size));
  ROLLCALL_ASSIGN_OR_RETURN(*certificate.mutable_checkpoint(), SignCheckpoint(head, signer));
  certificate.set_leaf_index(*index);
  certificate.set_tree_size(head.size);
  AddHashes(path, certificate.mutable_inclusion_hashes());
  if (sizes.known_size.has_value()) ROLLCALL_RETURN_IF_ERROR(AddConsistency(*sizes.known_size, ledger, &certificate));
  return certificate;
}

}  // namespace rollcall
