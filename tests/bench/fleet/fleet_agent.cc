#include "tests/bench/fleet/fleet_agent.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/transport/backoff.h"
#include "grpcpp/security/credentials.h"

namespace rollcall {
namespace {

// As in agent/transport/grpc_session.cc: after a session that worked the pause is drawn from [0, 4 s].
constexpr uint32_t kAttemptAfterSession = 2;

pb::Hello HelloOf(const AgentIdentity& identity, const HostModel& model, uint64_t host) {
  pb::Hello hello;
  hello.set_agent_id(identity.id);
  hello.set_agent_version("0.1.0-fleetsim");
  hello.set_schema_version(1);
  hello.set_host_id(model.HostId(host));
  hello.set_boot_id(model.BootId(host));
  hello.set_region("example-1");
  return hello;
}

bool IsRefusal(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::PERMISSION_DENIED ||
         status.error_code() == grpc::StatusCode::UNAUTHENTICATED;
}

}  // namespace

FleetAgent::FleetAgent(size_t number, AgentIdentity identity, const FleetContext* context)
    : number_(number),
      identity_(std::move(identity)),
      context_(context),
      random_(MixSeed(context->seed + 2, number)),
      epoch_(context->epoch),
      queue_(number, context->runs, context->model, context->clock, context->stats),
      upload_(HelloOf(identity_, *context->model, number), &queue_, &states_, this, context->clock, context->logger),
      units_(context->model->units().size()) {}

void FleetAgent::OnTime() {
  const std::lock_guard lock(mutex_);
  scheduled_ = absl::InfiniteDuration();
  const absl::Duration now = context_->clock->Monotonic();
  if (now >= collect_at_) {
    collect_at_ = now + context_->run_interval * (0.9 + Random() / 5);
    RunCollectors();
  }
  if (stream_ == nullptr && !stopped_ && now >= connect_at_) Connect();
  Pump();
  Reschedule();
}

void FleetAgent::Reschedule() {
  absl::Duration next = collect_at_;
  if (stream_ != nullptr) next = std::min(next, upload_.WakeAt());
  if (stream_ == nullptr && !stopped_) next = std::min(next, connect_at_);
  if (next >= scheduled_) return;
  scheduled_ = next;
  context_->scheduler->At(next, number_);
}

void FleetAgent::ConnectAt(absl::Duration at) {
  const std::lock_guard lock(mutex_);
  connect_at_ = at;
  Reschedule();
}

void FleetAgent::CollectFrom(absl::Duration at) {
  const std::lock_guard lock(mutex_);
  collect_at_ = at;
  Reschedule();
}

void FleetAgent::StopCollecting() {
  const std::lock_guard lock(mutex_);
  collect_at_ = absl::InfiniteDuration();
}

void FleetAgent::ForgetWelcome() {
  const std::lock_guard lock(mutex_);
  greeted_since_asked_ = false;
}

void FleetAgent::CutOff(absl::Duration pause) {
  const std::lock_guard lock(mutex_);
  greeted_since_asked_ = false;
  if (stream_ == nullptr) return;
  given_pause_ = pause;
  EndStream();
}

void FleetAgent::CompareAgain() {
  const std::lock_guard lock(mutex_);
  greeted_since_asked_ = false;
  if (stream_ != nullptr) {
    leaving_ = true;
    given_pause_ = absl::ZeroDuration();
  } else {
    connect_at_ = std::min(connect_at_, context_->clock->Monotonic());
  }
  Pump();
  Reschedule();
}

void FleetAgent::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  collect_at_ = absl::InfiniteDuration();
  if (stream_ != nullptr) EndStream();
}

bool FleetAgent::greeted() const {
  const std::lock_guard lock(mutex_);
  return greeted_since_asked_;
}

bool FleetAgent::settled() const {
  const std::lock_guard lock(mutex_);
  return queue_.empty();
}

absl::Status FleetAgent::RaiseEpochAbove(uint64_t epoch) {
  epoch_ = std::max(epoch_, epoch + 1);
  return absl::OkStatus();
}

void FleetAgent::RunSoon(const std::string& collector) {
  for (size_t unit = 0; unit < units_.size(); ++unit) {
    if (context_->model->units()[unit].collector != collector) continue;
    if (absl::Status status = RunCollector(unit); !status.ok()) EntryLost(0, status);
  }
}

