#include "agent/transport/upload_session.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/record_identity.h"
#include "proto/set_digest.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using State = SessionProgress::State;

constexpr absl::Duration kMinHeartbeat = absl::Seconds(5);
constexpr absl::Duration kDefaultHeartbeat = absl::Minutes(1);
constexpr absl::Duration kMaxHeartbeat = absl::Hours(1);
// A backend cannot send an agent away for longer than this.
constexpr absl::Duration kMaxAskedWait = absl::Hours(24);
// Nor have it poll without a pause.
constexpr absl::Duration kMinPollInterval = absl::Seconds(1);
// Read from the spool at once.
constexpr size_t kReadEntries = 8;
constexpr size_t kReadBytes = size_t{512} << 10;
// In one heartbeat; the backend takes no more.
constexpr size_t kMaxConfirmations = 1000;

// Any bit pattern a peer may send, without overflow.
absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}
absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

void AddConfirmation(const SpoolUnit& unit, const UnitConfirmation& confirmation, absl::Time now,
                     pb::Heartbeat* heartbeat) {
  pb::UnitConfirmation* wire = heartbeat->add_confirmations();
  wire->set_collector(unit.collector);
  if (pb::Scope scope = ScopeFromText(unit.scope); scope.type() != pb::Scope::HOST) *wire->mutable_scope() = scope;
  wire->set_epoch(confirmation.confirms.epoch);
  wire->set_generation(confirmation.confirms.generation);
  wire->set_digest_low(confirmation.digest.low());
  const absl::Duration age = std::max(now - confirmation.started_at, absl::ZeroDuration());
  wire->set_age_ms(static_cast<uint64_t>(absl::ToInt64Milliseconds(age)));
}

}  // namespace

UploadSession::UploadSession(pb::Hello hello, Spool* spool, UnitStates* states, SessionDelegate* delegate,
                             const Clock* clock, Logger* logger)
    : hello_(std::move(hello)), spool_(spool), states_(states), delegate_(delegate), clock_(clock), logger_(logger) {}

pb::AgentMessage UploadSession::Open() {
  Close();
  progress_.state = State::kGreeting;
  opened_at_ = last_heartbeat_at_ = clock_->Monotonic();
  pb::AgentMessage message;
  pb::Hello* hello = message.mutable_hello();
  *hello = hello_;
  hello->set_epoch(delegate_->Epoch());
  *hello->mutable_sent_at() = ToWire(clock_->Now());
  return message;
}

void UploadSession::Close() {
  // A poll that broke or was left before its end is taken up again like any other session.
  const bool sent_to_poll = drained() && drain_.has_value() && drain_->reason == pb::Drain::POLL;
  progress_.state = polled() || sent_to_poll ? State::kPolling : State::kDisconnected;
  progress_.in_flight_batches = progress_.in_flight_bytes = 0;
  ready_.clear();
  in_flight_.clear();
  highest_sent_ = 0;
  drain_.reset();
  poll_interval_.reset();
  poll_done_ = false;
}

void UploadSession::Leave() {
  if (progress_.state == State::kStreaming) progress_.state = State::kDraining;
}

absl::Status UploadSession::Receive(const pb::BackendMessage& message) {
  if (progress_.state == State::kDisconnected || progress_.state == State::kPolling) {
    return absl::FailedPreconditionError("receive: no stream is open");
  }
  const bool greeted = progress_.state != State::kGreeting;
  switch (message.message_case()) {
    case pb::BackendMessage::kWelcome:
      return greeted ? absl::InvalidArgumentError("backend sent a second Welcome") : OnWelcome(message.welcome());
    case pb::BackendMessage::kAck:
      return greeted ? OnAck(message.ack()) : absl::InvalidArgumentError("backend sent Ack before Welcome");
    case pb::BackendMessage::kResync:
      if (!greeted) return absl::InvalidArgumentError("backend sent Resync before Welcome");
      OnResync(message.resync());
      return absl::OkStatus();
    case pb::BackendMessage::kDrain:
      // Allowed at any time: a full backend turns agents away before it greets them.
      OnDrain(message.drain());
      return absl::OkStatus();
    case pb::BackendMessage::kWindow:
      if (!greeted) return absl::InvalidArgumentError("backend sent Window before Welcome");
      SetWindow(message.window().batches(), message.window().bytes());
      return absl::OkStatus();
    case pb::BackendMessage::MESSAGE_NOT_SET:
      return absl::OkStatus();  // a newer backend's message
  }
  return absl::OkStatus();
}

void UploadSession::SetWindow(uint32_t batches, uint64_t bytes) {
  window_batches_ = std::clamp<uint32_t>(batches, 1, kMaxWindowBatches);
  window_bytes_ = std::min(bytes, kMaxWindowBytes);
}

