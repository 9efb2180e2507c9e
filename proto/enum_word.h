// Enum values as people read and write them.
#ifndef ROLLCALL_PROTO_ENUM_WORD_H_
#define ROLLCALL_PROTO_ENUM_WORD_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace rollcall {

// The value's name in lower case, without what all names of its type begin with: `set` for PASSWORD_SET,
// `unix_stream` for UNIX_STREAM. Empty for the value that says that none is set (`..._UNSPECIFIED`).
std::string EnumWord(const google::protobuf::EnumValueDescriptor* value);

// The type's value called `text`: by its name or its word, in any case. nullptr if there is none.
const google::protobuf::EnumValueDescriptor* FindEnumValue(const google::protobuf::EnumDescriptor* type,
                                                           absl::string_view text);

// The words of all values, in their order, but for the empty one.
std::vector<std::string> EnumWords(const google::protobuf::EnumDescriptor* type);

}  // namespace rollcall

#endif  // ROLLCALL_PROTO_ENUM_WORD_H_
