// How long a refusing backend asks to stay away.
#ifndef ROLLCALL_AGENT_TRANSPORT_RETRY_INFO_H_
#define ROLLCALL_AGENT_TRANSPORT_RETRY_INFO_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall {

// From the serialized google.rpc.Status of the trailer `grpc-status-details-bin`: the delay of
// its first google.rpc.RetryInfo, at most a day; nullopt if there is none or the bytes are
// malformed. Pure.
std::optional<absl::Duration> RetryDelayOf(absl::string_view status_details);

// From the trailer `grpc-retry-pushback-ms` of gRPC's retry protocol, which is a number of milliseconds:
// the delay, at most a day, none if it is negative; nullopt if it is no such number. Pure.
std::optional<absl::Duration> PushbackDelayOf(absl::string_view milliseconds);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_RETRY_INFO_H_
