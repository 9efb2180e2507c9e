// The host below a root: its files, and its kernel where it is this machine's.
#ifndef ROLLCALL_AGENT_LIVE_HOST_H_
#define ROLLCALL_AGENT_LIVE_HOST_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "platform/file_tree.h"
#include "platform/kernel_sockets.h"
#include "platform/systemd/system_manager.h"

namespace rollcall {

struct LiveHost {
  std::unique_ptr<FileTree> files;
  // nullptr if the tree is not of the running machine.
  std::unique_ptr<KernelSockets> sockets;
  // Likewise.
  std::unique_ptr<SystemManager> system_manager;
};

// Opens `root`: `/`, where a container has the host's root mounted, or a directory that looks
// like a host. It is the running machine if a procfs is mounted below it; a procfs can only be
// of the kernel that runs.
absl::StatusOr<LiveHost> OpenHost(const std::string& root);

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_LIVE_HOST_H_
