// Which values a record may show. Everything else about values is their class and length.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_SHOWN_VALUES_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_SHOWN_VALUES_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace rollcall {

// The form that a value must have to be shown. Each is narrow: a password that someone put into
// a variable with a harmless name has none of them.
enum class ValueForm {
  // An absolute path below a folder that systems have at their root.
  kPath,
  // Several, and references to variables, with colons between them.
  kPathList,
  // `en_US.UTF-8`, `C`, `de_DE@euro`; several with colons.
  kLocale,
  // `Europe/Berlin`, `UTC`, `CET-1CEST`.
  kTimeZone,
  // `17.0.2+8`, `v18.12.1`, `3.11`, `12`.
  kVersion,
  // An IPv4 or IPv6 address.
  kAddress,
  // Up to five digits, as a port.
  kNumber,
  // A terminal's name, such as `xterm-256color`.
  kTerminal,
  // `production`, `test` and the like.
  kDeployment,
  // What sets up a container, such as `docker`, or a package's installation.
  kWord,
};

// The form that values of variable `name` are shown in; nullopt for every name that is not on
// the list. This list is what may leave a host: a name is added to it only if its value helps
// to understand the host and nobody would put a secret there. Pure.
std::optional<ValueForm> ShownForm(absl::string_view name);

// Whether `value` has a form. Empty values have none. Pure; linear.
bool HasForm(ValueForm form, absl::string_view value);

// Whether a record may show the value: its name is on the list, it has the form, and nothing in
// it looks like a secret.
bool IsShown(absl::string_view name, absl::string_view value);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_SHOWN_VALUES_H_
