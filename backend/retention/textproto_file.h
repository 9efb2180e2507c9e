// Textproto files of this folder: read with a limit, parsed with the place of every error.
#ifndef ROLLCALL_BACKEND_RETENTION_TEXTPROTO_FILE_H_
#define ROLLCALL_BACKEND_RETENTION_TEXTPROTO_FILE_H_

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Parses `text` into `message` and notes in `locations` where each field stands. InvalidArgument lists what
// is wrong as `name:line:column: what`, one per line. Limits: 1 MiB, 64 levels, 20 messages. Pure.
absl::Status ParseTextproto(absl::string_view text, absl::string_view name, google::protobuf::Message* message,
                            google::protobuf::TextFormat::ParseInfoTree* locations);

// `name:line:column: ` of the `index`th element of a repeated top-level field, or of the file's beginning
// for an index of -1.
std::string PlaceOf(const google::protobuf::TextFormat::ParseInfoTree& locations, absl::string_view name,
                    const google::protobuf::FieldDescriptor* field, int index);

// The file's bytes, at most one more than ParseTextproto takes. NotFound and the like name the path.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_RETENTION_TEXTPROTO_FILE_H_
