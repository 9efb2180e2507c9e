// The one way by which calls of operators are served, whatever they ask for.
#ifndef ROLLCALL_BACKEND_QUERY_OPERATOR_CALL_H_
#define ROLLCALL_BACKEND_QUERY_OPERATOR_CALL_H_

#include <grpcpp/grpcpp.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/access/call_judge.h"
#include "backend/ingest/peer_authentication.h"
#include "backend/query/work_pool.h"
#include "backend/tokens/person_authenticator.h"
#include "platform/clock.h"

namespace rollcall {

// Metadata by which a call names one of its caller's tenants, and a ticket.
inline constexpr char kTenantMetadata[] = "rollcall-tenant";
inline constexpr char kTicketMetadata[] = "rollcall-ticket";

// Who made a call, as logs name it; empty if nobody the backend knows.
struct CallerName {
  std::string tenant;
  std::string person;
};

// What serving takes; all of it outlives the calls.
struct OperatorServing {
  WorkPool* pool;
  const Clock* clock;
  const CallJudge* judge;
  PersonAuthenticator* people;
};

// Reads who made `call` and what for. The method is the one that takes `request`: nobody can name a wrong one.
CallFacts ReadCallFacts(const grpc::CallbackServerContext& call, const OperatorServing& serving,
                        const google::protobuf::Descriptor* request, pb::Purpose purpose);

// Whose call it is, as far as its certificate or token says.
CallerName CallerOf(const CallFacts& facts, const absl::StatusOr<Access>& access);

// Judges `call` and, if it may be, has `answer(access)` give a status on a thread of the pool, and finishes the call
// with it or with why it was denied. `busy` is said, as Unavailable, if the pool takes no more. `account(caller,
// status, time)` is called once, before the call is finished, also for those that are not answered. Both functions are
// copied; request and response, which they may use, are gone when the call is finished.
template <typename Request, typename Response, typename Answer, typename Account>
grpc::ServerUnaryReactor* ServeOperator(grpc::CallbackServerContext* call, const OperatorServing& serving,
                                        const Request* request, Response* response, absl::string_view busy,
                                        Answer answer, Account account) {
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  const absl::Duration started = serving.clock->Monotonic();
  const CallFacts facts = ReadCallFacts(*call, serving, Request::descriptor(), request->purpose());
  // Denied calls too: what is kept of them may block.
  const bool taken = serving.pool->Submit([serving, facts, request, response, answer, account, reactor, started] {
    const absl::StatusOr<Access> access = serving.judge->Admit(facts);
    const absl::Status answered = access.ok() ? answer(*access) : access.status();
    const absl::Status status = serving.judge->Conclude(facts, access, *request, *response, answered);
    account(CallerOf(facts, access), status, serving.clock->Monotonic() - started);
    reactor->Finish(ToGrpcStatus(status));
  });
  if (!taken) {
    const absl::Status refused = absl::UnavailableError(busy);
    account(CallerName(), refused, absl::ZeroDuration());
    reactor->Finish(ToGrpcStatus(refused));
  }
  return reactor;
}

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_OPERATOR_CALL_H_
