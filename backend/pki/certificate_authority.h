// The deployment's own certificate authority: P-256 keys, X.509 v3, libcrypto.
#ifndef ROLLCALL_BACKEND_PKI_CERTIFICATE_AUTHORITY_H_
#define ROLLCALL_BACKEND_PKI_CERTIFICATE_AUTHORITY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/pki/peer_identity.h"

namespace rollcall {

// A certificate and its private key, PEM. The key is a secret: never log it.
struct CertifiedKey {
  std::string certificate_pem;
  std::string key_pem;
};

// From when to when a certificate is good.
struct Validity {
  absl::Time not_before;
  absl::Time not_after;
};

// `lifetime` from `now`, beginning an hour earlier so that a peer whose clock is a little
// behind can use the certificate at once.
Validity ValidFor(absl::Time now, absl::Duration lifetime);

// Issues certificates. Immutable; safe to use from several threads.
class CertificateAuthority {
 public:
  ~CertificateAuthority();
  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;

  // Makes a new self-signed authority; `name` becomes its common name. It may sign end
  // entities only (path length 0).
  static absl::StatusOr<CertificateAuthority> Create(absl::string_view name, const Validity& validity);

  // Takes an existing one. InvalidArgument if it is not PEM, if key and certificate do not
  // belong together or if the certificate is not an authority's.
  static absl::StatusOr<CertificateAuthority> Load(const CertifiedKey& pem);

  // For the backend: EKU serverAuth; `names` are DNS names or textual IP addresses the
  // agents dial. InvalidArgument if there is none or one is neither.
  absl::StatusOr<CertifiedKey> IssueServer(const std::vector<std::string>& names, const Validity& validity) const;

  // For an agent, or a person with one role: EKU clientAuth, one SAN URI.
  absl::StatusOr<CertifiedKey> IssuePeer(const PeerIdentity& identity, const Validity& validity) const;
  // For a person with several roles or in several tenants: EKU clientAuth, one SAN URI for each. InvalidArgument if
  // there is none, or one is not valid; whether they go together is the reader's to judge (backend/access/grant.h).
  absl::StatusOr<CertifiedKey> IssuePerson(const std::vector<PeerIdentity>& identities, const Validity& validity) const;

  const CertifiedKey& pem() const { return pem_; }

 private:
  struct Material;
  explicit CertificateAuthority(std::unique_ptr<Material> material, CertifiedKey pem);

  std::unique_ptr<Material> material_;
  CertifiedKey pem_;
};

// A fresh agent id from the system's random number generator.
absl::StatusOr<std::string> NewAgentId();

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_PKI_CERTIFICATE_AUTHORITY_H_
