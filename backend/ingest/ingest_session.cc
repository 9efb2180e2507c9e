#include "backend/ingest/ingest_session.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "backend/ingest/retry_status.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

// Beside its bytes on the wire a queued message costs about this much.
constexpr size_t kJobOverhead = 512;
constexpr size_t kMaxHelloString = 256;
// An aged connection's agents come back within this; their sessions age at different times anyway.
constexpr absl::Duration kAgedSpread = absl::Seconds(5);
// How much of its age a session may miss, and of the interval a poll.
constexpr double kAgeShare = 1.0 / 7;
constexpr double kPollShare = 0.25;

double Jitter(const AgentName& agent, absl::Duration opened) {
  const size_t hash = absl::HashOf(agent.tenant, agent.agent_id, absl::ToInt64Nanoseconds(opened));
  return static_cast<double>(hash >> 11) * 0x1.0p-53;
}

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
      opened_(context.clock->Monotonic()),
      jitter_(Jitter(agent_, opened_)),
      outbox_(context.settings.max_pending_resyncs),
      credits_(context.settings.window),
      last_heard_(opened_),
      last_batch_(opened_),
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
  pb::AgentMessage message;
  if (Decode(&message)) HandleMessage(std::move(message));
}

bool IngestSession::Decode(pb::AgentMessage* message) {
  const size_t bytes = incoming_.Length();
  if (bytes > context_.settings.max_message_bytes) {
    Refuse("oversized",
           absl::ResourceExhaustedError(absl::StrCat("continue session: a message of ", bytes, " bytes; the most is ",
                                                     context_.settings.max_message_bytes)));
    return false;
  }
  const bool parsed = grpc::GenericDeserialize<grpc::ProtoBufferReader, pb::AgentMessage>(&incoming_, message).ok();
  incoming_.Clear();
  if (!parsed) Refuse("malformed", absl::InvalidArgumentError("continue session: a message that cannot be parsed"));
  return parsed;
}

void IngestSession::HandleMessage(pb::AgentMessage message) {
  if (phase_ == Phase::kAwaitHello && !message.has_hello()) {
    return Refuse("protocol", absl::InvalidArgumentError("open session: the first message is not Hello"));
  }
  switch (message.message_case()) {
    case pb::AgentMessage::kHello:
      if (phase_ != Phase::kAwaitHello) {
        return Refuse("protocol", absl::InvalidArgumentError("continue session: a second Hello"));
      }
      return HandleHello(message.hello());
    case pb::AgentMessage::kBatch:
      return HandleBatch(std::move(*message.mutable_batch()));
    case pb::AgentMessage::kHeartbeat:
      return HandleHeartbeat(message.heartbeat());
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
  Accept(Job{shared_from_this(), agent_, HelloJob{contact_}, kJobOverhead, {}});
}

void IngestSession::HandleBatch(pb::Batch batch) {
  const size_t bytes = batch.ByteSizeLong();
  context_.observer->OnBatchReceived(bytes);
  if (last_sequence_.has_value() && batch.sequence() <= *last_sequence_) {
    return Refuse("out_of_order", absl::InvalidArgumentError(absl::StrCat("continue session: batch ", batch.sequence(),
                                                                          " after batch ", *last_sequence_)));
  }
  // An agent that was told EPOCH_BEHIND goes on in a later epoch than Hello's.
  contact_.epoch = std::max(contact_.epoch, batch.epoch());
  last_sequence_ = batch.sequence();
  last_batch_ = last_heard_;
  if (!credits_.Take(batch.sequence(), bytes)) {
    return Refuse("window_exceeded", absl::ResourceExhaustedError(absl::StrCat(
                                         "continue session: the agent sent ", credits_.batches(), " batches and ",
                                         credits_.bytes(), " bytes ahead of their acknowledgement, and may send ",
                                         credits_.granted().batches, " and ", credits_.granted().bytes)));
  }
  BatchJob work{std::move(batch), context_.clock->Now(), contact_.clock_offset};
  Accept(Job{shared_from_this(), agent_, std::move(work), bytes + kJobOverhead, {}});
}

void IngestSession::HandleHeartbeat(const pb::Heartbeat& heartbeat) {
  const absl::Duration now = context_.clock->Monotonic();
  if (++heartbeats_ > context_.settings.heartbeat_burst + static_cast<uint64_t>(absl::ToInt64Seconds(now - opened_))) {
    return Refuse("heartbeat_rate",
                  absl::ResourceExhaustedError("continue session: more heartbeats than one a second"));
  }
  const bool contact_due = now - last_contact_ >= context_.settings.contact_interval;
  if (!contact_due && heartbeat.confirmations().empty()) return ReadNext();
  contact_.at = context_.clock->Now();
  absl::StatusOr<std::vector<PreparedConfirmation>> confirmations = ValidateConfirmations(heartbeat, contact_.at);
  if (!confirmations.ok()) return Refuse("protocol", confirmations.status());
  if (contact_due) last_contact_ = now;
  const size_t bytes = kJobOverhead + heartbeat.ByteSizeLong();
  ContactJob work{contact_, contact_due, *std::move(confirmations)};
  Accept(Job{shared_from_this(), agent_, std::move(work), bytes, {}});
}

void IngestSession::Accept(Job job) {
  std::optional<ByteBudget::Hold> hold = context_.budget->Take(job.bytes);
  if (!hold.has_value()) {
    return Refuse("bytes_in_flight",
                  absl::UnavailableError("continue session: the backend holds all it can; come back later"),
                  context_.registry->NextSlot(last_heard_));
  }
  job.hold = *std::move(hold);
  parked_ = std::move(job);
  AdjustWindow();
  Submit();
}

void IngestSession::Submit() {
  ++jobs_;
  const bool queued = context_.workers->Enqueue(&*parked_, [weak = weak_from_this()] {
    if (const auto session = weak.lock()) {
      const std::lock_guard lock(session->mutex_);
      if (session->parked_.has_value() && !session->finished_) session->Submit();
    }
  });
  if (!queued) {
    --jobs_;
    return;
  }
  parked_.reset();
  // The answer to Hello decides whether there is anything more to read.
  if (phase_ == Phase::kOpen) ReadNext();
}

void IngestSession::ReadNext() {
  if (!final_.has_value() && !draining_ && !read_closed_) StartRead(&incoming_);
}

void IngestSession::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  write_in_flight_ = false;
  if (!ok) broken_ = true;
  if (!ok) SetFinal(absl::CancelledError("continue session: the agent is gone"));
  Pump();
}

