// An HTTP proxy that opens tunnels, for tests.
#ifndef ROLLCALL_AGENT_TRANSPORT_TESTING_CONNECT_PROXY_H_
#define ROLLCALL_AGENT_TRANSPORT_TESTING_CONNECT_PROXY_H_

#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rollcall {

// Listens on loopback and serves CONNECT 127.0.0.1:PORT, a thread each. Stops at the end of its life.
class ConnectProxy {
 public:
  // Requires this value of Proxy-Authorization; anybody may connect if it is empty.
  explicit ConnectProxy(std::string authorization = "");
  ~ConnectProxy();
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  int port() const { return port_; }
  // Heads of the requests so far.
  std::vector<std::string> Requests() const;

 private:
  void Accept();
  void Serve(int client);
  // The request's head, up to and with the empty line; empty if none came.
  std::string ReadHead(int client) const;
  // Moves bytes until either side closes or the proxy stops.
  void Tunnel(int client, int server) const;

  const std::string authorization_;
  int listener_ = -1;
  int stop_read_ = -1;
  int stop_write_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::list<std::thread> connections_;  // of the accepting thread until it is joined
  std::thread acceptor_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_TESTING_CONNECT_PROXY_H_
