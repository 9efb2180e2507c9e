// From a TLS connection to the identity of who is at its other end.
#ifndef ROLLCALL_BACKEND_INGEST_PEER_AUTHENTICATION_H_
#define ROLLCALL_BACKEND_INGEST_PEER_AUTHENTICATION_H_

#include <grpcpp/security/auth_context.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "backend/access/grant.h"
#include "backend/pki/peer_identity.h"

namespace rollcall {

struct AuthenticatedPeer {
  PeerIdentity identity;
  // When its certificate ends; a stream must not outlive it.
  absl::Time not_after;
};

// Reads the agent's identity from the client certificate that TLS has verified. The certificate must
// carry exactly one SAN URI and it must parse. Unauthenticated otherwise; PermissionDenied if
// the certificate is good but speaks for a person.
absl::StatusOr<AuthenticatedPeer> AuthenticateAgent(const grpc::AuthContext& context);

// What such a certificate grants a person: see GrantOf for the errors.
absl::StatusOr<Grant> AuthenticatePerson(const grpc::AuthContext& context);

// The same code and message.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_PEER_AUTHENTICATION_H_
