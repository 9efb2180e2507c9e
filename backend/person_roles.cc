#include "backend/person_roles.h"

#include <utility>

#include "backend/access/grant.h"

namespace rollcall {

absl::StatusOr<std::vector<PeerIdentity>> IdentitiesOf(const std::string& tenant, const std::string& name,
                                                       const std::vector<std::string>& roles) {
  std::vector<PeerIdentity> identities;
  std::vector<std::string> uris;
  for (const std::string& text : roles) {
    const size_t slash = text.find('/');
    const bool other = slash != std::string::npos;
    const absl::StatusOr<PeerRole> role = ParsePeerRole(other ? text.substr(slash + 1) : text);
    if (!role.ok()) return role.status();
    identities.push_back({other ? text.substr(0, slash) : tenant, *role, name});
    absl::StatusOr<std::string> uri = IdentityUri(identities.back());
    if (!uri.ok()) return uri.status();
    uris.push_back(*std::move(uri));
  }
  const absl::StatusOr<Grant> grant = GrantOf(uris, absl::InfiniteFuture());
  if (!grant.ok()) return absl::InvalidArgumentError(grant.status().message());
  return identities;
}

}  // namespace rollcall
