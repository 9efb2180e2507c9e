// Whether something looks like a secret, for collectors that must decide before the redactor.
#ifndef ROLLCALL_COLLECTORS_SECRET_LIKE_H_
#define ROLLCALL_COLLECTORS_SECRET_LIKE_H_

#include "absl/strings/string_view.h"

namespace rollcall {

// These guess, and rather too often than too seldom: what they decide is whether a value is
// left out. The redactor behind all collectors does not depend on them. Pure, linear.

// Whether a variable's, option's or parameter's name says that its value is a secret:
// `DB_PASSWORD`, `apiKey`, but not `TOKEN_FILE`.
bool NameSuggestsSecret(absl::string_view name);

// Whether a value has a secret in it whatever its name: a private key, a token with its vendor's
// prefix, a password in a URL, a word that looks generated.
bool LooksLikeSecret(absl::string_view value);

// Whether text begins with a vendor's prefix of tokens, such as `ghp_`, and goes on as they do.
bool HasTokenPrefix(absl::string_view text);

// Whether a run of letters and digits looks generated rather than named: long, and with digits
// among its letters.
bool LooksRandom(absl::string_view word);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SECRET_LIKE_H_
