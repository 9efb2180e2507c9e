#include "backend/lifecycle_service/certificate_listing.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr uint32_t kDefaultPage = 100;
constexpr uint32_t kMaxPage = 1000;
constexpr size_t kIdDigits = 64;

// The entry at `index`. DataLoss if it is none.
absl::StatusOr<pb::LedgerEntry> EntryAt(const Ledger& ledger, uint64_t index) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string leaf, ledger.Leaf(index));
  pb::LedgerEntry entry;
  if (entry.ParseFromString(leaf)) return entry;
  return absl::DataLossError(absl::StrCat("read ledger: leaf ", index, " is no entry"));
}

bool IsCertificateOf(const pb::LedgerEntry& entry, const std::string& tenant) {
  return entry.has_purge_certified() && entry.tenant() == tenant;
}

absl::Status AddCertificate(const pb::LedgerEntry& entry, uint64_t index, pb::ListCertificatesResponse* response) {
  pb::DeletionStatement statement;
  if (!statement.ParseFromString(entry.purge_certified().statement())) {
    return absl::DataLossError(absl::StrCat("read ledger: the certificate at ", index, " states nothing"));
  }
  pb::ListCertificatesResponse::Certificate* certificate = response->add_certificates();
  certificate->set_certificate_id(absl::BytesToHexString(statement.certificate_id()));
  certificate->set_leaf_index(index);
  *certificate->mutable_bucket() = statement.bucket();
  certificate->set_last_retained_day(statement.last_retained_day());
  *certificate->mutable_deadline() = statement.deadline();
  *certificate->mutable_executed_at() = statement.executed_at();
  certificate->set_records(statement.records());
  certificate->set_bytes(statement.bytes());
  return absl::OkStatus();
}

absl::StatusOr<LedgerHash> ParseId(const std::string& text) {
  const bool digits = text.size() == kIdDigits && std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
  if (!digits) return absl::InvalidArgumentError("find certificate: its id is not 64 hexadecimal digits");
  const std::string bytes = absl::HexStringToBytes(text);
  LedgerHash id = {};
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return id;
}

}  // namespace

absl::Status ListTenantCertificates(const Ledger& ledger, const std::string& tenant,
                                    const pb::ListCertificatesRequest& request,
                                    pb::ListCertificatesResponse* response) {
  const uint64_t size = ledger.Head().size;
  uint64_t next = size;
  if (!request.page_token().empty() && (!absl::SimpleAtoi(request.page_token(), &next) || next > size)) {
    return absl::InvalidArgumentError("list certificates: the page token is none");
  }
  const uint32_t wanted = std::min(request.page_size() == 0 ? kDefaultPage : request.page_size(), kMaxPage);
  uint64_t looked = 0;
  while (next > 0 && looked < kMaxLeavesPerPage && static_cast<uint32_t>(response->certificates_size()) < wanted) {
    --next;
    ++looked;
    ROLLCALL_ASSIGN_OR_RETURN(const pb::LedgerEntry entry, EntryAt(ledger, next));
    if (!IsCertificateOf(entry, tenant)) continue;
    ROLLCALL_RETURN_IF_ERROR(AddCertificate(entry, next, response));
  }
  if (next > 0) response->set_next_page_token(absl::StrCat(next));
  return absl::OkStatus();
}

absl::StatusOr<pb::DeletionCertificate> ProveTenantCertificate(const Ledger& ledger, const NoteSigner& signer,
                                                               const std::string& tenant,
                                                               const pb::GetCertificateRequest& request) {
  ROLLCALL_ASSIGN_OR_RETURN(const LedgerHash id, ParseId(request.certificate_id()));
  const absl::Status missing = absl::NotFoundError(
      absl::StrCat("find certificate ", absl::AsciiStrToLower(request.certificate_id()), ": there is none"));
  const std::optional<uint64_t> index = ledger.Find(std::string(id.begin(), id.end()));
  if (!index.has_value()) return missing;
  ROLLCALL_ASSIGN_OR_RETURN(const pb::LedgerEntry entry, EntryAt(ledger, *index));
  if (!IsCertificateOf(entry, tenant)) return missing;
  ProofSizes sizes;
  if (request.known_tree_size() > ledger.Head().size) {
    return absl::FailedPreconditionError(
        absl::StrCat("prove certificate: the log has fewer than ", request.known_tree_size(), " entries"));
  }
  if (request.known_tree_size() > 0) sizes.known_size = request.known_tree_size();
  return ProveCertificate(id, sizes, ledger, signer);
}

}  // namespace rollcall
