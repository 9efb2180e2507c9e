// Kinds as people name them.
#ifndef ROLLCALL_CLI_KIND_NAME_H_
#define ROLLCALL_CLI_KIND_NAME_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/kind_registry.h"

namespace rollcall {

// The kind called `text`, in any case and with `-` or `_`: its name (`os_package`), a word people have for it
// (`users`, `cron`), or a word of the name that no other kind has (`port`); each also in the plural.
// InvalidArgument naming the kinds there are.
absl::StatusOr<const Kind*> ResolveKind(absl::string_view text);

// Names of all kinds, separated by commas.
std::string AllKindNames();

// How people may call the kinds, for completion: plurals of their names and of the other words, sorted.
std::vector<std::string> KindWords();

}  // namespace rollcall

#endif  // ROLLCALL_CLI_KIND_NAME_H_
