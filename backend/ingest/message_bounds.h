// Bounds that hold for any message, whatever its kind.
#ifndef ROLLCALL_BACKEND_INGEST_MESSAGE_BOUNDS_H_
#define ROLLCALL_BACKEND_INGEST_MESSAGE_BOUNDS_H_

#include <cstddef>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace rollcall {

// InvalidArgument, naming the field, if a string is longer than `max_string_bytes`, an enum
// holds a number its type does not name, or a field is set that this build does not know. An
// unknown field could be anything, and what has no declared element may not be kept. Pure.
absl::Status CheckMessageBounds(const google::protobuf::Message& message, size_t max_string_bytes);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_MESSAGE_BOUNDS_H_
