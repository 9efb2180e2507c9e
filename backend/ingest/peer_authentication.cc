#include "backend/ingest/peer_authentication.h"

#include <grpc/grpc_security_constants.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backend/pki/certificate_info.h"

namespace rollcall {

namespace {

// The one certificate that the peer showed.
absl::StatusOr<CertificateInfo> CertificateOf(const grpc::AuthContext& context) {
  if (!context.IsPeerAuthenticated()) {
    return absl::UnauthenticatedError("authenticate peer: it showed no client certificate");
  }
  const std::vector<grpc::string_ref> pem = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pem.size() != 1) return absl::UnauthenticatedError("authenticate peer: it showed no client certificate");
  absl::StatusOr<CertificateInfo> info = ReadCertificate(absl::string_view(pem[0].data(), pem[0].size()));
  if (!info.ok()) return absl::UnauthenticatedError("authenticate peer: its certificate cannot be read");
  return info;
}

}  // namespace

absl::StatusOr<AuthenticatedPeer> AuthenticateAgent(const grpc::AuthContext& context) {
  const absl::StatusOr<CertificateInfo> info = CertificateOf(context);
  if (!info.ok()) return info.status();
  if (info->uris.size() != 1) {
    return absl::UnauthenticatedError("authenticate peer: its certificate does not carry exactly one SAN URI");
  }
  absl::StatusOr<PeerIdentity> identity = ParseIdentityUri(info->uris[0]);
  if (!identity.ok()) return absl::UnauthenticatedError(identity.status().message());
  if (identity->role != PeerRole::kAgent) {
    return absl::PermissionDeniedError(absl::StrCat("authorize peer: its certificate speaks for a person (",
                                                    PeerRoleName(identity->role), "), and only an agent may do this"));
  }
  return AuthenticatedPeer{*std::move(identity), info->not_after};
}

absl::StatusOr<Grant> AuthenticatePerson(const grpc::AuthContext& context) {
  const absl::StatusOr<CertificateInfo> info = CertificateOf(context);
  if (!info.ok()) return info.status();
  return GrantOf(info->uris, info->not_after);
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

}  // namespace rollcall
