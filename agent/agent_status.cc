#include "agent/agent_status.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

void FillCollectors(const AgentSnapshot& snapshot, pb::AgentStatus* status) {
  for (const CollectionStats& stats : snapshot.collectors) {
    pb::CollectorStatus* collector = status->add_collectors();
    collector->set_name(stats.name);
    collector->set_running(stats.running_since.has_value());
    collector->set_runs(stats.runs);
    *collector->mutable_interval() = ToWire(stats.interval);
    if (stats.last_result.has_value()) *collector->mutable_last_result() = *stats.last_result;
    const auto task = std::find_if(snapshot.tasks.begin(), snapshot.tasks.end(),
                                   [&](const TaskStats& candidate) { return candidate.name == stats.name; });
    if (task != snapshot.tasks.end() && task->next_due != absl::InfiniteDuration()) {
      *collector->mutable_next_due() = ToWire(snapshot.now + (task->next_due - snapshot.monotonic));
    }
    if (stats.running_since.has_value() &&
        snapshot.monotonic - *stats.running_since > stats.timeout + kStuckAfterTimeout) {
      status->set_live(false);
      status->add_reasons(absl::StrCat("collector ", stats.name, " does not end, ",
                                       absl::FormatDuration(snapshot.monotonic - *stats.running_since),
                                       " after its start"));
    }
  }
}

void FillWatch(const AgentSnapshot& snapshot, pb::AgentStatus* status) {
  pb::WatchStatus* watch = status->mutable_watch();
  if (snapshot.process_watch.has_value()) {
    const ProcessWatcherStats& events = *snapshot.process_watch;
    watch->set_process_events(events.status.ok());
    if (!events.status.ok()) watch->set_process_events_unavailable(events.status.ToString());
    watch->set_process_starts(events.starts);
    watch->set_process_event_losses(events.losses);
  }
  if (!snapshot.watch.has_value()) return;
  const ChangeWatcherStats& stats = *snapshot.watch;
  watch->set_files(stats.status.ok());
  if (!stats.status.ok()) watch->set_files_unavailable(stats.status.ToString());
  watch->set_watches(stats.watches);
  watch->set_changes(stats.changes);
  watch->set_overflows(stats.overflows);
  for (const ChangeWatcherStats::Gap& gap : stats.gaps) {
    for (pb::CollectorStatus& collector : *status->mutable_collectors()) {
      if (collector.name() == gap.collector) collector.add_not_watched(absl::StrCat(gap.path, " (", gap.cause, ")"));
    }
  }
}

void FillSpool(const AgentSnapshot& snapshot, pb::AgentStatus* status) {
  pb::SpoolStatus* spool = status->mutable_spool();
  spool->set_bytes(snapshot.spool.bytes);
  spool->set_max_bytes(snapshot.spool_max_bytes);
  spool->set_entries(snapshot.spool.entries);
  spool->set_segments(snapshot.spool.segments);
  spool->set_first_sequence(snapshot.spool.first_sequence);
  spool->set_next_sequence(snapshot.spool.next_sequence);
  spool->set_dropped_entries(snapshot.spool.dropped_entries);
  spool->set_corrupt_blocks(snapshot.spool.corrupt_blocks);
  for (const SpoolDrops& drops : snapshot.spool.drops) {
    pb::SpoolDrops* wire = spool->add_drops();
    wire->set_collector(drops.collector);
    wire->set_reason(std::string(SpoolDropReasonName(drops.reason)));
    wire->set_batches(drops.entries);
  }
  if (snapshot.spool_write.ok()) return;
  status->set_ready(false);
  status->add_reasons(absl::StrCat("spool: ", snapshot.spool_write.ToString()));
}

pb::SessionStatus::State WireState(SessionProgress::State state) {
  switch (state) {
    case SessionProgress::State::kDisconnected:
      return pb::SessionStatus::DISCONNECTED;
    case SessionProgress::State::kGreeting:
      return pb::SessionStatus::GREETING;
    case SessionProgress::State::kStreaming:
      return pb::SessionStatus::STREAMING;
    case SessionProgress::State::kDraining:
      return pb::SessionStatus::DRAINING;
    case SessionProgress::State::kPolling:
      return pb::SessionStatus::POLLING;
  }
  return pb::SessionStatus::STATE_UNSPECIFIED;
}

void FillSession(const AgentSnapshot& snapshot, pb::SessionStatus* session) {
  const SessionProgress& progress = snapshot.session.progress;
  session->set_state(WireState(progress.state));
  session->set_address(snapshot.session.address);
  session->set_attempts(snapshot.session.attempts);
  session->set_sessions(progress.welcomes);
  session->set_batches_sent(progress.batches_sent);
  session->set_batches_acknowledged(progress.batches_acknowledged);
  session->set_resyncs(progress.resyncs);
  session->set_in_flight_batches(progress.in_flight_batches);
  session->set_in_flight_bytes(progress.in_flight_bytes);
  const std::pair<absl::Time, google::protobuf::Timestamp* (pb::SessionStatus::*)()> times[] = {
      {progress.last_welcome, &pb::SessionStatus::mutable_last_welcome},
      {progress.last_acknowledgement, &pb::SessionStatus::mutable_last_acknowledgement},
      {snapshot.session.next_attempt, &pb::SessionStatus::mutable_next_attempt},
      {snapshot.certificate_not_after, &pb::SessionStatus::mutable_certificate_not_after}};
  for (const auto& [time, field] : times) {
    if (time != absl::InfinitePast()) *(session->*field)() = ToWire(time);
  }
  if (!snapshot.session.last_error.ok()) session->set_last_error(snapshot.session.last_error.ToString());
  *session->mutable_clock_offset() = ToWire(progress.clock_offset);
}

}  // namespace

void FillAgentStatus(const AgentSnapshot& snapshot, pb::AgentStatus* status) {
  status->set_live(true);
  status->set_ready(true);
  FillCollectors(snapshot, status);
  FillWatch(snapshot, status);
  FillSpool(snapshot, status);
  FillSession(snapshot, status->mutable_session());
  for (const auto& [rule, count] : snapshot.redactions.by_rule) {
    pb::RedactionCount* redaction = status->add_redactions();
    redaction->set_rule(rule);
    redaction->set_count(count);
  }
  status->mutable_usage()->set_rss_bytes(snapshot.resident_bytes);
  *status->mutable_usage()->mutable_cpu_time() = ToWire(snapshot.cpu_time);
}

}  // namespace rollcall
