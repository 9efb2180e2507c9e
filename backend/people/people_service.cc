#include "backend/people/people_service.h"

#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr PeerRole kRoles[] = {PeerRole::kViewer, PeerRole::kOperator, PeerRole::kPrivacyOfficer, PeerRole::kAuditor};

}  // namespace

pb::WhoAmIResponse DescribeGrant(const Grant& grant) {
  pb::WhoAmIResponse response;
  response.set_person(grant.person);
  for (const auto& [tenant, roles] : grant.tenants) {
    pb::WhoAmIResponse::Rights* rights = response.add_rights();
    rights->set_tenant(tenant);
    for (const PeerRole role : kRoles) {
      if (roles.Has(role)) rights->add_roles(std::string(PeerRoleName(role)));
    }
  }
  *response.mutable_ends_at() = ToWire(grant.expires_at);
  return response;
}

grpc::ServerUnaryReactor* PeopleService::WhoAmI(grpc::CallbackServerContext* call, const pb::WhoAmIRequest* request,
                                                pb::WhoAmIResponse* response) {
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  const absl::Duration started = serving_.clock->Monotonic();
  const CallFacts facts = ReadCallFacts(*call, serving_, pb::WhoAmIRequest::descriptor(), pb::PURPOSE_UNSPECIFIED);
  // What is kept of a denied call may block.
  const bool taken = serving_.pool->Submit([this, facts, request, response, reactor, started] {
    absl::Status status = serving_.judge->AdmitToSelf(facts);
    if (status.ok()) {
      *response = DescribeGrant(*facts.grant);
    } else {
      status = serving_.judge->Conclude(facts, status, *request, *response, status);
      logger_->Warning("people.denied", "Somebody was not told who they are", {{"error", status}});
    }
    observer_->OnQuery("WhoAmI", status.code(), serving_.clock->Monotonic() - started);
    reactor->Finish(ToGrpcStatus(status));
  });
  if (!taken) {
    const absl::Status refused = absl::UnavailableError("say who you are: too many are waiting; try again later");
    observer_->OnQuery("WhoAmI", refused.code(), absl::ZeroDuration());
    reactor->Finish(ToGrpcStatus(refused));
  }
  return reactor;
}

}  // namespace rollcall
