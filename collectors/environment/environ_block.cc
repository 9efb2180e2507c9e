#include "collectors/environment/environ_block.h"

#include <set>

#include "absl/strings/match.h"

namespace rollcall {

Variables ParseEnvironBlock(absl::string_view block) {
  Variables result;
  std::set<absl::string_view> seen;
  while (!block.empty()) {
    const size_t end = block.find('\0');
    const absl::string_view entry = block.substr(0, end);
    block.remove_prefix(end == absl::string_view::npos ? block.size() : end + 1);
    if (entry.empty() || absl::StartsWith(entry, "BASH_FUNC_")) continue;
    const size_t equals = entry.find('=');
    if (end == absl::string_view::npos || equals == absl::string_view::npos) {
      ++result.left_out;
      continue;
    }
    const absl::string_view name = entry.substr(0, equals);
    if (seen.insert(name).second) result.Add(name, entry.substr(equals + 1));
  }
  return result;
}

}  // namespace rollcall
