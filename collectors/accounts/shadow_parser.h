// shadow(5) and gshadow(5), without the passwords.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_SHADOW_PARSER_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_SHADOW_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "platform/password_field.h"

namespace rollcall {

// Days are counted from 1970-01-01, UTC. Unset: the field is empty or negative, which both mean "none".
struct ShadowEntry {
  // As in the file. Compare it; never show it: in a damaged line a hash may stand here.
  std::string name;
  PasswordField password;
  std::optional<int64_t> last_change_day;
  std::optional<int64_t> min_days;
  std::optional<int64_t> max_days;
  std::optional<int64_t> warn_days;
  std::optional<int64_t> inactive_days;
  std::optional<int64_t> expire_day;
  // The line is one that login programs do not accept; only `name` is filled in.
  bool damaged = false;
};

struct GroupShadowEntry {
  // As in the file; see ShadowEntry.
  std::string name;
  PasswordField password;
  std::vector<std::string> administrators;
  bool damaged = false;
};

template <typename Entry>
struct ShadowFile {
  std::vector<Entry> entries;
  // `line N: what is wrong`, a few at most; never a line's text.
  std::vector<absl::Status> problems;
};

// Entries kept of one file.
inline constexpr size_t kMaxShadowEntries = 200'000;

// Blank lines, comments and NIS entries (`+`, `-`) are no entries and no problems. A damaged line is an entry and a
// problem. No part of a password field is in the result, whatever the text is.
ShadowFile<ShadowEntry> ParseShadow(absl::string_view text);
ShadowFile<GroupShadowEntry> ParseGroupShadow(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_SHADOW_PARSER_H_
