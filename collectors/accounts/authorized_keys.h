// authorized_keys, see sshd(8): which public keys open an account. The keys themselves stay in the file.
#ifndef ROLLCALL_COLLECTORS_ACCOUNTS_AUTHORIZED_KEYS_H_
#define ROLLCALL_COLLECTORS_ACCOUNTS_AUTHORIZED_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

struct KeyLine {
  // As the key itself says, such as `ssh-ed25519`.
  std::string type;
  // `SHA256:` and base64 without padding.
  std::string fingerprint;
  // Unset if the type has one length only or is not known.
  std::optional<uint32_t> bits;
  // Names as sshd(8) spells them, in the order of the line; `unknown` for others.
  std::vector<std::string> options;
  // Values of these two options, quotes and escapes undone, fit for a record; at most
  // kMaxKeyOptionBytes: they are kept between runs.
  std::string from;
  std::string command;
  bool has_comment = false;
};

struct KeyFile {
  // At most as many as were asked for.
  std::vector<KeyLine> keys;
  size_t key_count = 0;
  // `line N: what is wrong`, a few at most; never a line's text.
  std::vector<absl::Status> problems;
};

// Longest value of an option that is kept.
inline constexpr size_t kMaxKeyOptionBytes = 1'024;

// Longest line sshd reads is 8 KiB times 2 in some versions; more than this is a problem.
inline constexpr size_t kMaxKeyLineBytes = size_t{64} << 10;

KeyFile ParseAuthorizedKeys(absl::string_view text, size_t max_keys);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ACCOUNTS_AUTHORIZED_KEYS_H_
