#include "backend/access/testing/test_access.h"

namespace rollcall {

Grant TestGrant(const std::string& tenant, PeerRole role) {
  Grant grant;
  grant.person = "alice";
  grant.tenants[tenant].Add(role);
  grant.expires_at = absl::InfiniteFuture();
  return grant;
}

Access TestAccess(const std::string& tenant, const google::protobuf::Descriptor* request, pb::Purpose purpose) {
  Grant grant = TestGrant(tenant, PeerRole::kViewer);
  for (const PeerRole role : {PeerRole::kOperator, PeerRole::kPrivacyOfficer, PeerRole::kAuditor}) {
    grant.tenants[tenant].Add(role);
  }
  return Access::Authorize(grant, {MethodTaking(request), purpose, "", "T-1"}, absl::UnixEpoch()).value();
}

}  // namespace rollcall
