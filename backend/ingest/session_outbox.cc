#include "backend/ingest/session_outbox.h"

#include <algorithm>

namespace rollcall {

void SessionOutbox::PutWelcome(pb::Welcome welcome) { welcome_ = std::move(welcome); }

void SessionOutbox::PutWindow(pb::Window window) { window_ = std::move(window); }

void SessionOutbox::PutAck(uint64_t sequence) { ack_ = std::max(sequence, ack_.value_or(0)); }

bool SessionOutbox::PutResync(pb::Resync resync) {
  Unit unit{resync.collector(), {resync.scope().type(), resync.scope().id()}};
  if (resync_units_.count(unit) > 0) return true;
  if (resyncs_.size() >= max_resyncs_) return false;
  resync_units_.insert(std::move(unit));
  resyncs_.push_back(std::move(resync));
  return true;
}

void SessionOutbox::PutDrain(pb::Drain drain) { drain_ = std::move(drain); }

bool SessionOutbox::empty() const {
  return !welcome_.has_value() && !window_.has_value() && resyncs_.empty() && !ack_.has_value() && !drain_.has_value();
}

bool SessionOutbox::Take(pb::BackendMessage* message) {
  message->Clear();
  if (welcome_.has_value()) {
    *message->mutable_welcome() = *std::exchange(welcome_, std::nullopt);
  } else if (window_.has_value()) {
    *message->mutable_window() = *std::exchange(window_, std::nullopt);
  } else if (!resyncs_.empty()) {
    pb::Resync& next = resyncs_.front();
    resync_units_.erase(Unit{next.collector(), {next.scope().type(), next.scope().id()}});
    *message->mutable_resync() = std::move(next);
    resyncs_.pop_front();
  } else if (ack_.has_value()) {
    message->mutable_ack()->set_sequence(*std::exchange(ack_, std::nullopt));
  } else if (drain_.has_value()) {
    *message->mutable_drain() = *std::exchange(drain_, std::nullopt);
  } else {
    return false;
  }
  return true;
}

}  // namespace rollcall
