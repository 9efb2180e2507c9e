// Configuration of xinetd, see xinetd.conf(5).
#ifndef ROLLCALL_COLLECTORS_SERVICES_XINETD_CONFIG_H_
#define ROLLCALL_COLLECTORS_SERVICES_XINETD_CONFIG_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rollcall {

inline constexpr size_t kMaxXinetdEntries = 5'000;
inline constexpr size_t kMaxXinetdProblems = 20;

// One `service NAME { ... }`, or `defaults { ... }`.
struct XinetdEntry {
  // Empty for the defaults.
  std::string service;
  // Values by attribute, in order: `key = a b` replaces them, `key += c` adds, `key -= a` takes
  // away. Attributes are in lower case, as xinetd compares them.
  std::map<std::string, std::vector<std::string>, std::less<>> attributes;

  // The values with a space between; empty if there are none.
  std::string Value(absl::string_view attribute) const;
  bool Has(absl::string_view attribute, absl::string_view value) const;
};

struct XinetdConfig {
  // In file order.
  std::vector<XinetdEntry> entries;
  // Paths of `include` and of `includedir`.
  std::vector<std::string> includes;
  std::vector<std::string> include_folders;
  // What was wrong, as `line N: ...` without the line's text.
  std::vector<absl::Status> problems;
};

// Pure; linear in the size of `text` for what a person would write.
XinetdConfig ParseXinetd(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SERVICES_XINETD_CONFIG_H_
