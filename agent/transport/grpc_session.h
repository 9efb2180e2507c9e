// Keeps a session with one of the backends open, over gRPC with mutual TLS.
#ifndef ROLLCALL_AGENT_TRANSPORT_GRPC_SESSION_H_
#define ROLLCALL_AGENT_TRANSPORT_GRPC_SESSION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/transport/address_order.h"
#include "agent/transport/upload_session.h"
#include "platform/clock.h"
#include "platform/log.h"

namespace rollcall {

class StreamEvents;

// What the session looks like from outside.
struct SessionStatus {
  SessionProgress progress;
  // Backend in use or tried last.
  std::string address;
  uint64_t attempts = 0;
  // Why the last stream ended; OK before the first.
  absl::Status last_error;
  // Wall-clock time of the next attempt; InfinitePast while connected.
  absl::Time next_attempt = absl::InfinitePast();
};

// Runs an UploadSession on a thread of its own: connects, moves messages, and when the stream
// ends for whatever reason comes back after a random pause. Nothing a backend does or fails
// to do ends it; only Stop does. At most one write is in flight, and gRPC's threads only leave
// notes for the session's thread, so that neither waits for the other.
//
// Of several addresses one is home. The others are tried in turn while it fails, and a session with
// one of them is ended in order after half an hour to an hour, to try home again.
class GrpcSession {
 public:
  struct Options {
    // In no particular order; see AddressOrder.
    std::vector<std::string> addresses;
    // Proxy to reach them through, http://HOST:PORT, and a file with its credentials; empty for none.
    // The file is read anew at every attempt.
    std::string proxy;
    std::string proxy_credentials_path;
    // Name the backend's certificate must be for; empty for the address's host.
    std::string server_name;
    // PEM files, read anew at every attempt.
    std::string ca_path;
    std::string cert_path;
    std::string key_path;
    absl::Duration first_contact_within;
    absl::Duration max_backoff = absl::Minutes(5);
  };

  // `random` is uniform in [0, 1) and used by the session's thread only. `clock` measures the pauses
  // between streams. Pointers must outlive this.
  GrpcSession(Options options, UploadSession* upload, const Clock* clock, Logger* logger,
              std::function<double()> random);
  ~GrpcSession();

  void Start();
  // Ends the stream and the thread; returns within moments. Idempotent.
  void Stop();
  // The spool has news. Cheap; any thread.
  void Wake();

  SessionStatus Status() const;

 private:
  void Run();
  // One stream from connection to end. Returns why it ended.
  struct Ended;
  Ended RunStream(const AddressOrder& order);
  // What the next attempt is made to, and how long to wait before it.
  static void ChooseNext(const Ended& ended, AddressOrder* order);
  absl::Duration PauseAfter(const Ended& ended);
  void LogEnd(const std::string& address, const Ended& ended, absl::Duration pause);
  void Publish(const std::function<void(SessionStatus&)>& change);

  const Options options_;
  UploadSession* const upload_;
  const Clock* const clock_;
  Logger* const logger_;
  const std::function<double()> random_;
  const std::unique_ptr<StreamEvents> events_;
  StopSource stop_;  // ends the pause

  uint32_t failures_ = 0;
  absl::Status last_logged_;
  mutable std::mutex status_mutex_;
  SessionStatus status_;
  std::thread thread_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_GRPC_SESSION_H_
