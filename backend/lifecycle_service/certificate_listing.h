// A tenant's certificates of deletion, found in the ledger.
#ifndef ROLLCALL_BACKEND_LIFECYCLE_SERVICE_CERTIFICATE_LISTING_H_
#define ROLLCALL_BACKEND_LIFECYCLE_SERVICE_CERTIFICATE_LISTING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "backend/ledger/certificate.h"
#include "rollcall/v1/lifecycle_service.pb.h"

namespace rollcall {

// Leaves one call looks at. Most of a ledger are other entries, and other tenants'.
inline constexpr uint64_t kMaxLeavesPerPage = 10'000;

// Lists from the latest back, a page at a time. InvalidArgument for a token that is none; others are the ledger's.
absl::Status ListTenantCertificates(const Ledger& ledger, const std::string& tenant,
                                    const pb::ListCertificatesRequest& request, pb::ListCertificatesResponse* response);

// The certificate with proofs, if it is the tenant's: NotFound for another's as for one there is not. InvalidArgument
// for what is no id; FailedPrecondition if the log is shorter than the known tree. Others are the ledger's.
absl::StatusOr<pb::DeletionCertificate> ProveTenantCertificate(const Ledger& ledger, const NoteSigner& signer,
                                                               const std::string& tenant,
                                                               const pb::GetCertificateRequest& request);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_LIFECYCLE_SERVICE_CERTIFICATE_LISTING_H_
