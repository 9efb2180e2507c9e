#include "backend/ingest/ingest_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Beside its bytes on the wire a queued message costs about this much.
constexpr size_t kJobOverhead = 512;
constexpr size_t kMaxHelloString = 256;
// An agent that does not read keeps a finished session open no longer than this.
constexpr absl::Duration kFinishPatience = absl::Seconds(10);

bool HelloIsBounded(const pb::Hello& hello) {
  const auto fits = [](const std::string& text) { return text.size() <= kMaxHelloString; };
  return fits(hello.agent_version()) && fits(hello.host_id()) && fits(hello.boot_id()) &&
         fits(hello.hosting_service()) && fits(hello.region());
}

pb::UnitState ToWireUnit(const UnitInfo& info) {
  pb::UnitState unit;
  unit.set_collector(info.collector);
  *unit.mutable_scope() = info.scope;
  unit.set_epoch(info.epoch);
  unit.set_generation(info.generation);
  *unit.mutable_digest() = info.digest.ToWire();
  return unit;
}

}  // namespace

IngestSession::IngestSession(const IngestContext& context, grpc::CallbackServerContext* call, AuthenticatedPeer peer)
    : context_(context),
      call_(call),
      peer_(std::move(peer)),
      agent_{peer_.identity.tenant, peer_.identity.id},
      outbox_(context.settings.max_pending_resyncs),
      opened_(context.clock->Monotonic()),
      last_heard_(opened_),
      last_contact_(opened_) {}

void IngestSession::Start() {
  const std::lock_guard lock(mutex_);
  self_ = shared_from_this();
  context_.observer->OnSessionOpened();
  ReadNext();
}

void IngestSession::OnReadDone(bool ok) {
  const std::lock_guard lock(mutex_);
  if (!ok) {
    read_closed_ = true;
    if (phase_ == Phase::kAwaitHello) SetFinal(absl::InvalidArgumentError("open session: it ended without Hello"));
    Pump();
    return;
  }
  last_heard_ = context_.clock->Monotonic();
  // What was not queued is not acknowledged; the agent sends it again.
  if (final_.has_value() || draining_) return;
  HandleMessage();
}

void IngestSession::HandleMessage() {
  if (phase_ == Phase::kAwaitHello && !incoming_.has_hello()) {
    return Refuse("protocol", absl::InvalidArgumentError("open session: the first message is not Hello"));
  }
  switch (incoming_.message_case()) {
    case pb::AgentMessage::kHello:
      if (phase_ != Phase::kAwaitHello) {
        return Refuse("protocol", absl::InvalidArgumentError("continue session: a second Hello"));
      }
      return HandleHello(incoming_.hello());
    case pb::AgentMessage::kBatch:
      return HandleBatch(std::move(*incoming_.mutable_batch()));
    case pb::AgentMessage::kHeartbeat:
      return HandleHeartbeat(incoming_.heartbeat());
    case pb::AgentMessage::MESSAGE_NOT_SET:
      return Refuse("protocol", absl::InvalidArgumentError("continue session: a message of no known type"));
  }
}

void IngestSession::HandleHello(const pb::Hello& hello) {
  if (hello.agent_id() != agent_.agent_id) {
    return Refuse("identity",
                  absl::PermissionDeniedError(absl::StrCat(
                      "open session: Hello names another agent than the certificate, which is for ", agent_.agent_id)));
  }
  if (!HelloIsBounded(hello) || hello.epoch() == 0) {
    return Refuse("protocol", absl::InvalidArgumentError("open session: Hello has an empty epoch or too long a text"));
  }
  const absl::Time now = context_.clock->Now();
  const std::optional<absl::Time> sent = hello.has_sent_at() ? FromWire(hello.sent_at()) : std::nullopt;
  contact_.agent = agent_;
  contact_.agent_version = hello.agent_version();
  contact_.host_id = hello.host_id();
  contact_.boot_id = hello.boot_id();
  contact_.hosting_service = hello.hosting_service();
  contact_.region = hello.region();
  contact_.epoch = hello.epoch();
  contact_.clock_offset = sent.has_value() ? *sent - now : absl::InfiniteDuration();
  contact_.at = now;
  phase_ = Phase::kGreeting;
  parked_ = Job{shared_from_this(), agent_, HelloJob{contact_}, kJobOverhead};
  Submit();
}