void FleetAgent::EntryLost(uint64_t sequence, const absl::Status& cause) {
  context_->logger->Error("fleet.batch_lost", "a batch could not be made",
                          {{"agent", identity_.id}, {"sequence", sequence}, {"cause", cause}});
}

void FleetAgent::FillUsage(pb::Heartbeat* heartbeat) const {
  heartbeat->set_rss_bytes(uint64_t{14} << 20);
  heartbeat->mutable_cpu_time()->set_seconds(60);
}

void FleetAgent::Connect() {
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = context_->ca_pem;
  ssl.pem_cert_chain = identity_.certificate_pem;
  ssl.pem_private_key = identity_.key_pem;
  stream_ = std::make_unique<AgentStream>(context_->address, context_->server_name, grpc::SslCredentials(ssl),
                                          static_cast<StreamListener*>(this));
  connecting_since_ = context_->clock->Monotonic();
  connect_at_ = absl::InfiniteDuration();
  closing_ = cancelled_ = half_closed_ = greeted_on_stream_ = false;
  write_in_flight_ = true;
  ++context_->stats->attempts;
  ++context_->stats->open;
  stream_->Start(upload_.Open());
}

void FleetAgent::OnRead(AgentStream* stream, const pb::BackendMessage* message) {
  const std::lock_guard lock(mutex_);
  if (message == nullptr) {
    closing_ = true;
    stream->Release();
    return;
  }
  context_->stats->bytes_received += message->ByteSizeLong();
  TakeMessage(*message);
  if (!cancelled_) stream->ReadNext();
  Pump();
  Reschedule();
}

void FleetAgent::TakeMessage(const pb::BackendMessage& message) {
  if (message.has_drain()) ++context_->stats->drains;
  if (!upload_.Receive(message).ok()) return EndStream();
  const uint64_t resyncs = upload_.progress().resyncs;
  context_->stats->resyncs += resyncs - std::exchange(resyncs_before_, resyncs);
  if (!message.has_welcome()) return;
  ++context_->stats->welcomes;
  ++context_->stats->greeted;
  context_->stats->greeting.Add(context_->clock->Monotonic() - connecting_since_);
  greeted_on_stream_ = true;
  // An agent that is to come back counts once it has.
  if (!leaving_) greeted_since_asked_ = true;
  CompareUnits();
}

void FleetAgent::CompareUnits() {
  const bool all_known = std::all_of(units_.begin(), units_.end(), [](const Unit& unit) { return unit.known; });
  if (!all_known || !queue_.empty()) return;
  ++context_->stats->agents_compared;
  for (size_t unit = 0; unit < units_.size(); ++unit) {
    ++context_->stats->units_compared;
    if (states_.BackendDigest(NameOf(unit)) == units_[unit].digest) continue;
    ++context_->stats->units_different;
    context_->logger->Error("fleet.unit_differs", "the backend holds another set than this agent",
                            {{"agent", identity_.id}, {"collector", context_->model->units()[unit].collector}});
  }
}

void FleetAgent::OnWritten(AgentStream* /*stream*/, bool ok) {
  const std::lock_guard lock(mutex_);
  write_in_flight_ = false;
  // The stream is ending, but its status comes only after every message was read.
  if (!ok) closing_ = true;
  Pump();
  Reschedule();
}

void FleetAgent::Pump() {
  if (stream_ == nullptr || write_in_flight_ || closing_ || half_closed_) return;
  if (leaving_ && greeted_on_stream_ && queue_.empty()) {
    leaving_ = false;
    upload_.Leave();
  }
  if (upload_.drained()) {
    half_closed_ = true;
    stream_->HalfClose();
    return;
  }
  absl::StatusOr<std::optional<pb::AgentMessage>> message = upload_.Next();
  if (!message.ok()) {
    context_->logger->Warning("fleet.session_failed", "a session had to be ended",
                              {{"agent", identity_.id}, {"cause", message.status()}});
    return EndStream();
  }
  if (!message->has_value()) return;
  FleetStats& stats = *context_->stats;
  stats.bytes_sent += (*message)->ByteSizeLong();
  if ((*message)->has_batch()) {
    ++stats.batches_sent;
    queue_.NoteSent((*message)->batch().sequence(), context_->clock->Monotonic());
  } else if ((*message)->has_heartbeat()) {
    ++stats.heartbeats;
    stats.confirmations += static_cast<uint64_t>((*message)->heartbeat().confirmations_size());
  }
  write_in_flight_ = true;
  stream_->Write(**std::move(message));
}

