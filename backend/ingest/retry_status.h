// "Come back later", said so that a client can act on it.
#ifndef ROLLCALL_BACKEND_INGEST_RETRY_STATUS_H_
#define ROLLCALL_BACKEND_INGEST_RETRY_STATUS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace rollcall {

// A serialized google.rpc.Status with the code and message of `status` and one google.rpc.RetryInfo,
// as it travels in the trailer `grpc-status-details-bin`. Pure.
std::string RetryDetails(const absl::Status& status, absl::Duration retry_after);

// The same code and message, with RetryInfo if `retry_after` is above zero: without it a client
// that is refused for lack of resources has to take the refusal for final.
grpc::Status ToRetryStatus(const absl::Status& status, absl::Duration retry_after);

// Says the same in the trailer of gRPC's retry protocol, `grpc-retry-pushback-ms`. Before Finish.
void AddRetryTrailer(grpc::CallbackServerContext* call, absl::Duration retry_after);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_RETRY_STATUS_H_