void UploadSession::OnDrain(const pb::Drain& drain) {
  progress_.state = State::kDraining;
  drain_ = {std::clamp(FromProto(drain.reconnect_after()), absl::ZeroDuration(), kMaxAskedWait), drain.reason()};
  logger_->Info("session.drain", "the backend asks the agent to leave and come back",
                {{"reason", pb::Drain::Reason_Name(drain.reason())}, {"after_seconds", drain_->reconnect_after}});
}

absl::Status UploadSession::OnWelcome(const pb::Welcome& welcome) {
  std::map<SpoolUnit, SetDigest> states;
  for (const pb::UnitState& unit : welcome.units()) {
    states[{unit.collector(), ScopeText(unit.scope())}] = SetDigest(unit.digest());
  }
  states_->SetBackendStates(std::move(states));
  SetWindow(welcome.window_batches(), welcome.window_bytes());
  const absl::Duration interval = FromProto(welcome.heartbeat_interval());
  heartbeat_interval_ =
      interval > absl::ZeroDuration() ? std::clamp(interval, kMinHeartbeat, kMaxHeartbeat) : kDefaultHeartbeat;

  const absl::Duration now = clock_->Monotonic();
  progress_.state = State::kStreaming;
  ++progress_.welcomes;
  progress_.last_welcome = clock_->Now();
  if (welcome.has_server_time()) {
    progress_.clock_offset = FromProto(welcome.server_time()) - (clock_->Now() - (now - opened_at_) / 2);
  }
  last_ack_at_ = now;
  const SpoolStats spooled = spool_->Stats();
  read_from_ = spooled.first_sequence;
  all_read_ = false;
  if (const absl::Duration poll = FromProto(welcome.poll_interval()); poll > absl::ZeroDuration()) {
    poll_interval_ = std::clamp(poll, kMinPollInterval, kMaxAskedWait);
    poll_until_ = spooled.next_sequence;
  }
  return absl::OkStatus();
}

absl::Status UploadSession::OnAck(const pb::Ack& ack) {
  // An acknowledgement of something never sent would delete data nobody has.
  if (ack.sequence() > highest_sent_) {
    return absl::InvalidArgumentError(
        absl::StrCat("backend acknowledged batch ", ack.sequence(), ", but only ", highest_sent_, " was sent"));
  }
  last_ack_at_ = clock_->Monotonic();
  progress_.last_acknowledgement = clock_->Now();
  while (!in_flight_.empty() && in_flight_.front().sequence <= ack.sequence()) {
    const Sent& sent = in_flight_.front();
    if (sent.after.has_value()) states_->SetBackendDigest(sent.unit, *sent.after);
    progress_.in_flight_bytes -= sent.bytes;
    ++progress_.batches_acknowledged;
    in_flight_.pop_front();
  }
  progress_.in_flight_batches = in_flight_.size();
  const absl::Status status = spool_->Acknowledge(ack.sequence());
  // It will be sent again after a restart, and ignored: no reason to end the session.
  if (!status.ok()) logger_->Warning("spool.acknowledge_failed", "cannot release sent batches", {{"cause", status}});
  return absl::OkStatus();
}

void UploadSession::OnResync(const pb::Resync& resync) {
  ++progress_.resyncs;
  const SpoolUnit unit = {resync.collector(), ScopeText(resync.scope())};
  logger_->Info("session.resync", "the backend needs a complete set",
                {{"collector", unit.collector},
                 {"scope", unit.scope},
                 {"cause", pb::Resync::Cause_Name(resync.cause())},
                 {"detail", resync.message()}});
  if (resync.cause() == pb::Resync::EPOCH_BEHIND) {
    const absl::Status raised = delegate_->RaiseEpochAbove(resync.epoch());
    if (!raised.ok()) logger_->Error("session.epoch_failed", "cannot raise the epoch", {{"cause", raised}});
  }
  // What is in flight for the unit no longer tells what the backend will hold.
  for (Sent& sent : in_flight_) {
    if (sent.unit == unit) sent.after.reset();
  }
  states_->RequestFull(unit);
  const absl::Duration now = clock_->Monotonic();
  const auto [last, first_time] = resynced_at_.try_emplace(unit, now);
  if (!first_time && now - last->second < kResyncPause) return;
  last->second = now;
  delegate_->RunSoon(unit.collector);
}

bool UploadSession::MayPrepare() const {
  return progress_.state == State::kStreaming && in_flight_.size() < window_batches_;
}

