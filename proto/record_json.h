// JSON for machines: the proto mapping with original field names, one object per line.
#ifndef ROLLCALL_PROTO_RECORD_JSON_H_
#define ROLLCALL_PROTO_RECORD_JSON_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace rollcall {

// One line of JSON, without the newline: original field names, enum values by name,
// 64-bit integers as strings, unset fields absent, as the proto3 JSON mapping says.
absl::StatusOr<std::string> ToJsonLine(const google::protobuf::Message& message);

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_RECORD_JSON_H_
