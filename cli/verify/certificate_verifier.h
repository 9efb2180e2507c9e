// Verifies a certificate of deletion offline, from the file, a checkpoint the customer kept and the log's public
// key. It shares no code with the ledger that writes them: an error of one shows in the other.
#ifndef ROLLCALL_CLI_VERIFY_CERTIFICATE_VERIFIER_H_
#define ROLLCALL_CLI_VERIFY_CERTIFICATE_VERIFIER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/verify/checkpoint.h"
#include "rollcall/v1/ledger.pb.h"

namespace rollcall::verify {

namespace pb = ::rollcall::v1;

inline constexpr size_t kMaxCertificateBytes = size_t{1} << 20;

// A certificate file, taken apart. Nothing of it is verified.
struct ReadCertificateFile {
  pb::DeletionCertificate certificate;
  pb::LedgerEntry entry;
  pb::DeletionStatement statement;
};

// Takes a certificate file apart. InvalidArgument if it is none, is too long, or has parts this version does not
// know: what is not read cannot be vouched for. Pure.
absl::StatusOr<ReadCertificateFile> ParseCertificateFile(absl::string_view bytes);

// Verifies. `outside` is a checkpoint from anywhere but the certificate's sender; with `key` its signature and that
// of the certificate's own checkpoint are verified too. Never fails: what is wrong is in the result. Pure.
pb::CertificateVerification VerifyCertificate(const ReadCertificateFile& file, const Checkpoint& outside,
                                              const std::optional<VerifierKey>& key);

}  // namespace rollcall::verify

#endif  // ROLLCALL_CLI_VERIFY_CERTIFICATE_VERIFIER_H_
