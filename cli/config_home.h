// The file the CLI keeps its contexts in.
#ifndef ROLLCALL_CLI_CONFIG_HOME_H_
#define ROLLCALL_CLI_CONFIG_HOME_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/cli_config.h"

namespace rollcall {

// XDG_CONFIG_HOME/rollcall/config.yaml, or HOME/.config/rollcall/config.yaml; empty if neither variable has an absolute
// path. Arguments are the variables' values, nullptr if unset. Pure.
std::string DefaultConfigPath(const char* xdg_config_home, const char* home);

// Reads a small text file, or standard input if the path is `-`. InvalidArgument, with the reason, if it cannot be read
// or is larger than 256 KiB.
absl::StatusOr<std::string> ReadTextFile(absl::string_view what, const std::string& path);

// Reads and parses. A file that is not there is empty if `may_be_missing`. InvalidArgument for what cannot be read or
// parsed, and if there is a token in it and its mode lets others read it.
absl::StatusOr<CliConfigFile> LoadConfigFile(const std::string& path, bool may_be_missing);

// Replaces the file with mode 0600, by writing another and renaming it, and makes its folder with mode 0700; of a link
// the file it leads to. What somebody else wrote in between is lost. Unknown, with
// the system's reason, if that fails; InvalidArgument if the path is empty.
absl::Status SaveConfigFile(const std::string& path, const CliConfigFile& file);

}  // namespace rollcall

#endif  // ROLLCALL_CLI_CONFIG_HOME_H_
