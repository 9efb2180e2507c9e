// KernelSockets of the running kernel.
#ifndef ROLLCALL_PLATFORM_NETLINK_KERNEL_SOCKETS_H_
#define ROLLCALL_PLATFORM_NETLINK_KERNEL_SOCKETS_H_

#include <memory>
#include <string>

#include "platform/kernel_sockets.h"

namespace rollcall {

// Talks to NETLINK_SOCK_DIAG. A foreign namespace is entered on a thread of its own, which
// opens the netlink socket there and ends; the socket then serves from any thread. Entering
// takes CAP_SYS_ADMIN in that namespace; the caller's own takes nothing.
//
// `procfs` is where this machine's procfs is mounted for the caller; pids are its pids.
// A dump may load the kernel's own *_diag modules, as `ss` does.
std::unique_ptr<KernelSockets> NewNetlinkKernelSockets(std::string procfs = "/proc");

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_NETLINK_KERNEL_SOCKETS_H_
