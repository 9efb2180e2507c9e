// nsswitch.conf(5): where else this host's accounts come from.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_NAME_SOURCES_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_NAME_SOURCES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

// For each of the databases `passwd`, `group` and `sudoers`, the services besides the local files (`files`, `compat`)
// it names, in their order and each once. Names that are no words are left out.
std::map<std::string, std::vector<std::string>> OtherNameSources(absl::string_view nsswitch_conf);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_NAME_SOURCES_H_
