// Values that are no secrets even where one is expected.
#ifndef ROLLCALL_PLATFORM_REDACTION_HARMLESS_VALUE_H_
#define ROLLCALL_PLATFORM_REDACTION_HARMLESS_VALUE_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "platform/redaction/key_words.h"

namespace rollcall {

// Whether `value`, found under a key of that strength, can stay: empty, boolean, a reference
// to where the secret is (variable, template, file, secret manager), already redacted, or,
// under weak keys, a number.
bool IsHarmlessValue(absl::string_view value, KeyStrength strength);

// Whether the whole value is one replacement made by a redactor.
bool IsReplacement(absl::string_view value);

// End of the replacement that begins at `begin` of the text; `begin` if none does.
size_t ReplacementEnd(absl::string_view text, size_t begin);

// Whether a lone word looks like a generated credential rather than a name: long, with
// digits among letters or mixed case.
bool LooksGenerated(absl::string_view word);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_HARMLESS_VALUE_H_
