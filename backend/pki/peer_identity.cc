#include "backend/pki/peer_identity.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rollcall {
namespace {

constexpr absl::string_view kScheme = "rollcall://";
struct RoleWord {
  PeerRole role;
  absl::string_view name;
};
constexpr RoleWord kRoles[] = {{PeerRole::kAgent, "agent"},
                               {PeerRole::kViewer, "viewer"},
                               {PeerRole::kOperator, "operator"},
                               {PeerRole::kPrivacyOfficer, "privacy-officer"},
                               {PeerRole::kAuditor, "auditor"}};

constexpr size_t kMaxTenant = 63;
constexpr size_t kMaxOperator = 64;
constexpr size_t kMaxUri = 256;

bool IsTenantChar(char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-'; }

bool IsOperatorChar(char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '@' || c == '-'; }

bool IsLowerHex(char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); }

// Bytes of a certificate are a stranger's; only printable ones may reach a log.
std::string Quoted(absl::string_view text) { return absl::StrCat("\"", absl::CHexEscape(text.substr(0, 80)), "\""); }

absl::Status ValidateId(PeerRole role, absl::string_view id) {
  return role == PeerRole::kAgent ? ValidateAgentId(id) : ValidateOperatorName(id);
}

}  // namespace

absl::string_view PeerRoleName(PeerRole role) {
  const auto it = std::find_if(std::begin(kRoles), std::end(kRoles), [role](const auto& r) { return r.role == role; });
  return it == std::end(kRoles) ? "unknown" : it->name;
}

absl::StatusOr<PeerRole> ParsePeerRole(absl::string_view name) {
  for (const RoleWord& known : kRoles) {
    if (name == known.name) return known.role;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("use role ", Quoted(name), ": the roles are agent, viewer, operator, privacy-officer, auditor"));
}

absl::Status ValidateTenantName(absl::string_view tenant) {
  const bool valid = !tenant.empty() && tenant.size() <= kMaxTenant && tenant.front() != '-' && tenant.back() != '-' &&
                     std::all_of(tenant.begin(), tenant.end(), IsTenantChar);
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("use tenant name ", Quoted(tenant),
                                                 ": it must be 1 to 63 lowercase letters, digits and inner hyphens"));
}

absl::Status ValidateAgentId(absl::string_view id) {
  bool valid = id.size() == 36;
  for (size_t i = 0; valid && i < id.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    valid = hyphen ? id[i] == '-' : IsLowerHex(id[i]);
  }
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("use agent id ", Quoted(id), ": it must be a lowercase UUID"));
}

absl::Status ValidateOperatorName(absl::string_view name) {
  const bool valid = !name.empty() && name.size() <= kMaxOperator && absl::ascii_isalnum(name.front()) &&
                     std::all_of(name.begin(), name.end(), IsOperatorChar);
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "use operator name ", Quoted(name), ": it must be 1 to 64 letters, digits and ._@-, a letter or digit first"));
}

absl::StatusOr<PeerIdentity> ParseIdentityUri(absl::string_view uri) {
  absl::string_view rest = uri;
  if (uri.size() > kMaxUri || !absl::ConsumePrefix(&rest, kScheme)) {
    return absl::InvalidArgumentError(absl::StrCat("parse identity ", Quoted(uri), ": not a rollcall:// URI"));
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, '/');
  if (parts.size() != 3) {
    return absl::InvalidArgumentError(absl::StrCat("parse identity ", Quoted(uri), ": not TENANT/ROLE/ID"));
  }
  const absl::StatusOr<PeerRole> role = ParsePeerRole(parts[1]);
  if (!role.ok()) return absl::InvalidArgumentError(absl::StrCat("parse identity ", Quoted(uri), ": unknown role"));
  PeerIdentity identity;
  identity.role = *role;
  if (absl::Status status = ValidateTenantName(parts[0]); !status.ok()) return status;
  if (absl::Status status = ValidateId(identity.role, parts[2]); !status.ok()) return status;
  identity.tenant = std::string(parts[0]);
  identity.id = std::string(parts[2]);
  return identity;
}

absl::StatusOr<std::string> IdentityUri(const PeerIdentity& identity) {
  if (absl::Status status = ValidateTenantName(identity.tenant); !status.ok()) return status;
  if (absl::Status status = ValidateId(identity.role, identity.id); !status.ok()) return status;
  return absl::StrCat(kScheme, identity.tenant, "/", PeerRoleName(identity.role), "/", identity.id);
}

std::string UuidFromBytes(std::array<uint8_t, 16> random) {
  random[6] = static_cast<uint8_t>((random[6] & 0x0f) | 0x40);  // version 4
  random[8] = static_cast<uint8_t>((random[8] & 0x3f) | 0x80);  // variant of RFC 9562
  const std::string hex =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(random.data()), random.size()));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

}  // namespace rollcall