void IngestSession::OnCancel() {
  const std::lock_guard lock(mutex_);
  broken_ = true;
  SetFinal(absl::CancelledError("continue session: the agent is gone"));
  Pump();
}

void IngestSession::OnDone() {
  std::shared_ptr<IngestSession> self;
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
    finished_ = true;
    parked_.reset();
    self = std::move(self_);
  }
  context_.observer->OnSessionClosed();
  context_.registry->Close(self, agent_);
}

void IngestSession::OnWelcome(std::vector<UnitInfo> units) {
  {
    const std::lock_guard lock(mutex_);
    if (final_.has_value()) return;
    pb::Welcome welcome;
    *welcome.mutable_server_time() = ToWire(context_.clock->Now());
    for (const UnitInfo& unit : units) *welcome.add_units() = ToWireUnit(unit);
    credits_ = CreditWindow(WantedWindow());
    welcome.set_window_batches(credits_.granted().batches);
    welcome.set_window_bytes(credits_.granted().bytes);
    *welcome.mutable_heartbeat_interval() = ToWire(context_.settings.heartbeat_interval);
    if (context_.registry->polling()) {
      *welcome.mutable_poll_interval() = ToWire(context_.settings.poll_interval * (1 - kPollShare * jitter_));
      context_.observer->OnPollAsked();
    }
    outbox_.PutWelcome(std::move(welcome));
    phase_ = Phase::kOpen;
    Pump();
    ReadNext();
  }
  context_.registry->SetAgent(shared_from_this(), agent_);
}

