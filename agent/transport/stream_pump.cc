#include "agent/transport/stream_pump.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"

namespace rollcall {

StreamNews StreamPump::Run(absl::Status* error, const std::function<void()>& after_each) {
  Write(upload_->Open());
  while (true) {
    StreamNews news = events_->Take(WakeAt() - clock_->Monotonic());
    Digest(news);
    if (news.stop) Fail(absl::CancelledError("agent stops"));
    WatchTime();
    if (!closing_ && !written_by_.has_value()) SendNext();
    after_each();
    if (news.done) {
      *error = error_;
      return news;
    }
  }
}

absl::Duration StreamPump::WakeAt() const {
  if (closing_) return end_by_;
  // What is due to be said cannot be said during a write.
  const absl::Duration upload =
      written_by_.has_value() ? std::min(upload_->AnswerDue(), *written_by_) : upload_->WakeAt();
  return std::min({upload, leave_at_, end_by_});
}

void StreamPump::Digest(const StreamNews& news) {
  if (news.written.has_value()) {
    written_by_.reset();
    // The stream is ending, but its status comes only after every message was read.
    if (!*news.written) Close();
  }
  if (news.received.has_value()) {
    const absl::Status status = upload_->Receive(*news.received);
    if (!status.ok()) {
      Fail(status);
    } else if (error_.ok()) {
      stream_->ReadNext();
    }
  }
  if (news.read_closed) {
    // The backend's end; or a message that does not parse, after which the call would stay open.
    Close();
    stream_->Release();
  }
}

void StreamPump::WatchTime() {
  const absl::Duration now = clock_->Monotonic();
  if (now >= leave_at_) {
    leave_at_ = absl::InfiniteDuration();
    upload_->Leave();
  }
  if (!closing_) {
    absl::Status status = upload_->CheckAnswer();
    if (now >= written_by_.value_or(absl::InfiniteDuration())) {
      status.Update(absl::DeadlineExceededError("write message: the backend does not take it"));
    }
    if (!status.ok()) Fail(status);
  }
  if (now < end_by_) return;
  end_by_ = absl::InfiniteDuration();
  Fail(absl::DeadlineExceededError("end session: the backend did not end it"));
}

void StreamPump::SendNext() {
  if (upload_->drained()) {
    if (std::exchange(half_closed_, true)) return;
    stream_->HalfClose();
    end_by_ = clock_->Monotonic() + kEndPatience;
    return;
  }
  absl::StatusOr<std::optional<pb::AgentMessage>> message = upload_->Next();
  if (!message.ok()) return Fail(message.status());
  if (message->has_value()) Write(**std::move(message));
}

void StreamPump::Write(pb::AgentMessage message) {
  stream_->Write(std::move(message));
  written_by_ = clock_->Monotonic() + kWriteTimeout;
}

void StreamPump::Close() {
  closing_ = true;
  end_by_ = std::min(end_by_, clock_->Monotonic() + kEndPatience);
}

void StreamPump::Fail(const absl::Status& status) {
  if (error_.ok()) error_ = status;
  closing_ = true;
  stream_->Cancel();
}

}  // namespace rollcall
