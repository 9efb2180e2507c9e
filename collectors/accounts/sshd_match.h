// Match lines of sshd_config(5), as far as accounts decide them.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_SSHD_MATCH_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_SSHD_MATCH_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace rollcall {

// Longest list of patterns that is looked at.
inline constexpr size_t kMaxSshdPatternBytes = 1024;

// The criteria of one line, all of which must hold.
struct SshdMatch {
  // Lists of patterns: `git,deploy-*,!root`.
  std::vector<std::string> users;
  std::vector<std::string> groups;
  // There are others, which depend on the connection, or are not known here.
  bool unknown = false;
  // It holds for no account of the host.
  bool never = false;
};

// Reads the words behind `Match`; a criterion and its value may be joined by `=`. What sshd would refuse is unknown.
// Pure.
SshdMatch ParseSshdMatch(absl::Span<const std::string> words);

// Whether the line holds for an account with these groups; nothing if that depends on the connection. `groups` is
// nullptr if they are not known. Pure.
std::optional<bool> SshdMatchHolds(const SshdMatch& match, absl::string_view user,
                                   const std::vector<absl::string_view>* groups);

// What a list of patterns says of a name: the first negated pattern that fits says no, else any that fits yes.
enum class SshdListAnswer { kNothing, kYes, kNo };

// `*` and `?` are wildcards; letters' case counts. Pure, and at worst as slow as both lengths multiplied.
SshdListAnswer MatchSshdList(absl::string_view name, absl::string_view list);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_SSHD_MATCH_H_
