// Any lines as the SAN URIs of a certificate: what grants something is one person's, and every role in it was named.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "backend/access/grant.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> uris = absl::StrSplit(text, '\n');
  const auto grant = rollcall::GrantOf(uris, absl::UnixEpoch());
  if (!grant.ok()) return 0;
  const std::set<std::string> named(uris.begin(), uris.end());
  size_t granted = 0;
  for (const auto& [tenant, roles] : grant->tenants) {
    for (const auto role : {rollcall::PeerRole::kAgent, rollcall::PeerRole::kViewer, rollcall::PeerRole::kOperator,
                            rollcall::PeerRole::kPrivacyOfficer, rollcall::PeerRole::kAuditor}) {
      if (!roles.Has(role)) continue;
      ++granted;
      const auto uri = rollcall::IdentityUri({tenant, role, grant->person});
      if (role == rollcall::PeerRole::kAgent || !uri.ok() || named.count(*uri) == 0) std::abort();
    }
  }
  if (granted != uris.size() || granted > rollcall::kMaxIdentities) std::abort();
  return 0;
}
