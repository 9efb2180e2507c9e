// The sockets of one network namespace, from the kernel or else from /proc.
#ifndef ROLLCALL_COLLECTORS_PORTS_NAMESPACE_SOCKETS_H_
#define ROLLCALL_COLLECTORS_PORTS_NAMESPACE_SOCKETS_H_

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "collectors/ports/process_table.h"
#include "collectors/run_report.h"
#include "platform/file_tree.h"
#include "platform/kernel_sockets.h"

namespace rollcall {

// Not thread-safe.
class NamespaceSockets {
 public:
  // `kernel` is nullptr for a tree that is not this machine's. Both outlive this object.
  NamespaceSockets(const FileTree& files, const KernelSockets* kernel) : files_(files), kernel_(kernel) {}

  // Sockets of `ns`, read through one of its members. What could not be read goes to
  // `report`. Empty if the namespace has ended.
  std::vector<ListeningSocket> Read(const NetworkNamespace& ns, RunReport& report) const;

  // A namespace kept by a name instead of by a process, see ip-netns(8).
  struct Named {
    uint64_t inode = 0;
    std::vector<ListeningSocket> sockets;
  };
  // Those whose inodes are not in `seen`. Empty without a kernel to ask.
  std::vector<Named> ReadNamed(std::unordered_set<uint64_t> seen, RunReport& report) const;

  // Names of the interfaces of `ns` by index, as far as they are known.
  std::map<uint32_t, std::string> InterfaceNames(const NetworkNamespace& ns) const;

 private:
  enum class Outcome { kDone, kMemberGone, kNotAllowed };
  Outcome ReadKernel(uint32_t pid, const NetworkNamespace& ns, std::vector<ListeningSocket>* out,
                     RunReport& report) const;
  Outcome ReadProc(uint32_t pid, const NetworkNamespace& ns, std::vector<ListeningSocket>* out,
                   RunReport& report) const;
  void ReadSctp(uint32_t pid, std::vector<ListeningSocket>* out, RunReport& report) const;

  const FileTree& files_;
  const KernelSockets* const kernel_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_NAMESPACE_SOCKETS_H_
