// Certificates of deletion: stated once in the ledger, proven from it as often as asked.
//
// For the engine: when every store counted 0 and the key is destroyed, call CertifyDeletion; a bucket is
// PURGED when it returned OK. It may be called again after a crash, also with evidence gathered anew: the
// first statement stays the only one.
#ifndef ROLLCALL_BACKEND_LEDGER_CERTIFICATE_H_
#define ROLLCALL_BACKEND_LEDGER_CERTIFICATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/ledger/ledger.h"
#include "backend/ledger/note_signer.h"

namespace rollcall {

// The id of the one certificate there can be for a bucket, a lifecycle epoch and a policy: SHA-256 over
// them, each length-prefixed, as docs/ledger_format.md says. The region is no part of it. Internal if SHA-256 is not
// available. Pure.
absl::StatusOr<LedgerHash> CertificateId(const pb::BucketName& bucket, uint64_t epoch,
                                         const pb::PolicyReference& policy);

// What no certificate proves, in sentences for the customer. Part of every statement.
std::vector<std::string> WhatIsNotProven(const pb::DeletionStatement& statement);

// Whether a statement may be made: it is complete, nothing remains in any store, and it was neither too
// early nor before its evidence. InvalidArgument says what is missing. Pure.
absl::Status CheckStatement(const pb::DeletionStatement& statement);

// Appends the statement, with its id and what it does not prove filled in, unless the ledger has a
// certificate of that id; either way the answer is where it is. `actor` and `at` are the entry's.
// InvalidArgument as CheckStatement and Ledger::Append; Internal as CertificateId, and nothing is appended.
absl::StatusOr<Appended> CertifyDeletion(pb::DeletionStatement statement, absl::string_view actor, absl::Time at,
                                         Ledger* ledger);

// Which trees a proof is about.
struct ProofSizes {
  // Of the tree the certificate is proven to be in; the whole log if unset.
  std::optional<uint64_t> tree_size;
  // Of a checkpoint the customer holds, for which a consistency proof is added.
  std::optional<uint64_t> known_size;
};

// The certificate with proofs and a signed checkpoint. NotFound if there is none of that id; OutOfRange if it
// is not in the tree asked for or the log is shorter than that.
absl::StatusOr<pb::DeletionCertificate> ProveCertificate(const LedgerHash& certificate_id, const ProofSizes& sizes,
                                                         const Ledger& ledger, const NoteSigner& signer);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LEDGER_CERTIFICATE_H_
