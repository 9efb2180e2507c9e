// Who may read what for which purpose: one decision, made for every call and again for every row.
#ifndef ROLLCALL_BACKEND_ACCESS_ACCESS_H_
#define ROLLCALL_BACKEND_ACCESS_ACCESS_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/access/grant.h"
#include "google/protobuf/descriptor.h"
#include "rollcall/v1/options.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// What a caller asks for, before anything is looked at.
struct CallRequest {
  // nullptr if the backend does not know the method.
  const google::protobuf::MethodDescriptor* method = nullptr;
  pb::Purpose purpose = pb::PURPOSE_UNSPECIFIED;
  // Which of the grant's tenants is meant; may be empty if the grant has one.
  std::string tenant;
  // Why the law demands it; LEGAL_OBLIGATION needs one.
  std::string ticket;
};

// A call that was allowed: proof that somebody may call one method, for one purpose, in one tenant. There is no
// other way to one than Authorize, and nothing in backend/access/guarded_store.h reads without one. Immutable.
class Access {
 public:
  // Pure. In order:
  //   Unauthenticated    the grant has ended;
  //   PermissionDenied   the call names a tenant that the grant does not have;
  //   InvalidArgument    it names none, and the grant has several;
  //   PermissionDenied   it names no purpose, or one the method does not declare (rollcall.v1.purpose), or no one role
  //                      in that tenant has both the method and the purpose, or a ticket is missing.
  static absl::StatusOr<Access> Authorize(const Grant& grant, const CallRequest& request, absl::Time now);

  // For methods about the caller alone (role_table.h: kSelfMethods), which read nothing of any tenant and need neither
  // tenant nor purpose. Unauthenticated if the grant has ended, PermissionDenied if the method is another. Pure.
  static absl::Status AuthorizeSelf(const Grant& grant, const CallRequest& request, absl::Time now);

  const std::string& tenant() const { return tenant_; }
  const std::string& person() const { return person_; }
  pb::Purpose purpose() const { return purpose_; }
  const std::string& ticket() const { return ticket_; }

  // Whether records of a kind with these options may be read: the purpose is among the kind's, and a role of the
  // grant gives it for this method.
  bool MayRead(const pb::KindOptions& kind) const;
  // The same as a status: OK or PermissionDenied.
  absl::Status CheckRead(const pb::KindOptions& kind) const;
  // Whether the same call, for the same purpose, would be allowed in that tenant too: for what concerns all.
  bool MayAlsoIn(absl::string_view tenant) const;
  // OK if the method is one that changes what is stored; PermissionDenied otherwise.
  absl::Status CheckChange() const;

 private:
  Access(std::string tenant, const Grant& grant, const CallRequest& request);

  std::string tenant_;
  std::string person_;
  RoleSet roles_;
  std::map<std::string, RoleSet> all_roles_;
  const google::protobuf::MethodDescriptor* method_;
  pb::Purpose purpose_;
  std::string ticket_;
};

// The name of a purpose, or `UNKNOWN` for a number that is none.
std::string PurposeName(pb::Purpose purpose);

// The method of the file's services that takes `request`; nullptr if there is none or more than one.
const google::protobuf::MethodDescriptor* MethodTaking(const google::protobuf::Descriptor* request);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_ACCESS_ACCESS_H_
