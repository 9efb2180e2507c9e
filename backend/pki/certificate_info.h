// What a certificate says, for checks, logs and the expiry metric.
#ifndef ROLLCALL_BACKEND_PKI_CERTIFICATE_INFO_H_
#define ROLLCALL_BACKEND_PKI_CERTIFICATE_INFO_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

struct CertificateInfo {
  absl::Time not_before;
  absl::Time not_after;
  // Lowercase hex.
  std::string serial;
  bool is_authority = false;
  // Subject alternative names; addresses in textual form.
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;
};

// Reads the first certificate of a PEM text. InvalidArgument if there is none. Pure.
absl::StatusOr<CertificateInfo> ReadCertificate(absl::string_view pem);

// Whether less than a third of the certificate's life is left, or it is not valid yet.
bool NeedsRenewal(const CertificateInfo& info, absl::Time now);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_PKI_CERTIFICATE_INFO_H_
