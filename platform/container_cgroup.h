// Container ids in control group paths.
#ifndef ROLLCALL_PLATFORM_CONTAINER_CGROUP_H_
#define ROLLCALL_PLATFORM_CONTAINER_CGROUP_H_

#include <string>

#include "absl/strings/string_view.h"

namespace rollcall {

// Id of the innermost container whose processes are in the cgroup `path` (as in
// /proc/PID/cgroup); empty if the path is of no container. Knows what Docker, containerd,
// CRI-O and Podman write, with the systemd and the cgroupfs driver (64 hexadecimal digits),
// and LXC (the container's name). A container's monitor is not in the container. Pure.
std::string ContainerIdInCgroup(absl::string_view path);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_CONTAINER_CGROUP_H_