void IngestSession::HandleBatch(pb::Batch batch) {
  const size_t bytes = batch.ByteSizeLong();
  context_.observer->OnBatchReceived(bytes);
  if (last_sequence_.has_value() && batch.sequence() <= *last_sequence_) {
    return Refuse("protocol", absl::InvalidArgumentError(absl::StrCat("continue session: batch ", batch.sequence(),
                                                                      " after batch ", *last_sequence_)));
  }
  if (batch.epoch() > contact_.epoch) {
    return Refuse("protocol", absl::InvalidArgumentError("continue session: a batch of a later epoch than Hello's"));
  }
  last_sequence_ = batch.sequence();
  BatchJob work{std::move(batch), context_.clock->Now(), contact_.clock_offset};
  parked_ = Job{shared_from_this(), agent_, std::move(work), bytes + kJobOverhead};
  Submit();
}

void IngestSession::HandleHeartbeat(const pb::Heartbeat& heartbeat) {
  const absl::Duration now = context_.clock->Monotonic();
  const bool contact_due = now - last_contact_ >= context_.settings.contact_interval;
  if (!contact_due && heartbeat.confirmations().empty()) return ReadNext();
  contact_.at = context_.clock->Now();
  absl::StatusOr<std::vector<PreparedConfirmation>> confirmations = ValidateConfirmations(heartbeat, contact_.at);
  if (!confirmations.ok()) return Refuse("protocol", confirmations.status());
  if (contact_due) last_contact_ = now;
  const size_t bytes = kJobOverhead + heartbeat.ByteSizeLong();
  parked_ = Job{shared_from_this(), agent_, ContactJob{contact_, contact_due, *std::move(confirmations)}, bytes};
  Submit();
}

void IngestSession::Submit() {
  const size_t bytes = parked_->bytes;
  ++jobs_;
  const bool queued = context_.workers->Enqueue(&*parked_, [weak = weak_from_this()] {
    if (const auto session = weak.lock()) {
      const std::lock_guard lock(session->mutex_);
      if (session->parked_.has_value() && !session->finished_) session->Submit();
    }
  });
  if (queued) {
    parked_.reset();
    if (std::exchange(parked_counted_, false)) context_.registry->Unpark(bytes);
    // The answer to Hello decides whether there is anything more to read.
    if (phase_ == Phase::kOpen) ReadNext();
    return;
  }
  --jobs_;
  if (parked_counted_) return;
  if (context_.registry->Park(bytes)) {
    parked_counted_ = true;
    return;
  }
  parked_.reset();
  Refuse("overload", absl::UnavailableError("continue session: the backend is overloaded; come back later"));
}

void IngestSession::ReadNext() {
  if (!final_.has_value() && !draining_ && !read_closed_) StartRead(&incoming_);
}

void IngestSession::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  write_in_flight_ = false;
  if (!ok) SetFinal(absl::CancelledError("continue session: the agent is gone"));
  Pump();
}

void IngestSession::OnCancel() {
  const std::lock_guard lock(mutex_);
  SetFinal(absl::CancelledError("continue session: the agent is gone"));
  Pump();
}

void IngestSession::OnDone() {
  std::shared_ptr<IngestSession> self;
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
    finished_ = true;
    if (std::exchange(parked_counted_, false)) context_.registry->Unpark(parked_->bytes);
    parked_.reset();
    self = std::move(self_);
  }
  context_.observer->OnSessionClosed();
  context_.registry->Close(self);
}

