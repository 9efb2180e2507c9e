// Secrets planted where hosts have them: every format of a table filled with secrets of another.
#ifndef ROLLCALL_TESTS_REDACTION_PLANTED_SECRETS_H_
#define ROLLCALL_TESTS_REDACTION_PLANTED_SECRETS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// One value with one secret in it.
struct PlantedSecret {
  // Where such values are found: `argv`, `cron`, `kernel`, ...
  std::string place;
  // Who reads it: `argv`, `url`, `text`, or `env` for the list of values that may be shown.
  std::string redactor;
  std::string secret;
  // One string; for `argv` the arguments, for `env` the variable's name and its value.
  std::vector<std::string> value;
  // Line of the format, from 1, and its text without the secret.
  size_t line = 0;
  std::string format;
};

// Every format with four secrets of its classes, in turn, so that all formats meet all kinds;
// with `token` and `hash` every secret there is. A function of the two texts alone.
// InvalidArgument names the line that cannot be read.
absl::StatusOr<std::vector<PlantedSecret>> PlantSecrets(absl::string_view formats, absl::string_view secrets);

// What of the secret can be read in `redacted`: five of its bytes in a row, all of it if it is
// shorter. Bytes that the format has itself tell nothing. Empty if nothing can.
std::string LeakedPiece(const PlantedSecret& planted, absl::string_view redacted);

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_REDACTION_PLANTED_SECRETS_H_
