// Notes from gRPC's threads to the session's thread.
#ifndef ROLLCALL_AGENT_TRANSPORT_STREAM_EVENTS_H_
#define ROLLCALL_AGENT_TRANSPORT_STREAM_EVENTS_H_

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "grpcpp/support/status.h"
#include "rollcall/v1/ingest.pb.h"

namespace rollcall {

namespace pb = ::rollcall::v1;

// What has happened since the last Take.
struct StreamNews {
  // Completion of the write in flight, and whether it went out.
  std::optional<bool> written;
  // At most one message is read ahead.
  std::optional<pb::BackendMessage> received;
  // No more messages will come.
  bool read_closed = false;
  // The stream is over; nothing follows.
  bool done = false;
  grpc::Status status;
  std::optional<absl::Duration> asked_wait;
  // Someone called Stop, and keeps being told.
  bool stop = false;
};

// Thread-safe. One thread takes, any thread puts.
class StreamEvents {
 public:
  // Runs `change` on the news and wakes the taker.
  template <typename Change>
  void Put(Change change) {
    const std::lock_guard lock(mutex_);
    change(news_);
    pending_ = true;
    changed_.notify_one();
  }
  void Wake() {
    Put([](StreamNews&) {});
  }
  void Stop() {
    Put([](StreamNews& news) { news.stop = true; });
  }

  // Waits for news, at most `timeout`, and takes them.
  StreamNews Take(absl::Duration timeout) {
    std::unique_lock lock(mutex_);
    const auto longest = absl::Hours(1);  // an infinite wait would overflow the clock's arithmetic
    if (timeout > absl::ZeroDuration()) {
      changed_.wait_for(lock, absl::ToChronoNanoseconds(std::min(timeout, longest)), [this] { return pending_; });
    }
    pending_ = false;
    StreamNews fresh;
    fresh.stop = news_.stop;
    return std::exchange(news_, std::move(fresh));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool pending_ = false;
  StreamNews news_;
};

}  // namespace rollcall

#endif  // ROLLCALL_AGENT_TRANSPORT_STREAM_EVENTS_H_
