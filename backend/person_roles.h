// Roles as a command line gives them to a person.
#ifndef ROLLCALL_BACKEND_PERSON_ROLES_H_
#define ROLLCALL_BACKEND_PERSON_ROLES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "backend/pki/peer_identity.h"

namespace rollcall {

// What the person `name` is to be: each of `roles` is `ROLE`, in `tenant`, or `TENANT/ROLE`. InvalidArgument if one is
// none, comes twice or is an agent's: it is judged as the server will (backend/access/grant.h). Pure.
absl::StatusOr<std::vector<PeerIdentity>> IdentitiesOf(const std::string& tenant, const std::string& name,
                                                       const std::vector<std::string>& roles);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_PERSON_ROLES_H_
