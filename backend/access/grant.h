// What a person's certificate or token grants: roles in tenants, until it ends.
#ifndef ROLLCALL_BACKEND_ACCESS_GRANT_H_
#define ROLLCALL_BACKEND_ACCESS_GRANT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "backend/pki/peer_identity.h"

namespace rollcall {

// A set of roles.
class RoleSet {
 public:
  void Add(PeerRole role) { bits_ |= Bit(role); }
  bool Has(PeerRole role) const { return (bits_ & Bit(role)) != 0; }
  bool empty() const { return bits_ == 0; }
  friend bool operator==(const RoleSet&, const RoleSet&) = default;

 private:
  static uint32_t Bit(PeerRole role) { return uint32_t{1} << static_cast<unsigned>(role); }
  uint32_t bits_ = 0;
};

struct Grant {
  std::string person;
  // Never empty, and no set in it is.
  std::map<std::string, RoleSet> tenants;
  // From then on it grants nothing.
  absl::Time expires_at;
};

// More SAN URIs than this are not read.
inline constexpr size_t kMaxIdentities = 16;

// The grant of a certificate with these SAN URIs, which TLS has verified, or of a token made for them. Every one must
// parse, all must name one person, and none may come twice; there are 1 to kMaxIdentities. Unauthenticated otherwise;
// PermissionDenied if they are good but one speaks for an agent: machines do not read. Pure.
absl::StatusOr<Grant> GrantOf(absl::Span<const std::string> uris, absl::Time expires_at);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_GRANT_H_
