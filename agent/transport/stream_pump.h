// Moves messages between one stream and the UploadSession.
#ifndef ROLLCALL_AGENT_TRANSPORT_STREAM_PUMP_H_
#define ROLLCALL_AGENT_TRANSPORT_STREAM_PUMP_H_

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/transport/session_stream.h"
#include "agent/transport/stream_events.h"
#include "agent/transport/upload_session.h"
#include "platform/clock.h"

namespace rollcall {

// For one stream, from its first message to its end. Whatever the backend does or does not do, there
// is a time at which the stream ends, and until then the thread sleeps. For one thread.
class StreamPump {
 public:
  // A message that the stream does not take in this time is the last: the backend has stopped reading.
  static constexpr absl::Duration kWriteTimeout = UploadSession::kAckTimeout;
  // So long has the end of the stream after one side's last message, when nothing more is owed.
  static constexpr absl::Duration kEndPatience = absl::Seconds(30);

  // The session is left, in order, when `clock` says `leave_at` (monotonic). All pointers must outlive
  // this; `stream` was started, and tells `events`.
  StreamPump(SessionStream* stream, UploadSession* upload, StreamEvents* events, const Clock* clock,
             absl::Duration leave_at)
      : stream_(stream), upload_(upload), events_(events), clock_(clock), leave_at_(leave_at) {}

  // Returns the news that end the stream; `*error` is why this side ended it, OK if the other did. Calls
  // `after_each` after each time something happened.
  StreamNews Run(absl::Status* error, const std::function<void()>& after_each);

 private:
  // Monotonic time at which there is something to do even if nothing happens.
  absl::Duration WakeAt() const;
  void Digest(const StreamNews& news);
  void WatchTime();
  void SendNext();
  void Write(pb::AgentMessage message);
  // Nothing more is written; the stream has a while to end by itself.
  void Close();
  void Fail(const absl::Status& status);

  SessionStream* const stream_;
  UploadSession* const upload_;
  StreamEvents* const events_;
  const Clock* const clock_;
  absl::Duration leave_at_;
  absl::Duration end_by_ = absl::InfiniteDuration();
  // While a write is in flight: when it must be over.
  std::optional<absl::Duration> written_by_;
  bool half_closed_ = false;
  // Nothing more is written.
  bool closing_ = false;
  // Why this side cancelled the stream.
  absl::Status error_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_STREAM_PUMP_H_
