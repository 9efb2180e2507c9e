// Time zones as the host and its users name them.
#ifndef ROLLCALL_COLLECTORS_SCHEDULED_TASKS_HOST_TIME_ZONE_H_
#define ROLLCALL_COLLECTORS_SCHEDULED_TASKS_HOST_TIME_ZONE_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "platform/file_tree.h"

namespace rollcall {

// Whether `name` is safe to look up: `Area/City` and the like. A name comes from files that
// users write, and a path or a device in its place must not be opened.
bool IsTimeZoneName(absl::string_view name);

// Zones by name, from the time zone data of the machine the agent runs on. Keeps what it
// loaded. Not thread-safe.
class TimeZones {
 public:
  // Names looked up at most, found or not: a host uses a few.
  static constexpr size_t kMaxNames = 64;

  // Nothing if there is no such zone here.
  std::optional<absl::TimeZone> Find(absl::string_view name);

 private:
  std::map<std::string, std::optional<absl::TimeZone>, std::less<>> known_;
};

// The name of the host's zone: what the link /etc/localtime leads to, else the text of
// /etc/timezone, else `UTC` if there is no /etc/localtime, as for the C library. Empty if
// /etc/localtime is a file of its own, which does not say its name.
std::string HostTimeZoneName(const FileTree& files);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_SCHEDULED_TASKS_HOST_TIME_ZONE_H_
