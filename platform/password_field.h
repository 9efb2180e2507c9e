// The password field of passwd(5), shadow(5), group(5) and gshadow(5), reduced to what may be told of it.
#ifndef ROLLCALL_PLATFORM_PASSWORD_FIELD_H_
#define ROLLCALL_PLATFORM_PASSWORD_FIELD_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

// Nothing in here is a part of the field: the state is a number, the names are constants.
struct PasswordField {
  enum class State {
    // Empty: no password is asked for.
    kNone,
    // Nothing that crypt(3) could give: `!`, `*`, a hash behind a `!`, a word. No password fits.
    kLocked,
    kSet,
    // `x` alone: see the shadow file. In a shadow file itself it locks.
    kElsewhere,
  };
  State state = State::kLocked;
  // Name of the hashing scheme as in crypt(5), such as `sha512` or `yescrypt`, also of a hash behind a `!`; `unknown`
  // for a `$id$` that is none of these; empty if there is no hash. A constant.
  absl::string_view algorithm;
};

// Never fails: what it does not understand locks, as in shadow(5).
PasswordField ClassifyPassword(absl::string_view field);

// Whether a hash as of crypt(5) with a `$id$` in front is anywhere in `text`: a line that lost a field puts its hash
// where a name or a comment belongs. Of an id that is not known eight bytes that may be a hash are enough. Linear.
bool HoldsPasswordHash(absl::string_view text);

// What hashes of the schemes that have a name begin with, such as `$6$`.
std::vector<absl::string_view> PasswordSchemePrefixes();

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_PASSWORD_FIELD_H_
