// Credentials that are recognised by their own form, wherever they stand.
#ifndef ROLLCALL_PLATFORM_REDACTION_TOKEN_FORMATS_H_
#define ROLLCALL_PLATFORM_REDACTION_TOKEN_FORMATS_H_

#include <string>

#include "platform/redaction/rewriter.h"

namespace rollcall {

// Replaces access tokens with fixed prefixes as their vendors document them, JSON Web Tokens
// (RFC 7519), password hashes (crypt(5)) and PEM private keys (RFC 7468). There is
// deliberately no rule for random-looking text: digests, container ids and commits are the
// inventory. Linear in the value's length.
void RedactTokenFormats(std::string* value, RuleList* rules);

// Whether RedactTokenFormats would replace anything. Copies nothing.
bool HoldsTokenFormat(absl::string_view value);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_TOKEN_FORMATS_H_
