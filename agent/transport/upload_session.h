// The agent's side of one session with the backend, without any transport: messages in,
// messages out.
#ifndef ROLLCALL_AGENT_TRANSPORT_UPLOAD_SESSION_H_
#define ROLLCALL_AGENT_TRANSPORT_UPLOAD_SESSION_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/spool/spool.h"
#include "agent/unit_states.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

// What the session asks of the rest of the agent. Called on the session's thread; must not
// block for long.
class SessionDelegate {
 public:
  virtual ~SessionDelegate() = default;
  // The agent's present epoch.
  virtual uint64_t Epoch() const = 0;
  // The backend has seen `epoch`, which is not below ours: continue above it, durably.
  virtual absl::Status RaiseEpochAbove(uint64_t epoch) = 0;
  // The backend needs the collector's complete set: run it as soon as possible.
  virtual void RunSoon(const std::string& collector) = 0;
  // An entry of the spool could not be read as a batch; what it held has to be sent again.
  virtual void EntryLost(uint64_t sequence, const absl::Status& cause) = 0;
  // Own memory and CPU time, for the heartbeat.
  virtual void FillUsage(pb::Heartbeat* heartbeat) const = 0;
};

// Counts since the process started, and where the session stands.
struct SessionProgress {
  enum class State {
    kDisconnected,
    kGreeting,
    kStreaming,
    // Sends nothing more, and ends the stream once everything sent is acknowledged.
    kDraining,
    // No stream: the backend holds no idle ones, and the next contact has its time.
    kPolling,
  };
  State state = State::kDisconnected;
  uint64_t welcomes = 0;
  uint64_t batches_sent = 0;
  uint64_t batches_acknowledged = 0;
  uint64_t resyncs = 0;
  uint64_t in_flight_batches = 0;
  uint64_t in_flight_bytes = 0;
  // Wall-clock times; InfinitePast for never.
  absl::Time last_welcome = absl::InfinitePast();
  absl::Time last_acknowledgement = absl::InfinitePast();
  // Backend clock minus own clock, half of the round trip taken off.
  absl::Duration clock_offset;
};

// Sends Hello, waits for Welcome, then sends the spool's entries in order, as many ahead of
// their acknowledgement as the backend allows, and at regular times a heartbeat, which also
// carries the confirmations of UnitStates.
// Serves one stream after the other; everything not acknowledged on one is sent again on the
// next, and the backend ignores what it has.
//
// When Welcome names a poll interval, everything that was in the spool then is sent, then a
// heartbeat, and the session counts as drained once all of it is acknowledged. What is found in the
// meantime goes with the next contact. Used by one thread.
class UploadSession {
 public:
  // More than this is never in flight, whatever the backend allows: it is in memory twice.
  static constexpr uint64_t kMaxWindowBytes = uint64_t{4} << 20;
  static constexpr uint32_t kMaxWindowBatches = 256;
  // The backend has so long to answer Hello, and to acknowledge anything at all.
  static constexpr absl::Duration kWelcomeTimeout = absl::Seconds(30);
  static constexpr absl::Duration kAckTimeout = absl::Minutes(5);
  // A unit asked for again within this waits for its next ordinary run, so that a backend
  // that refuses a complete set does not get it again and again.
  static constexpr absl::Duration kResyncPause = absl::Minutes(5);

  // `hello` has every field set but `epoch` and `sent_at`. All pointers must outlive this.
  UploadSession(pb::Hello hello, Spool* spool, UnitStates* states, SessionDelegate* delegate, const Clock* clock,
                Logger* logger);

  // A stream was opened; returns its first message.
  pb::AgentMessage Open();

  // Takes what the backend said. An error means that the backend broke the protocol (its
  // message says how) and the stream must be ended.
  absl::Status Receive(const pb::BackendMessage& message);

  // The next message to write; nullopt if there is nothing to send, or it may not be sent yet.
  // Call again after Receive, after an append to the spool, and at WakeAt(). DeadlineExceeded
  // when the backend is silent for too long, or the spool's error: end the stream.
  absl::StatusOr<std::optional<pb::AgentMessage>> Next();

  // DeadlineExceeded when the backend has been silent for too long: end the stream. Next() asks this
  // first; call it by itself at AnswerDue() while a write that does not end forbids Next().
  absl::Status CheckAnswer() const;

  // Monotonic time at which Next() has something to say even if nothing happens.
  absl::Duration WakeAt() const;
  // Monotonic time until which the backend may be silent; infinite while it owes nothing.
  absl::Duration AnswerDue() const;

  // Sends nothing more: the agent itself wants to end this stream, in order.
  void Leave();

  // Whether the session is to end and everything sent was acknowledged.
  bool drained() const;
  // The backend's Drain on this stream, its time within limits.
  struct DrainRequest {
    absl::Duration reconnect_after;
    pb::Drain::Reason reason;
  };
  const std::optional<DrainRequest>& drain() const { return drain_; }
  // When Welcome asked to come back, on this stream; unset if it asked for an open stream.
  std::optional<absl::Duration> poll_interval() const { return poll_interval_; }
  // Whether Welcome asked for a poll, and all of it was said and acknowledged: not one that was left with
  // entries to send.
  bool polled() const { return poll_done_ && drained(); }

  // The stream is gone.
  void Close();

  const SessionProgress& progress() const { return progress_; }

 private:
  struct Sent {
    uint64_t sequence = 0;
    uint64_t bytes = 0;
    SpoolUnit unit;
    // The unit's set once this is committed; nullopt if this does not decide it.
    std::optional<SetDigest> after;
  };

  absl::Status OnWelcome(const pb::Welcome& welcome);
  void SetWindow(uint32_t batches, uint64_t bytes);
  absl::Status OnAck(const pb::Ack& ack);
  void OnDrain(const pb::Drain& drain);
  void OnResync(const pb::Resync& resync);
  absl::Status FillReady();
  bool MayPrepare() const;
  void SkipLost(uint64_t sequence);
  std::optional<pb::AgentMessage> NextBatch();
  pb::AgentMessage MakeHeartbeat();

  const pb::Hello hello_;
  Spool* const spool_;
  UnitStates* const states_;
  SessionDelegate* const delegate_;
  const Clock* const clock_;
  Logger* const logger_;

  SessionProgress progress_;
  absl::Duration opened_at_;
  absl::Duration last_heartbeat_at_;
  absl::Duration last_ack_at_;
  absl::Duration heartbeat_interval_;
  uint32_t window_batches_ = 1;
  uint64_t window_bytes_ = 0;
  std::optional<DrainRequest> drain_;
  std::optional<absl::Duration> poll_interval_;
  // A poll sends the entries before this one, and has sent them and its last heartbeat.
  uint64_t poll_until_ = 0;
  bool poll_done_ = false;
  // Next sequence to read from the spool, entries read and not sent, and what is in flight.
  uint64_t read_from_ = 0;
  // The last read found nothing more that may go on this stream.
  bool all_read_ = false;
  std::deque<SpoolEntry> ready_;
  std::deque<Sent> in_flight_;
  uint64_t highest_sent_ = 0;
  std::map<SpoolUnit, absl::Duration> resynced_at_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_UPLOAD_SESSION_H_