void IngestSession::OnCommitted(uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  credits_.Release(sequence, context_.clock->Monotonic());
  AdjustWindow();
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

void IngestSession::Refuse(absl::string_view reason, absl::Status status, absl::Duration retry_after) {
  if (final_.has_value()) return;
  context_.observer->OnSessionRefused(reason);
  context_.logger->Warning(
      "ingest.session_refused", "A session was refused",
      {{"tenant", agent_.tenant}, {"agent", agent_.agent_id}, {"reason", reason}, {"error", status}});
  SetFinal(std::move(status), retry_after);
  Pump();
}

void IngestSession::SetFinal(absl::Status status, absl::Duration retry_after) {
  if (final_.has_value()) return;
  final_ = std::move(status);
  retry_after_ = retry_after;
  final_since_ = context_.clock->Monotonic();
}

WindowSize IngestSession::WantedWindow() const {
  return context_.budget->tight() ? context_.settings.tight_window : context_.settings.window;
}

void IngestSession::AdjustWindow() {
  if (phase_ != Phase::kOpen || drain_sent_ || final_.has_value()) return;
  const WindowSize wanted = WantedWindow();
  if (wanted == credits_.granted()) return;
  context_.observer->OnWindow(wanted.bytes < credits_.granted().bytes);
  credits_.Grant(wanted, context_.clock->Monotonic());
  pb::Window window;
  window.set_batches(wanted.batches);
  window.set_bytes(wanted.bytes);
  outbox_.PutWindow(std::move(window));
  Pump();
}

void IngestSession::Pump() {
  if (finished_ || write_in_flight_) return;
  pb::BackendMessage message;
  if (!broken_ && outbox_.Take(&message)) {
    bool own_buffer = false;
    outgoing_.Clear();
    const grpc::Status written =
        grpc::GenericSerialize<grpc::ProtoBufferWriter, pb::BackendMessage>(message, &outgoing_, &own_buffer);
    if (!written.ok()) {
      finished_ = true;
      return Finish(written);
    }
    write_in_flight_ = true;
    write_began_ = context_.clock->Monotonic();
    StartWrite(&outgoing_);
    return;
  }
  if (!final_.has_value() && read_closed_ && jobs_ == 0 && !parked_.has_value()) SetFinal(absl::OkStatus());
  if (!final_.has_value()) return;
  finished_ = true;
  AddRetryTrailer(call_, retry_after_);
  Finish(ToRetryStatus(*final_, retry_after_));
}

void IngestSession::Tick(absl::Time now, absl::Duration monotonic) {
  const std::lock_guard lock(mutex_);
  if (done_) return;
  if (final_.has_value()) {
    if (monotonic - final_since_ > context_.settings.finish_patience) call_->TryCancel();
    return;
  }
  if (now >= peer_.not_after) {
    return Refuse("certificate_expired",
                  absl::UnauthenticatedError("continue session: the agent's certificate has expired"));
  }
  if (phase_ == Phase::kAwaitHello && monotonic - opened_ > context_.settings.hello_timeout) {
    return Refuse("silent", absl::DeadlineExceededError("open session: no Hello came"));
  }
  EndIfStuck(monotonic);
  // Who sends learns of a smaller window with its next batch; who was held back must hear that it
  // may send more.
  if (WantedWindow().bytes > credits_.granted().bytes) AdjustWindow();
  if (!drain_sent_ && monotonic - opened_ > context_.settings.max_age * (1 - kAgeShare * jitter_)) {
    SendDrain(pb::Drain::CONNECTION_AGE, kAgedSpread * jitter_);
  }
}

void IngestSession::EndIfStuck(absl::Duration monotonic) {
  // A session that waits for the store has stopped reading by our own doing.
  const bool listening = jobs_ == 0 && !parked_.has_value();
  if (listening && monotonic - last_heard_ > context_.settings.silence_timeout) {
    return Refuse("silent", absl::DeadlineExceededError("continue session: the agent has gone silent"));
  }
  if (write_in_flight_ && monotonic - write_began_ > context_.settings.write_timeout) {
    return Refuse("slow_reader", absl::ResourceExhaustedError("continue session: the agent does not read its answers"));
  }
  if (drain_sent_ && !draining_ && listening && monotonic - drained_at_ > context_.settings.drain_patience) {
    return Refuse("drain_ignored",
                  absl::UnavailableError("continue session: the agent was asked to leave and has not; come back later"),
                  context_.registry->NextSlot(monotonic));
  }
}

bool IngestSession::Quiet() const {
  return phase_ == Phase::kOpen && !final_.has_value() && !read_closed_ && jobs_ == 0 && !parked_.has_value() &&
         !write_in_flight_ && outbox_.empty();
}

void IngestSession::SendDrain(pb::Drain::Reason reason, absl::Duration reconnect_after) {
  if (drain_sent_ || final_.has_value() || phase_ != Phase::kOpen) return;
  drain_sent_ = true;
  drained_at_ = context_.clock->Monotonic();
  pb::Drain drain;
  drain.set_reason(reason);
  *drain.mutable_reconnect_after() = ToWire(reconnect_after);
  outbox_.PutDrain(std::move(drain));
  context_.observer->OnDrain(reason);
  Pump();
}

void IngestSession::Drain(absl::Duration spread) {
  const std::lock_guard lock(mutex_);
  draining_ = true;
  SendDrain(pb::Drain::SHUTDOWN, absl::Seconds(1) + spread * jitter_);
}

bool IngestSession::AskToPoll(absl::Duration monotonic) {
  const std::lock_guard lock(mutex_);
  if (drain_sent_ || !Quiet() || monotonic - last_batch_ < context_.settings.idle_after) return false;
  SendDrain(pb::Drain::POLL, context_.settings.poll_interval * (1 - kPollShare * jitter_));
  return true;
}

bool IngestSession::leaving() const {
  const std::lock_guard lock(mutex_);
  return drain_sent_ || final_.has_value();
}

void IngestSession::Supersede() {
  const std::lock_guard lock(mutex_);
  Refuse("superseded", absl::AbortedError("continue session: the agent has opened another one"),
         context_.settings.superseded_pause);
}

void IngestSession::End(absl::Status status, absl::Duration retry_after) {
  const std::lock_guard lock(mutex_);
  SetFinal(std::move(status), retry_after);
  Pump();
}

}  // namespace rollcall
