// Kinds as people name them.
#ifndef ROLLCALL_CLI_KIND_NAME_H_
#define ROLLCALL_CLI_KIND_NAME_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/kind_registry.h"

namespace rollcall {

// The kind called `text`: its name (`os_package`), a plural (`processes`), or a word of the
// name that no other kind has (`packages`, `port`). InvalidArgument naming the kinds there are.
absl::StatusOr<const Kind*> ResolveKind(absl::string_view text);

// Names of all kinds, separated by commas.
std::string AllKindNames();

}  // namespace rollcall

#endif  // ROLLCALL_CLI_KIND_NAME_H_
