// What waits to be sent to one agent. Bounded by coalescing: acknowledgements are cumulative
// and a unit needs its full set only once.
#ifndef ROLLCALL_BACKEND_INGEST_SESSION_OUTBOX_H_
#define ROLLCALL_BACKEND_INGEST_SESSION_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// Not thread-safe. Gives messages out in this order: Welcome, Window, Resyncs, Ack, Drain. A Resync
// is thus always sent before the Ack that covers its batch, and a smaller window before the Ack that
// would let the agent send more.
class SessionOutbox {
 public:
  explicit SessionOutbox(size_t max_resyncs) : max_resyncs_(max_resyncs) {}

  void PutWelcome(pb::Welcome welcome);
  // Replaces one that was not sent yet.
  void PutWindow(pb::Window window);
  // Replaces a lower one that was not sent yet.
  void PutAck(uint64_t sequence);
  // A second one for the same unit is merged into the first. False if there are too many.
  bool PutResync(pb::Resync resync);
  void PutDrain(pb::Drain drain);

  bool empty() const;
  // Moves the next message into `*message`; false if there is none.
  bool Take(pb::BackendMessage* message);

 private:
  using Unit = std::pair<std::string, std::pair<int, std::string>>;

  const size_t max_resyncs_;
  std::optional<pb::Welcome> welcome_;
  std::optional<pb::Window> window_;
  std::deque<pb::Resync> resyncs_;
  std::set<Unit> resync_units_;
  std::optional<uint64_t> ack_;
  std::optional<pb::Drain> drain_;
};

}  // namespace rollcall

#endif  // ROLLCALL_BACKEND_INGEST_SESSION_OUTBOX_H_
