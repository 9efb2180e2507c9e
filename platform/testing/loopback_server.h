// A TCP server on loopback for tests of what lies between two programs.
#ifndef ROLLCALL_PLATFORM_TESTING_LOOPBACK_SERVER_H_
#define ROLLCALL_PLATFORM_TESTING_LOOPBACK_SERVER_H_

#include <functional>
#include <list>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "platform/scoped_fd.h"

namespace rollcall {

// Serves every connection on a thread of its own. At the end of its life it stops, and waits for them.
class LoopbackServer {
 public:
  // Called for each connection, at once for several; the descriptor is closed when it returns. To be
  // stoppable it must wait only in the server's own methods.
  using Serve = std::function<void(const LoopbackServer& server, int client)>;
  // What one side of a tunnel said to the other.
  using Passed = std::function<void(absl::string_view bytes)>;

  // Ends the process if it cannot listen. What `serve` uses must outlive this.
  explicit LoopbackServer(Serve serve);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  int port() const { return port_; }

  // Waits until there is something to read, or the end; false if the server stops. Thread-safe, as is all
  // that follows.
  bool WaitToRead(int fd) const;
  // Moves bytes both ways until either side closes or the server stops. Each piece is shown before it is
  // sent on.
  void Tunnel(int client, int other, const Passed& to_other = {}, const Passed& to_client = {}) const;

 private:
  void Accept();

  const Serve serve_;
  ScopedFd listener_;
  int port_ = 0;
  // Readable once the server stops.
  ScopedFd stop_read_;
  ScopedFd stop_write_;
  std::list<std::thread> connections_;  // of the accepting thread until it is joined
  std::thread acceptor_;
};

// A connection to that port on loopback; invalid if there is none.
ScopedFd ConnectToLoopback(int port);

// Whether all of it could be sent.
bool SendAll(int fd, absl::string_view bytes);

}  // namespace rollcall

#endif  // ROLLCALL_PLATFORM_TESTING_LOOPBACK_SERVER_H_
