#include "collectors/environment/variable.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "collectors/secret_like.h"

namespace rollcall {

void Variables::Add(absl::string_view name, absl::string_view value) {
  if (variables.size() >= kMaxVariables || !IsVariableName(name)) {
    ++left_out;
  } else {
    variables.push_back({std::string(name), std::string(value)});
  }
}

bool IsVariableName(absl::string_view name) {
  if (name.empty() || name.size() > kMaxVariableNameBytes) return false;
  if (absl::ascii_isdigit(static_cast<unsigned char>(name.front()))) return false;
  const bool valid =
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
  if (!valid || HasTokenPrefix(name)) return false;
  const std::vector<absl::string_view> words = absl::StrSplit(name, '_');
  return std::none_of(words.begin(), words.end(), LooksRandom);
}

}  // namespace rollcall
