// Which mounts are filesystems of the host.
#ifndef ROLLCALL_COLLECTORS_FILESYSTEMS_H_
#define ROLLCALL_COLLECTORS_FILESYSTEMS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "platform/mount_info.h"

namespace rollcall {

// Filesystems kept of one host.
inline constexpr size_t kMaxFilesystems = 1'000;

// The mounts that hold data: no kernel interfaces, no memory, no bind mounts of what is listed
// already, nothing that comes and goes with a container, a pod, a snap or a session. Of mounts
// on one point the last, which hides the others. Sorted by mount point.
std::vector<Mount> HostFilesystems(const std::vector<Mount>& mounts);

// Whether asking this type for its size cannot hang on a server that is gone.
bool IsLocalFilesystem(absl::string_view fs_type);

// Whether looking below a mount of this type may wait for a server, or mount something: it is
// neither local nor the kernel's own. Of an automounter that is so until something is mounted.
bool MayWaitForServer(absl::string_view fs_type);

// Those of HostFilesystems whose size can be asked for without waiting for a server: of a local
// type, and not mounted somewhere below a filesystem that is not.
std::vector<Mount> LocalFilesystems(const std::vector<Mount>& mounts);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_FILESYSTEMS_H_