absl::Status UploadSession::FillReady() {
  if (!ready_.empty() || !MayPrepare()) return absl::OkStatus();
  absl::StatusOr<std::vector<SpoolEntry>> entries = spool_->Read(read_from_, kReadEntries, kReadBytes);
  if (!entries.ok()) return entries.status();
  all_read_ = true;
  for (SpoolEntry& entry : *entries) {
    if (poll_interval_.has_value() && entry.sequence >= poll_until_) break;
    all_read_ = false;
    read_from_ = entry.sequence + 1;
    ready_.push_back(std::move(entry));
  }
  return absl::OkStatus();
}

void UploadSession::SkipLost(uint64_t sequence) {
  delegate_->EntryLost(sequence, absl::DataLossError("parse spooled batch: malformed"));
  // With something in flight, a later acknowledgement takes it along.
  if (in_flight_.empty()) spool_->Acknowledge(sequence).IgnoreError();
}

std::optional<pb::AgentMessage> UploadSession::NextBatch() {
  while (MayPrepare() && !ready_.empty()) {
    const uint64_t bytes = ready_.front().payload.size();
    // One batch may always be in flight, or a large one would never go.
    if (!in_flight_.empty() && progress_.in_flight_bytes + bytes > window_bytes_) return std::nullopt;
    const SpoolEntry entry = std::move(ready_.front());
    ready_.pop_front();
    pb::AgentMessage message;
    pb::Batch* batch = message.mutable_batch();
    if (!batch->ParseFromString(entry.payload)) {
      SkipLost(entry.sequence);
      continue;
    }
    batch->set_sequence(entry.sequence);
    Sent sent = {entry.sequence, bytes, {batch->collector(), ScopeText(batch->scope())}, std::nullopt};
    if (batch->last() && batch->has_after()) sent.after = SetDigest(batch->after());
    if (in_flight_.empty()) last_ack_at_ = clock_->Monotonic();
    in_flight_.push_back(std::move(sent));
    highest_sent_ = entry.sequence;
    ++progress_.batches_sent;
    progress_.in_flight_bytes += bytes;
    progress_.in_flight_batches = in_flight_.size();
    return message;
  }
  return std::nullopt;
}

pb::AgentMessage UploadSession::MakeHeartbeat() {
  pb::AgentMessage message;
  pb::Heartbeat* heartbeat = message.mutable_heartbeat();
  *heartbeat->mutable_sent_at() = ToWire(clock_->Now());
  const SpoolStats stats = spool_->Stats();
  heartbeat->set_spool_bytes(stats.bytes);
  heartbeat->set_spool_batches(stats.entries);
  delegate_->FillUsage(heartbeat);
  for (const auto& [unit, confirmation] : states_->TakeConfirmations(kMaxConfirmations)) {
    AddConfirmation(unit, confirmation, clock_->Now(), heartbeat);
  }
  return message;
}

absl::StatusOr<std::optional<pb::AgentMessage>> UploadSession::Next() {
  if (absl::Status status = CheckAnswer(); !status.ok()) return status;
  const absl::Duration now = clock_->Monotonic();
  std::optional<pb::AgentMessage> message;
  do {
    if (absl::Status status = FillReady(); !status.ok()) return status;
    message = NextBatch();
    if (message.has_value()) return message;
  } while (MayPrepare() && ready_.empty() && !all_read_);  // what was read could not be used
  const bool all_sent = all_read_ && ready_.empty();
  if (progress_.state == State::kStreaming && poll_interval_.has_value() && all_sent) {
    message = MakeHeartbeat();
    // As many heartbeats as the confirmations need; the last one is the last message.
    poll_done_ = message->heartbeat().confirmations_size() < static_cast<int>(kMaxConfirmations);
    if (poll_done_) Leave();
    return message;
  }
  if (progress_.state == State::kStreaming && now >= last_heartbeat_at_ + heartbeat_interval_) {
    message = MakeHeartbeat();
    last_heartbeat_at_ = now;
  }
  return message;
}

absl::Duration UploadSession::AnswerDue() const {
  if (progress_.state == State::kGreeting) return opened_at_ + kWelcomeTimeout;
  // Without a stream, nothing is in flight.
  return in_flight_.empty() ? absl::InfiniteDuration() : last_ack_at_ + kAckTimeout;
}

absl::Status UploadSession::CheckAnswer() const {
  if (clock_->Monotonic() < AnswerDue()) return absl::OkStatus();
  const absl::string_view awaited = progress_.state == State::kGreeting ? "Welcome" : "acknowledgement";
  return absl::DeadlineExceededError(absl::StrCat("wait for ", awaited, ": the backend did not answer"));
}

absl::Duration UploadSession::WakeAt() const {
  const absl::Duration due = AnswerDue();
  return progress_.state == State::kStreaming ? std::min(due, last_heartbeat_at_ + heartbeat_interval_) : due;
}

bool UploadSession::drained() const { return progress_.state == State::kDraining && in_flight_.empty(); }

}  // namespace rollcall
