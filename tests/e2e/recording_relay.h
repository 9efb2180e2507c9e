// What passes on the wire between two programs of a test.
#ifndef ROLLCALL_TESTS_E2E_RECORDING_RELAY_H_
#define ROLLCALL_TESTS_E2E_RECORDING_RELAY_H_

#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rollcall {

// Listens on loopback and forwards every connection to `backend_port` there, keeping each byte that
// passes. It knows nothing of what it forwards. Stops at the end of its life.
class RecordingRelay {
 public:
  // Fails the test if it cannot listen.
  explicit RecordingRelay(int backend_port);
  ~RecordingRelay();
  RecordingRelay(const RecordingRelay&) = delete;
  RecordingRelay& operator=(const RecordingRelay&) = delete;

  int port() const { return port_; }

  // Both directions of one connection.
  struct Capture {
    std::string to_backend;
    std::string to_agent;
  };
  // What passed so far, one per connection that carried anything.
  std::vector<Capture> Captures() const;

 private:
  void Accept();
  // Forwards until either side closes or the relay stops. Owns `agent`.
  void Forward(int agent, Capture* capture);
  // Moves what is there from one side to the other; false if there is no more to come.
  bool Move(int from, int to, std::string* record);

  const int backend_port_;
  int listener_ = -1;
  int stop_read_ = -1;
  int stop_write_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::list<Capture> captures_;           // guarded by mutex_; entries stay where they are
  std::vector<std::thread> connections_;  // of the accepting thread until it is joined
  std::thread acceptor_;
};

// What is wrong with bytes that should be a TLS stream, from its first handshake record on; empty if
// nothing is. The last record may be cut off.
std::string TlsFlaw(const std::string& bytes);

}  // namespace rollcall

#endif  // ROLLCALL_TESTS_E2E_RECORDING_RELAY_H_