void FleetAgent::EndStream() {
  closing_ = cancelled_ = true;
  stream_->Cancel();
}

void FleetAgent::OnEnded(AgentStream* /*stream*/, const grpc::Status& status,
                         std::optional<absl::Duration> asked_wait) {
  const std::lock_guard lock(mutex_);
  FleetStats& stats = *context_->stats;
  if (greeted_on_stream_) --stats.greeted;
  stats.CountEnd(greeted_on_stream_, static_cast<absl::StatusCode>(status.error_code()));
  connect_at_ = context_->clock->Monotonic() + PauseAfter(status, asked_wait);
  upload_.Close();
  context_->scheduler->Bury(std::move(stream_));
  Reschedule();
  --stats.open;  // last: who waits for it deletes the scheduler next
}

absl::Duration FleetAgent::PauseAfter(const grpc::Status& status, std::optional<absl::Duration> asked_wait) {
  if (given_pause_.has_value() && !leaving_) return *std::exchange(given_pause_, std::nullopt);
  if (greeted_on_stream_) failures_ = 0;
  const uint32_t attempt = greeted_on_stream_ ? kAttemptAfterSession : failures_;
  ++failures_;
  if (IsRefusal(status)) return RefusalBackoff(context_->max_backoff, Random());
  const absl::Duration own = UploadBackoff(attempt, context_->max_backoff, Random());
  if (upload_.drain().has_value()) asked_wait = upload_.drain()->reconnect_after;
  if (asked_wait.has_value()) return RespectAskedWait(own, *asked_wait, Random());
  const bool polled = status.ok() && upload_.drained() && upload_.poll_interval().has_value();
  return polled ? PollPause(*upload_.poll_interval(), Random()) : own;
}

SpoolUnit FleetAgent::NameOf(size_t unit) const {
  return {std::string(context_->model->units()[unit].collector), "host"};
}

void FleetAgent::RunCollectors() {
  for (size_t unit = 0; unit < units_.size(); ++unit) {
    if (absl::Status status = RunCollector(unit); !status.ok()) EntryLost(0, status);
  }
}

uint64_t FleetAgent::DrawChanges(size_t unit) {
  const double expected = context_->churn * context_->model->units()[unit].records;
  const double whole = std::floor(expected);
  return static_cast<uint64_t>(whole) + (Random() < expected - whole ? 1 : 0);
}

absl::Status FleetAgent::RunCollector(size_t number) {
  Unit& unit = units_[number];
  const SpoolUnit name = NameOf(number);
  if (!unit.known || states_.FullRequested(name)) {
    const bool asked_for = states_.FullRequested(name);
    const absl::StatusOr<SetDigest> digest = context_->runs->DigestOf(number_, number, unit.changes);
    if (!digest.ok()) return digest.status();
    unit.digest = *digest;
    unit.known = true;
    states_.ClearFullRequest(name);
    const bool there = !asked_for && states_.BackendDigest(name) == unit.digest && !queue_.HasPending(name);
    Send(number, there ? pb::DELTA : pb::FULL, unit.changes, unit.digest);
    return absl::OkStatus();
  }
  const uint64_t before = unit.changes;
  const SetDigest digest_before = unit.digest;
  if (const uint64_t changes = DrawChanges(number); changes > 0) {
    const absl::StatusOr<SetDigest> digest =
        context_->runs->DigestAfter(number_, number, before, before + changes, unit.digest);
    if (!digest.ok()) return digest.status();
    unit.changes += changes;
    unit.digest = *digest;
    Send(number, pb::DELTA, before, digest_before);
    return absl::OkStatus();
  }
  if (states_.BackendDigest(name) != unit.digest || queue_.HasPending(name)) return absl::OkStatus();
  states_.Confirm(name, {unit.reported, unit.digest, context_->clock->Now()});
  return absl::OkStatus();
}

void FleetAgent::Send(size_t number, pb::BatchMode mode, uint64_t changes_before, const SetDigest& before) {
  Unit& unit = units_[number];
  states_.EndConfirmation(NameOf(number));
  PlannedRun run;
  run.unit = number;
  run.epoch = epoch_;
  run.generation = ++unit.generation;
  run.mode = mode;
  run.changes_before = changes_before;
  run.changes = unit.changes;
  run.before = before;
  run.after = unit.digest;
  unit.reported = {run.epoch, run.generation};
  queue_.Add(run);
}

}  // namespace rollcall
