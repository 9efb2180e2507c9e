// Fields by dotted path (`os.pretty_name`, `owners.pid`), as people write them in filters
// and table columns.
#ifndef ROLLCALL_PROTO_FIELD_PATH_H_
#define ROLLCALL_PROTO_FIELD_PATH_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace rollcall {

// The fields a dotted path goes through, outermost first.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// Resolves `path` in `message`. InvalidArgument if a part does not exist; the message then
// names fields that come close, or lists all there are.
absl::StatusOr<FieldPath> ResolveFieldPath(const google::protobuf::Descriptor* message, absl::string_view path);

// All values at the path, as text: numbers in decimal, enum values and booleans by name,
// timestamps in RFC 3339 (UTC), durations in seconds, bytes in hex, maps as `key=value`.
// Repeated fields give one value each; unset scalars give none, unless they have no
// presence, in which case a number gives `0` and a string nothing.
std::vector<std::string> FieldValues(const google::protobuf::Message& message, const FieldPath& path);

// Every set field as (path, text), depth first, repeated elements with their index:
// `owners[0].pid`.
std::vector<std::pair<std::string, std::string>> FlattenFields(const google::protobuf::Message& message);

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_FIELD_PATH_H_
