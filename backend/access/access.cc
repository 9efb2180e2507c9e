#include "backend/access/access.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "backend/access/role_table.h"
#include "rollcall/v1/purpose.pb.h"

namespace rollcall {
namespace {

using ::google::protobuf::MethodDescriptor;

constexpr size_t kMaxTicket = 64;

template <typename Values, typename Value>
bool Contains(const Values& values, const Value& value) {
  return std::find(std::begin(values), std::end(values), value) != std::end(values);
}

// Whether one of `roles` has both the method and the purpose.
bool RolesGive(const RoleSet& roles, absl::string_view method, pb::Purpose purpose) {
  return std::any_of(std::begin(kRoleRights), std::end(kRoleRights), [&](const RoleRights& rights) {
    return roles.Has(rights.role) && Contains(rights.methods, method) && Contains(rights.purposes, purpose);
  });
}

bool DeclaresPurpose(const MethodDescriptor& method, pb::Purpose purpose) {
  const google::protobuf::MethodOptions& options = method.options();
  for (int i = 0; i < options.ExtensionSize(pb::purpose); ++i) {
    if (options.GetExtension(pb::purpose, i) == purpose) return true;
  }
  return false;
}

// A ticket is somebody's text on its way to logs and ledger.
absl::Status CheckTicket(pb::Purpose purpose, const std::string& ticket) {
  if (ticket.empty() && purpose != pb::LEGAL_OBLIGATION) return absl::OkStatus();
  if (ticket.empty()) return absl::PermissionDeniedError("authorize call: LEGAL_OBLIGATION needs a ticket");
  const bool valid = ticket.size() <= kMaxTicket && std::all_of(ticket.begin(), ticket.end(), absl::ascii_isgraph);
  return valid ? absl::OkStatus()
               : absl::PermissionDeniedError(
                     absl::StrCat("authorize call: a ticket is 1 to ", kMaxTicket, " printable characters"));
}

absl::Status CheckLive(const Grant& grant, absl::Time now) {
  if (now < grant.expires_at) return absl::OkStatus();
  return absl::UnauthenticatedError("authorize call: the caller's certificate or token has ended");
}

absl::StatusOr<std::string> TenantOf(const Grant& grant, const std::string& named) {
  if (named.empty()) {
    if (grant.tenants.size() == 1) return grant.tenants.begin()->first;
    return absl::InvalidArgumentError("authorize call: the caller has several tenants, and the call names none");
  }
  if (grant.tenants.count(named) == 1) return named;
  return absl::PermissionDeniedError("authorize call: not for the tenant it names");
}

}  // namespace

Access::Access(std::string tenant, const Grant& grant, const CallRequest& request)
    : tenant_(std::move(tenant)),
      person_(grant.person),
      roles_(grant.tenants.at(tenant_)),
      all_roles_(grant.tenants),
      method_(request.method),
      purpose_(request.purpose),
      ticket_(request.ticket) {}

absl::StatusOr<Access> Access::Authorize(const Grant& grant, const CallRequest& request, absl::Time now) {
  if (absl::Status status = CheckLive(grant, now); !status.ok()) return status;
  absl::StatusOr<std::string> tenant = TenantOf(grant, request.tenant);
  if (!tenant.ok()) return tenant.status();
  if (request.purpose == pb::PURPOSE_UNSPECIFIED) {
    return absl::PermissionDeniedError("authorize call: it names no purpose");
  }
  if (request.method == nullptr || !DeclaresPurpose(*request.method, request.purpose)) {
    return absl::PermissionDeniedError(
        absl::StrCat("authorize call: the method is not for the purpose ", PurposeName(request.purpose)));
  }
  const RoleSet& roles = grant.tenants.at(*tenant);
  if (!RolesGive(roles, request.method->full_name(), request.purpose)) {
    return absl::PermissionDeniedError(absl::StrCat("authorize call: no role of the caller may call ",
                                                    request.method->name(), " for ", PurposeName(request.purpose)));
  }
  if (absl::Status status = CheckTicket(request.purpose, request.ticket); !status.ok()) return status;
  return Access(*std::move(tenant), grant, request);
}

absl::Status Access::AuthorizeSelf(const Grant& grant, const CallRequest& request, absl::Time now) {
  if (absl::Status status = CheckLive(grant, now); !status.ok()) return status;
  if (request.method != nullptr && Contains(kSelfMethods, absl::string_view(request.method->full_name()))) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError("authorize call: the method is not about the caller alone");
}

bool Access::MayRead(const pb::KindOptions& kind) const {
  return purpose_ != pb::PURPOSE_UNSPECIFIED && Contains(kind.purposes(), static_cast<int>(purpose_)) &&
         RolesGive(roles_, method_->full_name(), purpose_);
}

absl::Status Access::CheckRead(const pb::KindOptions& kind) const {
  if (MayRead(kind)) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("read ", kind.name(), ": not for the purpose ", PurposeName(purpose_)));
}

bool Access::MayAlsoIn(absl::string_view tenant) const {
  const auto it = all_roles_.find(std::string(tenant));
  return it != all_roles_.end() && RolesGive(it->second, method_->full_name(), purpose_);
}

absl::Status Access::CheckChange() const {
  if (Contains(kChangingMethods, absl::string_view(method_->full_name()))) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("change records: ", method_->name(), " only reads"));
}

std::string PurposeName(pb::Purpose purpose) {
  return pb::Purpose_IsValid(purpose) ? pb::Purpose_Name(purpose) : "UNKNOWN";
}

const MethodDescriptor* MethodTaking(const google::protobuf::Descriptor* request) {
  const MethodDescriptor* found = nullptr;
  const google::protobuf::FileDescriptor* file = request->file();
  for (int s = 0; s < file->service_count(); ++s) {
    for (int m = 0; m < file->service(s)->method_count(); ++m) {
      const MethodDescriptor* method = file->service(s)->method(m);
      if (method->input_type() != request) continue;
      if (found != nullptr) return nullptr;
      found = method;
    }
  }
  return found;
}

}  // namespace rollcall
