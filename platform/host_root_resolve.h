// The two ways a HostRoot finds a file. Not for use elsewhere.
#ifndef ROLLCALL_PLATFORM_HOST_ROOT_RESOLVE_H_
#define ROLLCALL_PLATFORM_HOST_ROOT_RESOLVE_H_

#include <string>

namespace rollcall {

// Symbolic links followed for one path, as in the kernel.
inline constexpr int kMaxLinks = 40;

// Both return an O_PATH | O_CLOEXEC descriptor of `path` inside the directory `root`, or a
// negative errno value. A final symbolic link is followed if `follow`. Links never lead out of
// `root`; magic links of /proc are ELOOP.
int ResolveByOpenat2(int root, const std::string& path, bool follow);
int ResolveByComponents(int root, const std::string& path, bool follow);

// Opens the file `name` below `directory` without following any link; negative errno.
int OpenBelowByOpenat2(int directory, const std::string& name, int flags);

// Whether openat2(2) works here: not ENOSYS (old kernel), not EPERM (old seccomp filter).
bool HaveOpenat2(int root);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_HOST_ROOT_RESOLVE_H_
