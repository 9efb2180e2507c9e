// What every call of an operator has in common, whatever it asks for.
#ifndef ROLLCALL_BACKEND_QUERY_OPERATOR_CALL_H_
#define ROLLCALL_BACKEND_QUERY_OPERATOR_CALL_H_

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "backend/ingest/peer_authentication.h"
#include "backend/query/query_engine.h"
#include "backend/query/work_pool.h"
#include "platform/clock.h"

namespace rollcall {

// Authenticates the operator of `call`, has `answer(caller)` give a status on a thread of `pool`, and finishes the call
// with it. `busy` is said, as Unavailable, if the pool takes no more. `account(caller, status, time)` is called once,
// before the call is finished, also for those that are not answered; an unknown caller is empty. Both functions are
// copied; request and response, which they may use, are gone when the call is finished. `pool` and `clock` outlive it.
template <typename Answer, typename Account>
grpc::ServerUnaryReactor* ServeOperator(grpc::CallbackServerContext* call, WorkPool* pool, const Clock* clock,
                                        absl::string_view busy, Answer answer, Account account) {
  grpc::ServerUnaryReactor* reactor = call->DefaultReactor();
  const absl::Duration started = clock->Monotonic();
  const absl::StatusOr<AuthenticatedPeer> peer = AuthenticatePeer(*call->auth_context(), PeerRole::kOperator);
  if (!peer.ok()) {
    account(QueryCaller(), peer.status(), absl::ZeroDuration());
    reactor->Finish(ToGrpcStatus(peer.status()));
    return reactor;
  }
  const QueryCaller caller{peer->identity.tenant, peer->identity.id};
  const bool taken = pool->Submit([clock, caller, answer, account, reactor, started] {
    const absl::Status status = answer(caller);
    account(caller, status, clock->Monotonic() - started);
    reactor->Finish(ToGrpcStatus(status));
  });
  if (!taken) {
    const absl::Status refused = absl::UnavailableError(busy);
    account(caller, refused, absl::ZeroDuration());
    reactor->Finish(ToGrpcStatus(refused));
  }
  return reactor;
}

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_QUERY_OPERATOR_CALL_H_
