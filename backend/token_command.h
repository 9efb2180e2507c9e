// `rollcall-backend operator token create`, `list` and `revoke`.
#ifndef ROLLCALL_BACKEND_TOKEN_COMMAND_H_
#define ROLLCALL_BACKEND_TOKEN_COMMAND_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "backend/tokens/token_text.h"
#include "platform/clock.h"

namespace rollcall {

inline constexpr absl::Duration kShortestToken = absl::Minutes(1);
inline constexpr absl::Duration kLongestToken = absl::Hours(24 * 90);

// `90m`, `8h`, `30d`, from kShortestToken to kLongestToken. InvalidArgument otherwise. Pure.
absl::StatusOr<absl::Duration> ParseTokenLifetime(absl::string_view text);

struct TokenCreateOptions {
  std::string data_dir;
  std::string tenant;
  // Whose it is.
  std::string name;
  // Each `ROLE`, or `TENANT/ROLE` for another tenant than `tenant`; at least one.
  std::vector<std::string> roles;
  std::string lifetime = "12h";
  // Where people reach the backend's people_listen, HOST:PORT.
  std::string server;
  // File for `rollcall login`, mode 0600; standard output if empty.
  std::string out_file;
};

// Makes a token and the login file for it: address, authority and token as YAML. The file is written to `out` if there
// is no out_file; what was done is said on `say`, never the token. InvalidArgument for options; AlreadyExists if there
// is an out_file; FailedPrecondition if the data folder has no authority.
absl::Status RunTokenCreate(const TokenCreateOptions& options, const Clock& clock, const RandomSource& random,
                            std::ostream& out, std::ostream& say);

// The tokens there are, and what became of them.
absl::Status RunTokenList(const std::string& data_dir, const Clock& clock, std::ostream& out);

// Ends a token: a running backend refuses it within seconds, on open connections too. NotFound if there is none of
// that id.
absl::Status RunTokenRevoke(const std::string& data_dir, const std::string& id, const Clock& clock, std::ostream& out);

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_TOKEN_COMMAND_H_
