// Secrets that stand after their name: `password=x`, `"token": "x"`, `Authorization: Bearer x`.
#ifndef ROLLCALL_PLATFORM_REDACTION_KEY_VALUES_H_
#define ROLLCALL_PLATFORM_REDACTION_KEY_VALUES_H_

#include <string>

#include "platform/redaction/rewriter.h"

namespace rollcall {

enum class ValueContext {
  // One argument of a command: a value may contain blanks.
  kArgument,
  // Running text: a value ends at a blank unless it is quoted.
  kText,
};

// Replaces the values of secret names in assignments, URL and form parameters, connection
// strings (`;Password=x`), option lists (`,password=x`), JSON and YAML members and HTTP
// headers. Linear in the value's length.
void RedactKeyValues(ValueContext context, std::string* value, RuleList* rules);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_KEY_VALUES_H_
