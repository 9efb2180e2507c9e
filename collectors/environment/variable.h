// A variable as a source sets it, before anything is decided about its value.
#ifndef ROLLCALL_COLLECTORS_ENVIRONMENT_VARIABLE_H_
#define ROLLCALL_COLLECTORS_ENVIRONMENT_VARIABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace rollcall {

// What the parsers of this folder return. Values are secrets until value_class.h and
// shown_values.h have said otherwise: they go into no record, message or cache before.
struct Variable {
  std::string name;
  std::string value;

  friend bool operator==(const Variable&, const Variable&) = default;
};

struct Variables {
  // In the source's order, repeated names included. All names are IsVariableName.
  std::vector<Variable> variables;
  // Entries that are no assignment or have no such name; at most kMaxVariables are kept and
  // those beyond count too. What they say is nowhere: it may be part of a secret.
  uint64_t left_out = 0;

  // Keeps an assignment, or counts it.
  void Add(absl::string_view name, absl::string_view value);
};

// Of one source.
inline constexpr size_t kMaxVariables = 10'000;
// Longest name.
inline constexpr size_t kMaxVariableNameBytes = 128;

// Whether `name` is a name of the shell's, `[A-Za-z_][A-Za-z0-9_]*`, of at most
// kMaxVariableNameBytes, and does not look like a token or key that got there by accident, as
// the last line of a private key does (`Qm9...4x==`). Pure.
bool IsVariableName(absl::string_view name);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_ENVIRONMENT_VARIABLE_H_
