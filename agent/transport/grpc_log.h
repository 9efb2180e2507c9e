// What gRPC itself would print.
#ifndef ROLLCALL_AGENT_TRANSPORT_GRPC_LOG_H_
#define ROLLCALL_AGENT_TRANSPORT_GRPC_LOG_H_

namespace rollcall {

// Keeps gRPC's own lines off standard error, where every line is JSON: what they say reaches
// the session as a status. Lines about broken invariants still come through, before it aborts.
void SilenceGrpcLog();

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_GRPC_LOG_H_
