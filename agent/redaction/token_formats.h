// Credentials that are recognised by their own form, wherever they stand.
#ifndef ROLLCALL_AGENT_REDACTION_TOKEN_FORMATS_H_
#define ROLLCALL_AGENT_REDACTION_TOKEN_FORMATS_H_

#include <string>

#include "agent/redaction/rewriter.h"

namespace rollcall {

// Replaces access tokens with fixed prefixes as their vendors document them, JSON Web Tokens
// (RFC 7519), password hashes (crypt(5)) and PEM private keys (RFC 7468). There is
// deliberately no rule for random-looking text: digests, container ids and commits are the
// inventory. Linear in the value's length.
void RedactTokenFormats(std::string* value, RuleList* rules);

// Whether RedactTokenFormats would replace anything. Copies nothing.
bool HoldsTokenFormat(absl::string_view value);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_REDACTION_TOKEN_FORMATS_H_
