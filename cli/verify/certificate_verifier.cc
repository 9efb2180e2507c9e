#include "cli/verify/certificate_verifier.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "cli/verify/digest.h"
#include "cli/verify/merkle_proof.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/util/time_util.h"

namespace rollcall::verify {
namespace {

using google::protobuf::util::MessageDifferencer;
using Outcome = pb::CertificateVerification::Outcome;
using Verification = pb::CertificateVerification;

// Whether the message, or one in it, has fields this version does not know.
bool HasUnknownFields(const google::protobuf::Message& message) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  if (!reflection->GetUnknownFields(message).empty()) return true;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const bool unknown = HasUnknownFields(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                                 : reflection->GetMessage(message, field));
      if (unknown) return true;
    }
  }
  return false;
}

// Years 1 to 9999, as google.protobuf.Timestamp says.
bool IsTime(const google::protobuf::Timestamp& time) {
  return time.seconds() >= -62'135'596'800 && time.seconds() <= 253'402'300'799 && time.nanos() >= 0 &&
         time.nanos() < 1'000'000'000;
}

absl::Status NoCertificate(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a certificate of deletion: ", why));
}

void AppendNumber(uint64_t number, int bytes, std::string* out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out->push_back(static_cast<char>(number >> shift));
}

void AppendText(absl::string_view text, std::string* out) {
  AppendNumber(text.size(), 4, out);
  out->append(text.data(), text.size());
}

// As docs/ledger_format.md defines it.
std::string CertificateIdOf(const pb::DeletionStatement& statement) {
  std::string bytes = "rollcall deletion certificate v1\n";
  AppendText(statement.bucket().tenant(), &bytes);
  AppendText(statement.bucket().hosting_service(), &bytes);
  AppendNumber(static_cast<uint64_t>(statement.bucket().category()), 4, &bytes);
  AppendText(statement.bucket().collected_day(), &bytes);
  AppendNumber(statement.epoch(), 8, &bytes);
  AppendText(statement.policy().id(), &bytes);
  AppendNumber(statement.policy().version(), 4, &bytes);
  AppendText(statement.policy().hash(), &bytes);
  return Sha256(bytes);
}

// What is checked, one after another; each adds a line to the result.
class Verifier {
 public:
  Verifier(const ReadCertificateFile& file, const Checkpoint& outside, const std::optional<VerifierKey>& key)
      : file_(file), outside_(outside), key_(key) {}

  Verification Run() {
    result_.set_certificate_id(absl::BytesToHexString(file_.statement.certificate_id()));
    CheckStatement();
    CheckEvidence();
    const absl::StatusOr<Checkpoint> own = ParseCheckpoint(file_.certificate.checkpoint());
    if (!own.ok()) {
      Add("checkpoint", Verification::FAILED, absl::StrCat("the certificate's own is ", own.status().message()));
    } else {
      CheckInclusion(*own);
      CheckSameLog(*own);
      CheckSignatures(*own);
    }
    bool verified = true;
    for (const auto& check : result_.checks()) verified = verified && check.outcome() == Verification::PASSED;
    // Without a key the checkpoint from outside stands for itself.
    result_.set_verified(verified || (!key_.has_value() && OnlySignatureIsOpen()));
    AddCaveats();
    return std::move(result_);
  }

 private:
  void Add(absl::string_view name, Outcome outcome, absl::string_view detail) {
    Verification::Check* check = result_.add_checks();
    check->set_name(name.data(), name.size());
    check->set_outcome(outcome);
    check->set_detail(detail.data(), detail.size());
  }

  void AddStatus(absl::string_view name, const absl::Status& status, absl::string_view good) {
    Add(name, status.ok() ? Verification::PASSED : Verification::FAILED, status.ok() ? good : status.message());
  }

  bool OnlySignatureIsOpen() const {
    for (const auto& check : result_.checks()) {
      if (check.outcome() != Verification::PASSED && check.name() != "signature") return false;
    }
    return true;
  }

  // The statement is what the log has certified, under the one id it can have.
  void CheckStatement() {
    const pb::DeletionStatement& statement = file_.statement;
    const pb::LedgerEntry& entry = file_.entry;
    absl::string_view wrong;
    if (CertificateIdOf(statement) != statement.certificate_id()) wrong = "its id is not that of its bucket";
    if (entry.unique_key() != statement.certificate_id()) wrong = "the log has it under another id";
    if (!MessageDifferencer::Equals(entry.bucket(), statement.bucket()) || entry.epoch() != statement.epoch() ||
        !MessageDifferencer::Equals(entry.policy(), statement.policy()) ||
        entry.tenant() != statement.bucket().tenant()) {
      wrong = "the log entry is about something else";
    }
    if (entry.index() != file_.certificate.leaf_index()) wrong = "the log entry has another number";
    Add("statement", wrong.empty() ? Verification::PASSED : Verification::FAILED,
        wrong.empty() ? "what is stated is what the log certified" : wrong);
  }

