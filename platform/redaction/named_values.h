// Secrets that no `=` or `:` joins to their name: `PASSWORD 'x'`, `<password>x</password>`,
// `name: DB_PASSWORD value: x`.
#ifndef ROLLCALL_PLATFORM_REDACTION_NAMED_VALUES_H_
#define ROLLCALL_PLATFORM_REDACTION_NAMED_VALUES_H_

#include <string>

#include "platform/redaction/rewriter.h"

namespace rollcall {

// Replaces secrets in statements of SQL, calls such as `define('DB_PASSWORD', 'x')`, elements of
// XML, and pairs of a name and a value as Kubernetes and many settings have them. Linear in the
// value's length.
void RedactNamedValues(std::string* value, RuleList* rules);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_NAMED_VALUES_H_
