// The other files of /proc/PID: cmdline, environ, cgroup. See proc(5) and cgroups(7).
#ifndef ROLLCALL_PLATFORM_PROC_TEXT_H_
#define ROLLCALL_PLATFORM_PROC_TEXT_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall {

// Longest command line kept, all arguments together.
inline constexpr size_t kMaxCommandLineBytes = 4096;

// Arguments of /proc/PID/cmdline. Empty arguments are kept, except those after a title: a
// process that wrote `nginx: worker process` over its arguments leaves NULs behind it.
std::vector<std::string> ParseCommandLine(absl::string_view text);

// Names and values of /proc/PID/environ, in order. Entries without `=` have no value; empty
// ones are dropped.
std::vector<std::pair<std::string, std::string>> ParseEnvironment(absl::string_view text);

// One line of /proc/PID/cgroup.
struct CgroupMembership {
  uint32_t hierarchy = 0;
  // Empty for cgroup v2; `name=systemd` for a named hierarchy.
  std::vector<std::string> controllers;
  std::string path;
};

struct CgroupTable {
  std::vector<CgroupMembership> memberships;
  // One for each line that could not be read.
  std::vector<absl::Status> problems;
};

CgroupTable ParseCgroup(absl::string_view text);

// The path that says most: the v2 one, unless a hybrid host keeps only `/` there; then that of
// `name=systemd`, then that of any controller that is not `/`. `/` if all are; empty if there
// are none.
std::string MainCgroupPath(const CgroupTable& table);

// A boot id without its newline. InvalidArgument unless it looks like a UUID.
absl::StatusOr<std::string> ParseBootId(absl::string_view text);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_PROC_TEXT_H_