  void CheckEvidence() {
    const pb::DeletionStatement& statement = file_.statement;
    std::string wrong;
    if (statement.stores().empty()) wrong = "it names no store";
    for (const pb::StoreEvidence& store : statement.stores()) {
      if (store.remaining() != 0) wrong = absl::StrCat(store.remaining(), " are left in ", store.name());
      if (!store.has_verified_at() || !IsTime(store.verified_at())) {
        wrong = absl::StrCat("it does not say when ", store.name(), " was counted");
      } else if (store.verified_at() > statement.executed_at()) {
        wrong = absl::StrCat(store.name(), " was counted after the deletion was said to be done");
      }
    }
    // One that is unset is no time, though it reads as 1970.
    if (!statement.has_executed_at() || !statement.has_not_before() || !IsTime(statement.executed_at()) ||
        !IsTime(statement.not_before())) {
      wrong = "it does not say when the deletion was, or from when it was allowed";
    } else if (statement.executed_at() < statement.not_before()) {
      wrong = "the deletion was before it was allowed";
    }
    Add("evidence", wrong.empty() ? Verification::PASSED : Verification::FAILED,
        wrong.empty() ? absl::StrCat("nothing was left in ", statement.stores_size(), " stores, counted afterwards")
                      : wrong);
  }

  void CheckInclusion(const Checkpoint& own) {
    const pb::DeletionCertificate& certificate = file_.certificate;
    if (own.size != certificate.tree_size()) {
      Add("inclusion", Verification::FAILED, "its checkpoint is of another log size");
      return;
    }
    const std::vector<std::string> proof(certificate.inclusion_hashes().begin(), certificate.inclusion_hashes().end());
    AddStatus("inclusion",
              VerifyInclusion(certificate.leaf_index(), own.size, LeafHash(certificate.entry()), proof, own.root),
              absl::StrCat("entry ", certificate.leaf_index(), " of a log of ", own.size));
  }

  // The log the certificate is in is the one the checkpoint from outside is of.
  void CheckSameLog(const Checkpoint& own) {
    if (own.origin != outside_.origin) {
      Add("checkpoint", Verification::FAILED,
          absl::StrCat("yours is of the log ", outside_.origin, ", the certificate of ", own.origin));
      return;
    }
    if (own.size == outside_.size) {
      AddStatus("checkpoint", VerifyConsistency(own.size, own.size, own.root, outside_.root, {}),
                "the certificate is of the very log your checkpoint is of");
      return;
    }
    const bool own_is_older = own.size < outside_.size;
    const Checkpoint& older = own_is_older ? own : outside_;
    const Checkpoint& newer = own_is_older ? outside_ : own;
    const pb::ConsistencyProof& proof = file_.certificate.consistency();
    if (proof.old_size() != older.size || proof.new_size() != newer.size) {
      Add("checkpoint", Verification::NOT_CHECKED,
          absl::StrCat("the certificate has no proof for a log of ", outside_.size,
                       "; ask for it again for your checkpoint"));
      return;
    }
    const std::vector<std::string> hashes(proof.hashes().begin(), proof.hashes().end());
    const absl::Status status = VerifyConsistency(older.size, newer.size, older.root, newer.root, hashes);
    if (status.ok() && !own_is_older && !key_.has_value()) {
      Add("checkpoint", Verification::NOT_CHECKED,
          "yours is older than the certificate: without the log's key nothing vouches for what came after");
      return;
    }
    AddStatus("checkpoint", status,
              own_is_older ? "the log your checkpoint is of continues the certificate's"
                           : "the certificate's log continues the one your checkpoint is of");
  }

  void CheckSignatures(const Checkpoint& own) {
    if (!key_.has_value()) {
      Add("signature", Verification::NOT_CHECKED, "no key was given; your checkpoint was taken as it is");
      return;
    }
    if (absl::Status status = CheckSignature(outside_, *key_); !status.ok()) {
      Add("signature", Verification::FAILED, absl::StrCat("of your checkpoint: ", status.message()));
      return;
    }
    const absl::Status status = CheckSignature(own, *key_);
    Add("signature", status.ok() ? Verification::PASSED : Verification::FAILED,
        status.ok() ? absl::StrCat("both checkpoints are signed by ", key_->name)
                    : absl::StrCat("of the certificate's checkpoint: ", status.message()));
  }

  void AddCaveats() {
    const pb::DeletionStatement& statement = file_.statement;
    if (statement.has_deadline() && statement.executed_at() > statement.deadline()) {
      result_.add_caveats("The deletion was late: it was done after its deadline.");
    }
    for (const std::string& sentence : statement.does_not_prove()) {
      result_.add_caveats(absl::StrCat("Not proven: ", sentence));
    }
  }

  const ReadCertificateFile& file_;
  const Checkpoint& outside_;
  const std::optional<VerifierKey>& key_;
  Verification result_;
};

}  // namespace

absl::StatusOr<ReadCertificateFile> ParseCertificateFile(absl::string_view bytes) {
  if (bytes.size() > kMaxCertificateBytes) return NoCertificate("it is larger than 1 MiB");
  // What is wrong with the file is in our answer.
  const google::protobuf::LogSilencer silencer;
  ReadCertificateFile file;
  if (!file.certificate.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      file.certificate.entry().empty()) {
    return NoCertificate("it cannot be read");
  }
  if (!file.entry.ParseFromString(file.certificate.entry()) || !file.entry.has_purge_certified()) {
    return NoCertificate("its log entry certifies nothing");
  }
  if (!file.statement.ParseFromString(file.entry.purge_certified().statement())) {
    return NoCertificate("its statement cannot be read");
  }
  if (HasUnknownFields(file.certificate) || HasUnknownFields(file.entry) || HasUnknownFields(file.statement)) {
    return NoCertificate("it has parts this version of rollcall does not know");
  }
  return file;
}

Verification VerifyCertificate(const ReadCertificateFile& file, const Checkpoint& outside,
                               const std::optional<VerifierKey>& key) {
  return Verifier(file, outside, key).Run();
}

}  // namespace rollcall::verify
