// Conversions between wire and absl times. What comes from the wire is checked; what goes
// to it is cut to what the wire types can hold.
#ifndef ROLLCALL_PROTO_WIRE_TIME_H_
#define ROLLCALL_PROTO_WIRE_TIME_H_

#include <optional>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace rollcall {

// nullopt if outside years 1 to 9999 or with nanoseconds outside a second.
std::optional<absl::Time> FromWire(const google::protobuf::Timestamp& wire);
google::protobuf::Timestamp ToWire(absl::Time time);

// nullopt if negative, longer than 10,000 years or malformed.
std::optional<absl::Duration> FromWire(const google::protobuf::Duration& wire);
google::protobuf::Duration ToWire(absl::Duration duration);

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_WIRE_TIME_H_
