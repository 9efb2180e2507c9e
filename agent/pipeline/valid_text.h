// Strings that a protobuf can carry, from bytes a kernel gave.
#ifndef ROLLCALL_AGENT_PIPELINE_VALID_TEXT_H_
#define ROLLCALL_AGENT_PIPELINE_VALID_TEXT_H_

#include <cstddef>
#include <string>

namespace rollcall {

// Paths, process names and arguments are bytes on Linux; protobuf strings are UTF-8. Replaces
// every byte that is no part of valid UTF-8 (RFC 3629: no overlong forms, no surrogates) by
// `\xNN`, NN in lowercase hex. What was valid stays, backslashes included, so `\xff` in the
// result was either the byte 0xff or those four characters. True if anything was replaced.
bool EscapeInvalidUtf8(std::string* text);

// Cuts text that is longer than `max_bytes` at a character boundary and ends it with
// `[TRUNCATED]`. REQUIRES: valid UTF-8, max_bytes >= 16. True if it was cut.
bool TruncateText(size_t max_bytes, std::string* text);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_PIPELINE_VALID_TEXT_H_
