// Takes secrets out of observed values before they are hashed, stored or sent.
#ifndef ROLLCALL_PLATFORM_REDACTION_REDACTOR_H_
#define ROLLCALL_PLATFORM_REDACTION_REDACTOR_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

// Redaction is typed: argument vectors, URLs and lines of text carry secrets in different
// places. What is replaced becomes `[REDACTED:rule]`; all else stays as it is, so that
// `--password=x` remains readable as `--password=[REDACTED:argv.long_option]`.
//
// All functions are pure, thread-safe and take any bytes. They run in time linear in the size
// of the value, and twice is once: a redacted value stays as it is. Whatever cannot be
// processed within the limits is replaced as a whole (`[REDACTED:limit]`), never passed on.

// Values are cut here, at a UTF-8 boundary, and end with `[REDACTED:size]`: what is not read
// cannot be vouched for.
constexpr size_t kMaxRedactedValueBytes = 8 << 10;
// Arguments beyond this are replaced.
constexpr size_t kMaxRedactedArguments = 4096;

struct ArgvRedaction {
  // Index of the argument.
  size_t index;
  // Name of the rule, such as `argv.long_option`; a literal.
  absl::string_view rule;
};

// Scrubs an argument vector, program first, element by element and never as one line.
// Returns what was replaced, by index, each rule once per argument.
std::vector<ArgvRedaction> RedactArgv(std::vector<std::string>* argv);

// Scrubs one URL, data source name or connection string. Returns the rules that matched.
std::vector<absl::string_view> RedactUrl(std::string* url);

// Scrubs a line of text: a kernel command line, a cron line, a command as a shell reads it.
// Returns the rules that matched.
std::vector<absl::string_view> RedactText(std::string* text);

// Whether the value holds a credential in a form of its own, such as an access token with its
// vendor's prefix. A cheap check for fields that should hold none.
bool HoldsKnownToken(absl::string_view value);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_REDACTOR_H_
