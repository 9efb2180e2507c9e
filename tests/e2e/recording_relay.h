// What passes on the wire between two programs of a test.
#ifndef ROLLCALL_TESTS_E2E_RECORDING_RELAY_H_
#define ROLLCALL_TESTS_E2E_RECORDING_RELAY_H_

#include <list>
#include <mutex>
#include <string>
#include <vector>

#include "platform/testing/loopback_server.h"

namespace rollcall {

// Listens on loopback and forwards every connection to `backend_port` there, keeping each byte that
// passes. It knows nothing of what it forwards. Stops at the end of its life.
class RecordingRelay {
 public:
  explicit RecordingRelay(int backend_port);

  int port() const { return server_.port(); }

  // Both directions of one connection.
  struct Capture {
    std::string to_backend;
    std::string to_agent;
  };
  // What passed so far, one per connection that carried anything.
  std::vector<Capture> Captures() const;

 private:
  // Forwards until either side closes or the relay stops.
  void Forward(const LoopbackServer& server, int agent);

  const int backend_port_;
  mutable std::mutex mutex_;
  std::list<Capture> captures_;  // guarded by mutex_; entries stay where they are
  LoopbackServer server_;        // last: its threads use the others
};

// What is wrong with bytes that should be a TLS stream, from its first handshake record on; empty if
// nothing is. The last record may be cut off.
std::string TlsFlaw(const std::string& bytes);

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_RECORDING_RELAY_H_
