// Which network interfaces are a host's own.
#ifndef ROLLCALL_COLLECTORS_CONTAINER_END_H_
#define ROLLCALL_COLLECTORS_CONTAINER_END_H_

#include "absl/strings/string_view.h"
#include "platform/file_tree.h"

namespace rollcall {

// Whether /sys/class/net/`interface` is one end of a pair whose other end is in a container:
// there is one per container, named at random. Stacked interfaces (VLAN, macvlan) have another
// index below them too, and say so. False for what cannot be read.
bool IsContainerEnd(const FileTree& files, absl::string_view interface);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_CONTAINER_END_H_
