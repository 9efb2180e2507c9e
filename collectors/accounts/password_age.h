// What the days of a shadow entry mean on a given day.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_PASSWORD_AGE_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_PASSWORD_AGE_H_

#include <optional>

#include "absl/time/time.h"
#include "collectors/accounts/shadow_parser.h"

namespace rollcall {

// Ages of this many days and more mean "never", as in shadow-utils.
inline constexpr int64_t kNeverDays = 10'000;

struct PasswordAge {
  // To the day, at its beginning in UTC. Unset: never.
  std::optional<absl::Time> last_change;
  std::optional<absl::Time> password_expires;
  std::optional<absl::Time> account_expires;
  // The last change is day 0.
  bool must_change = false;
  // Must be changed: `must_change`, or older than its greatest age.
  bool password_expired = false;
  // Expired for longer than its days of grace: it opens nothing any more.
  bool password_inactive = false;
  bool account_expired = false;
};

// As a login decides (pam_unix): the password works to the end of the day it expires on; an account is closed from the
// day it expires on.
PasswordAge AgeOf(const ShadowEntry& entry, absl::Time now);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_PASSWORD_AGE_H_
