// systemd's socket units on a host, to say which one a socket of pid 1 belongs to.
#ifndef ROLLCALL_COLLECTORS_PORTS_SOCKET_UNITS_H_
#define ROLLCALL_COLLECTORS_PORTS_SOCKET_UNITS_H_

#include <map>
#include <string>
#include <vector>

#include "collectors/ports/socket_unit.h"
#include "platform/file_tree.h"

namespace rollcall {

// Unit files with their drop-ins, as systemd.unit(5) looks for them. Immutable.
class SocketUnits {
 public:
  // Reads the unit folders; what is missing or unreadable is passed over, as a socket
  // without a unit is still a socket.
  explicit SocketUnits(const FileTree& files);

  // The unit that listens there, such as `ssh.socket`; empty if none is known to.
  std::string UnitOf(const pb::ListeningPort& record) const;

 private:
  std::map<std::string, std::vector<SocketUnitListener>> units_;
};

}  // namespace rollcall

#endif  // ROLLCALL_COLLECTORS_PORTS_SOCKET_UNITS_H_
