// An HTTP proxy that opens tunnels, for tests.
#ifndef ROLLCALL_AGENT_TRANSPORT_TESTING_CONNECT_PROXY_H_
#define ROLLCALL_AGENT_TRANSPORT_TESTING_CONNECT_PROXY_H_

#include <mutex>
#include <string>
#include <vector>

#include "platform/testing/loopback_server.h"

namespace rollcall {

// Listens on loopback and serves CONNECT 127.0.0.1:PORT, a thread each. Stops at the end of its life.
class ConnectProxy {
 public:
  // Requires this value of Proxy-Authorization; anybody may connect if it is empty.
  explicit ConnectProxy(std::string authorization = "");

  int port() const { return server_.port(); }
  // Heads of the requests so far.
  std::vector<std::string> Requests() const;

 private:
  void Serve(const LoopbackServer& server, int client);

  const std::string authorization_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  LoopbackServer server_;  // last: its threads use the others
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_TESTING_CONNECT_PROXY_H_