void IngestSession::OnWelcome(std::vector<UnitInfo> units) {
  {
    const std::lock_guard lock(mutex_);
    if (final_.has_value()) return;
    pb::Welcome welcome;
    *welcome.mutable_server_time() = ToWire(context_.clock->Now());
    for (const UnitInfo& unit : units) *welcome.add_units() = ToWireUnit(unit);
    welcome.set_window_batches(context_.settings.window_batches);
    welcome.set_window_bytes(context_.settings.window_bytes);
    *welcome.mutable_heartbeat_interval() = ToWire(context_.settings.heartbeat_interval);
    outbox_.PutWelcome(std::move(welcome));
    phase_ = Phase::kOpen;
    Pump();
    ReadNext();
  }
  context_.registry->SetAgent(shared_from_this(), agent_);
}

void IngestSession::OnCommitted(uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  outbox_.PutAck(sequence);
  Pump();
}

void IngestSession::OnResync(pb::Resync resync) {
  const std::lock_guard lock(mutex_);
  if (!outbox_.PutResync(std::move(resync))) {
    Refuse("slow_reader", absl::ResourceExhaustedError("continue session: the agent does not read its answers"));
  }
  Pump();
}

void IngestSession::OnRefused(absl::Status status) {
  const std::lock_guard lock(mutex_);
  const absl::string_view reason = absl::IsPermissionDenied(status) ? "not_enrolled" : "store";
  Refuse(reason, std::move(status));
}

void IngestSession::OnJobDone() {
  const std::lock_guard lock(mutex_);
  --jobs_;
  Pump();
}

void IngestSession::Refuse(absl::string_view reason, absl::Status status) {
  if (final_.has_value()) return;
  context_.observer->OnSessionRefused(reason);
  context_.logger->Warning(
      "ingest.session_refused", "A session was refused",
      {{"tenant", agent_.tenant}, {"agent", agent_.agent_id}, {"reason", reason}, {"error", status}});
  SetFinal(std::move(status));
  Pump();
}

void IngestSession::SetFinal(absl::Status status) {
  if (final_.has_value()) return;
  final_ = std::move(status);
  final_since_ = context_.clock->Monotonic();
}

void IngestSession::Pump() {
  if (finished_ || write_in_flight_) return;
  const bool broken = final_.has_value() && absl::IsCancelled(*final_);
  if (!broken && outbox_.Take(&outgoing_)) {
    write_in_flight_ = true;
    StartWrite(&outgoing_);
    return;
  }
  if (!final_.has_value() && read_closed_ && jobs_ == 0 && !parked_.has_value()) SetFinal(absl::OkStatus());
  if (!final_.has_value()) return;
  finished_ = true;
  Finish(ToGrpcStatus(*final_));
}

void IngestSession::Tick(absl::Time now, absl::Duration monotonic) {
  const std::lock_guard lock(mutex_);
  if (done_) return;
  if (final_.has_value()) {
    if (monotonic - final_since_ > kFinishPatience) call_->TryCancel();
    return;
  }
  if (now >= peer_.not_after) {
    return Refuse("certificate_expired",
                  absl::UnauthenticatedError("continue session: the agent's certificate has expired"));
  }
  if (phase_ == Phase::kAwaitHello && monotonic - opened_ > context_.settings.hello_timeout) {
    return Refuse("silent", absl::DeadlineExceededError("open session: no Hello came"));
  }
  // A session that waits for room has stopped reading by our own doing.
  const bool listening = jobs_ == 0 && !parked_.has_value();
  if (listening && monotonic - last_heard_ > context_.settings.silence_timeout) {
    return Refuse("silent", absl::DeadlineExceededError("continue session: the agent has gone silent"));
  }
  if (!drain_sent_ && phase_ == Phase::kOpen && monotonic - opened_ > context_.settings.max_age) {
    drain_sent_ = true;
    outbox_.PutDrain(pb::Drain());
    Pump();
  }
}

void IngestSession::Drain(absl::Duration reconnect_after) {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  if (drain_sent_ || final_.has_value() || phase_ != Phase::kOpen) return;
  drain_sent_ = true;
  pb::Drain drain;
  *drain.mutable_reconnect_after() = ToWire(reconnect_after);
  outbox_.PutDrain(std::move(drain));
  Pump();
}

void IngestSession::End(absl::Status status) {
  const std::lock_guard lock(mutex_);
  SetFinal(std::move(status));
  Pump();
}

}  // namespace rollcall
