// What a control group's path says about who runs a process.
#ifndef ROLLCALL_COLLECTORS_PROCESSES_CGROUP_NAMES_H_
#define ROLLCALL_COLLECTORS_PROCESSES_CGROUP_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

struct CgroupNames {
  // Full id of the innermost container: 64 hexadecimal digits, or the name of an LXC container.
  std::string container_id;
  // With hyphens; static pods have a hash of 32 digits instead of a UUID.
  std::string pod_uid;
  // The outermost unit in the path, such as `ssh.service` or `session-3.scope`.
  std::string systemd_unit;

  friend bool operator==(const CgroupNames&, const CgroupNames&) = default;
};

// Reads a path of /proc/PID/cgroup. Knows Docker, containerd, CRI-O, Podman, iSulad, ECS and
// LXC, with the cgroupfs and the systemd driver, on cgroup v1 and v2, and Kubernetes pods in
// all of them. A runtime's monitor (`crio-conmon-ID.scope`) is outside its container. Pure.
CgroupNames ParseCgroupNames(absl::string_view path);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PROCESSES_CGROUP_NAMES_H_
