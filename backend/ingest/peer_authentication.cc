#include "backend/ingest/peer_authentication.h"

#include <grpc/grpc_security_constants.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "backend/pki/certificate_info.h"

namespace rollcall {

absl::StatusOr<AuthenticatedPeer> AuthenticatePeer(const grpc::AuthContext& context, PeerRole role) {
  if (!context.IsPeerAuthenticated()) {
    return absl::UnauthenticatedError("authenticate peer: it showed no client certificate");
  }
  const std::vector<grpc::string_ref> pem = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pem.size() != 1) return absl::UnauthenticatedError("authenticate peer: it showed no client certificate");
  const absl::StatusOr<CertificateInfo> info = ReadCertificate(absl::string_view(pem[0].data(), pem[0].size()));
  if (!info.ok()) return absl::UnauthenticatedError("authenticate peer: its certificate cannot be read");
  if (info->uris.size() != 1) {
    return absl::UnauthenticatedError("authenticate peer: its certificate does not carry exactly one SAN URI");
  }
  absl::StatusOr<PeerIdentity> identity = ParseIdentityUri(info->uris[0]);
  if (!identity.ok()) return absl::UnauthenticatedError(identity.status().message());
  if (identity->role != role) {
    return absl::PermissionDeniedError(absl::StrCat("authorize peer: its certificate speaks for an ",
                                                    PeerRoleName(identity->role), ", and only an ", PeerRoleName(role),
                                                    " may do this"));
  }
  return AuthenticatedPeer{*std::move(identity), info->not_after};
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

}  // namespace rollcall
