// Puts sockets together into records: one for each address and port of a namespace.
#ifndef ROLLCALL_COLLECTORS_PORTS_PORT_RECORDS_H_
#define ROLLCALL_COLLECTORS_PORTS_PORT_RECORDS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "platform/kernel_sockets.h"
#include "rollcall/v1/records/listening_port.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Ports the kernel gives to sockets that ask for none, see ip(7).
struct PortRange {
  uint32_t first = 32768;
  uint32_t last = 60999;
};

// Reads `ip_local_port_range`; false, and `range` unchanged, if it is not two ports.
bool ParsePortRange(absl::string_view content, PortRange* range);

// One record of a namespace without its owners, and the sockets that make it.
struct PortRecord {
  pb::ListeningPort record;
  // Ascending, without repetition. Sockets no file refers to are not among them.
  std::vector<uint64_t> inodes;
};

// Groups the sockets of one namespace by (transport, address, port), whatever number of
// sockets share them, and returns the groups in that order. `interface_name` is asked for the
// names of interfaces that sockets are bound to.
std::vector<PortRecord> MakePortRecords(uint64_t network_namespace, std::vector<ListeningSocket> sockets,
                                        const PortRange& ephemeral,
                                        const std::function<std::string(uint32_t index)>& interface_name);

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_PORT_RECORDS_H_
