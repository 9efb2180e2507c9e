// Decides from its name whether a value is likely to be a secret.
#ifndef ROLLCALL_PLATFORM_REDACTION_KEY_WORDS_H_
#define ROLLCALL_PLATFORM_REDACTION_KEY_WORDS_H_

#include "absl/strings/string_view.h"

namespace rollcall {

enum class KeyStrength {
  // The name says nothing about secrets, or says that the value is about one (`password_file`).
  kNone,
  // May name something else too (`PASS=0`): harmless-looking values, numbers among them, stay.
  kWeak,
  // Names a secret: only what cannot be one stays.
  kStrong,
};

// Classifies the name of an option, variable, property or parameter, without leading dashes.
// Words are split at case changes, digits and punctuation; on top of that a few unmistakable
// words count anywhere in the name, whatever its case. Linear in the name's length.
KeyStrength ClassifyKey(absl::string_view name);

// As ClassifyKey, for the parameters of a URL, where short names such as `key` and `sig`
// carry credentials.
KeyStrength ClassifyQueryKey(absl::string_view name);

// Whether `name` is an HTTP header that carries credentials, such as `Authorization`.
bool IsSecretHeader(absl::string_view name);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_REDACTION_KEY_WORDS_H_
