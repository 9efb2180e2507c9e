// Names of systemd's units, see systemd.unit(5): `PREFIX.TYPE`, `PREFIX@INSTANCE.TYPE`, and
// `PREFIX@.TYPE` for a template.
#ifndef ROLLCALL_PLATFORM_SYSTEMD_UNIT_NAME_H_
#define ROLLCALL_PLATFORM_SYSTEMD_UNIT_NAME_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// Whether systemd takes `name` for a unit's: at most 255 bytes of its characters, a type it
// knows, something before the `@` and the type. The functions below are for such names.
bool IsUnitName(absl::string_view name);

// `service` of `ssh.service`.
absl::string_view UnitTypeOf(absl::string_view name);

bool IsUnitTemplate(absl::string_view name);
bool IsUnitInstance(absl::string_view name);

// `tty1` of `getty@tty1.service`; empty for a template and a plain name.
absl::string_view UnitInstanceOf(absl::string_view name);

// `getty` of `getty@tty1.service`.
absl::string_view UnitPrefixOf(absl::string_view name);

// `getty@.service` for `getty@tty1.service`; empty for a plain name.
std::string UnitTemplateOf(absl::string_view name);

// `getty@tty1.service` from `getty@.service` and `tty1`.
std::string UnitInstanceName(absl::string_view template_name, absl::string_view instance);

// Whether units of this type may have other names: a link to a mount unit is no alias.
bool UnitTypeMayAlias(absl::string_view type);
// Whether there are templates of this type.
bool UnitTypeMayTemplate(absl::string_view type);

// Whether a link named `name` to a file named `target` makes it another name of that unit: same
// type, both plain or both templates or both the same instance, or an instance of the template.
bool IsValidUnitAlias(absl::string_view name, absl::string_view target);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_SYSTEMD_UNIT_NAME_H_
