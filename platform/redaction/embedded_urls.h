// Credentials inside URLs and data source names, wherever in a value they stand.
#ifndef ROLLCALL_PLATFORM_REDACTION_EMBEDDED_URLS_H_
#define ROLLCALL_PLATFORM_REDACTION_EMBEDDED_URLS_H_

#include <string>

#include "platform/redaction/rewriter.h"

namespace rollcall {

// Replaces, in every `scheme://...` (RFC 3986) and Oracle `thin:user/password@` of the value,
// the password of the user information, a token that stands alone there, and path segments
// of known webhook hosts. User information ends at the last `@` of the authority; an
// unescaped `/`, `?` or `#` in a password does not end it either. Parameters are the matter
// of RedactKeyValues. Linear in the value's length.
void RedactEmbeddedUrls(std::string* value, RuleList* rules);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_EMBEDDED_URLS_H_
