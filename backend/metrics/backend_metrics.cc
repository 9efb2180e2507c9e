#include "backend/metrics/backend_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace rollcall {
namespace {

using ::prometheus::BuildCounter;
using ::prometheus::BuildGauge;
using ::prometheus::BuildHistogram;
using ::prometheus::Counter;
using ::prometheus::Family;
using ::prometheus::Gauge;
using ::prometheus::Histogram;
using ::prometheus::Registry;

const Histogram::BucketBoundaries kSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
const Histogram::BucketBoundaries kGroupSizes{1, 2, 4, 8, 16, 32, 64, 128, 256};

constexpr absl::string_view kCoverageStates[] = {"complete", "partial", "degraded", "expected_gap",
                                                 "stale",    "unknown", "failed"};

Family<Counter>& Counters(Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& Gauges(Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry);
}

Family<Histogram>& Histograms(Registry& registry, const char* name, const char* help) {
  return BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

struct BackendMetrics::Families {
  explicit Families(Registry& r)
      : sessions(Gauges(r, "rollcall_sessions", "Open agent sessions.").Add({})),
        sessions_opened(Counters(r, "rollcall_sessions_opened_total", "Agent sessions that were opened.").Add({})),
        sessions_refused(Counters(r, "rollcall_sessions_refused_total", "Agent sessions refused, by reason.")),
        greetings(Counters(r, "rollcall_greetings_total", "Agents greeted, by what their epoch says of them.")),
        poll_asked(Counters(r, "rollcall_polls_asked_total", "Sessions told in Welcome to poll.").Add({})),
        polling(Gauges(r, "rollcall_polling", "Whether new sessions are told to poll.").Add({})),
        drains(Counters(r, "rollcall_drains_total", "Agents asked to leave, by reason.")),
        window_changes(Counters(r, "rollcall_window_changes_total", "Windows changed in a session, by direction.")),
        windows_lowered(Gauges(r, "rollcall_windows_lowered", "Whether windows are lowered.").Add({})),
        inflight_bytes(Gauges(r, "rollcall_inflight_bytes", "Received and not committed, over all sessions.").Add({})),
        inflight_limit(Gauges(r, "rollcall_inflight_limit_bytes", "The most of those that are taken.").Add({})),
        batches_received(Counters(r, "rollcall_batches_received_total", "Batches read from agents.").Add({})),
        batch_bytes(Counters(r, "rollcall_batch_bytes_received_total", "Bytes of batches on the wire.").Add({})),
        batches_rejected(Counters(r, "rollcall_batches_rejected_total", "Batches that broke a rule, by rule.")),
        batches_applied(Counters(r, "rollcall_batches_applied_total", "Batches given to the store, by verdict.")),
        redacted_again(Counters(r, "rollcall_redacted_again_total",
                                "Values agents had not redacted and the backend did, by kind of record and rule.")),
        resyncs(Counters(r, "rollcall_resyncs_total", "Complete sets asked for, by cause.")),
        records(Counters(r, "rollcall_records_received_total", "Records in applied batches.").Add({})),
        record_changes(Counters(r, "rollcall_record_changes_total", "Changes of the stored state, by kind of change.")),
        clock_suspects(
            Counters(r, "rollcall_clock_suspect_records_total", "Records whose time was not believed.").Add({})),
        commit_seconds(Histograms(r, "rollcall_commit_latency_seconds", "From receipt of a batch to its commit.")
                           .Add({}, kSeconds)),
        group_batches(
            Histograms(r, "rollcall_store_group_batches", "Batches in one transaction.").Add({}, kGroupSizes)),
        group_seconds(
            Histograms(r, "rollcall_store_group_seconds", "Time a transaction took, with retries.").Add({}, kSeconds)),
        store_retries(Counters(r, "rollcall_store_retries_total", "Attempts on an unavailable store.").Add({})),
        store_writable(Gauges(r, "rollcall_store_writable", "Whether the store can be written.").Add({})),
        queue_bytes(Gauges(r, "rollcall_queue_bytes", "Bytes waiting to be applied, by worker.")),
        queries(Counters(r, "rollcall_queries_total", "Queries answered, by method and status code.")),
        query_seconds(Histograms(r, "rollcall_query_seconds", "Time to answer a query, by method.")),
        queries_denied(Counters(r, "rollcall_queries_denied_total", "Queries denied for purpose or identity.").Add({})),
        purpose_denied(Counters(r, "rollcall_purpose_denied_total",
                                "Calls of known callers denied for tenant, role, purpose or kind, by method.")),
        tokens_refused(Counters(r, "rollcall_tokens_refused_total",
                                "Calls without certificate and without a good token, by reason.")),
        units(Gauges(r, "rollcall_units", "Units (agent, collector, scope) by coverage.")),
        agents(Gauges(r, "rollcall_agents", "Agents, by state.")),
        certificate_expiry(
            Gauges(r, "rollcall_certificate_expiry_timestamp_seconds", "When a certificate ends, in Unix time.")) {}

  Gauge& sessions;
  Counter& sessions_opened;
  Family<Counter>& sessions_refused;
  Family<Counter>& greetings;
  Counter& poll_asked;
  Gauge& polling;
  Family<Counter>& drains;
  Family<Counter>& window_changes;
  Gauge& windows_lowered;
  Gauge& inflight_bytes;
  Gauge& inflight_limit;
  Counter& batches_received;
  Counter& batch_bytes;
  Family<Counter>& batches_rejected;
  Family<Counter>& batches_applied;
  Family<Counter>& redacted_again;
  Family<Counter>& resyncs;
  Counter& records;
  Family<Counter>& record_changes;
  Counter& clock_suspects;
  Histogram& commit_seconds;
  Histogram& group_batches;
  Histogram& group_seconds;
  Counter& store_retries;
  Gauge& store_writable;
  Family<Gauge>& queue_bytes;
  Family<Counter>& queries;
  Family<Histogram>& query_seconds;
  Counter& queries_denied;
  Family<Counter>& purpose_denied;
  Family<Counter>& tokens_refused;
  Family<Gauge>& units;
  Family<Gauge>& agents;
  Family<Gauge>& certificate_expiry;
};

BackendMetrics::BackendMetrics(absl::string_view version)
    : registry_(std::make_shared<Registry>()), families_(std::make_unique<Families>(*registry_)) {
  Gauges(*registry_, "rollcall_build_info", "Always 1; the labels describe the program.")
      .Add({{"version", std::string(version)}})
      .Set(1);
}

BackendMetrics::~BackendMetrics() = default;

void BackendMetrics::OnSessionOpened() {
  families_->sessions.Increment();
  families_->sessions_opened.Increment();
}

void BackendMetrics::OnSessionClosed() { families_->sessions.Decrement(); }

void BackendMetrics::OnSessionRefused(absl::string_view reason) {
  families_->sessions_refused.Add({{"reason", std::string(reason)}}).Increment();
}

void BackendMetrics::OnGreeting(Greeting greeting) {
  static constexpr const char* kGreetings[] = {"new", "continued", "later_life", "earlier_life"};
  families_->greetings.Add({{"agent", kGreetings[static_cast<size_t>(greeting)]}}).Increment();
}

void BackendMetrics::OnPollAsked() { families_->poll_asked.Increment(); }

void BackendMetrics::OnDrain(pb::Drain::Reason reason) {
  families_->drains.Add({{"reason", absl::AsciiStrToLower(pb::Drain::Reason_Name(reason))}}).Increment();
}

void BackendMetrics::OnWindow(bool lowered) {
  families_->window_changes.Add({{"change", lowered ? "lowered" : "raised"}}).Increment();
}

void BackendMetrics::OnRedactedAgain(absl::string_view kind, absl::string_view rule, uint64_t values) {
  families_->redacted_again.Add({{"kind", std::string(kind)}, {"rule", std::string(rule)}})
      .Increment(static_cast<double>(values));
}

void BackendMetrics::OnResync(pb::Resync::Cause cause) {
  families_->resyncs.Add({{"cause", absl::AsciiStrToLower(pb::Resync::Cause_Name(cause))}}).Increment();
}

void BackendMetrics::OnBatchReceived(size_t wire_bytes) {
  families_->batches_received.Increment();
  families_->batch_bytes.Increment(static_cast<double>(wire_bytes));
}

void BackendMetrics::OnBatchRejected(RejectReason reason) {
  families_->batches_rejected.Add({{"reason", std::string(RejectReasonName(reason))}}).Increment();
}

void BackendMetrics::OnBatchApplied(const ApplyOutcome& outcome, size_t records, size_t clock_suspects) {
  static constexpr const char* kVerdicts[] = {"applied", "staged", "duplicate", "resync"};
  families_->batches_applied.Add({{"verdict", kVerdicts[static_cast<size_t>(outcome.verdict)]}}).Increment();
  if (outcome.verdict != ApplyVerdict::kDuplicate) {
    families_->records.Increment(static_cast<double>(records));
    families_->clock_suspects.Increment(static_cast<double>(clock_suspects));
  }
  families_->record_changes.Add({{"change", "inserted"}}).Increment(static_cast<double>(outcome.inserted));
  families_->record_changes.Add({{"change", "changed"}}).Increment(static_cast<double>(outcome.changed));
  families_->record_changes.Add({{"change", "retired"}}).Increment(static_cast<double>(outcome.retired));
}

void BackendMetrics::OnCommitted(absl::Duration latency) {
  families_->commit_seconds.Observe(absl::ToDoubleSeconds(latency));
}

void BackendMetrics::OnGroup(size_t batches, absl::Duration store_time) {
  families_->group_batches.Observe(static_cast<double>(batches));
  families_->group_seconds.Observe(absl::ToDoubleSeconds(store_time));
}

void BackendMetrics::OnStoreRetry() { families_->store_retries.Increment(); }

void BackendMetrics::OnQueueBytes(size_t shard, size_t bytes) {
  families_->queue_bytes.Add({{"worker", absl::StrCat(shard)}}).Set(static_cast<double>(bytes));
}

void BackendMetrics::OnQuery(absl::string_view method, absl::StatusCode code, absl::Duration time) {
  families_->queries.Add({{"method", std::string(method)}, {"code", absl::StatusCodeToString(code)}}).Increment();
  families_->query_seconds.Add({{"method", std::string(method)}}, kSeconds).Observe(absl::ToDoubleSeconds(time));
  const bool denied = code == absl::StatusCode::kPermissionDenied || code == absl::StatusCode::kUnauthenticated;
  if (denied) families_->queries_denied.Increment();
}

void BackendMetrics::OnPurposeDenied(absl::string_view method) {
  families_->purpose_denied.Add({{"method", std::string(method)}}).Increment();
}

void BackendMetrics::OnTokenRefused(absl::string_view reason) {
  families_->tokens_refused.Add({{"reason", std::string(reason)}}).Increment();
}

void BackendMetrics::SetCoverage(const std::map<std::string, uint64_t>& units_by_state) {
  for (const absl::string_view state : kCoverageStates) {
    const auto it = units_by_state.find(std::string(state));
    families_->units.Add({{"coverage", std::string(state)}})
        .Set(it == units_by_state.end() ? 0 : static_cast<double>(it->second));
  }
}

void BackendMetrics::SetAgents(uint64_t enrolled, uint64_t connected) {
  families_->agents.Add({{"state", "enrolled"}}).Set(static_cast<double>(enrolled));
  families_->agents.Add({{"state", "connected"}}).Set(static_cast<double>(connected));
}

void BackendMetrics::SetStoreWritable(bool writable) { families_->store_writable.Set(writable ? 1 : 0); }

void BackendMetrics::SetAdmission(bool polling, bool windows_lowered, size_t inflight_bytes) {
  families_->polling.Set(polling ? 1 : 0);
  families_->windows_lowered.Set(windows_lowered ? 1 : 0);
  families_->inflight_bytes.Set(static_cast<double>(inflight_bytes));
}

void BackendMetrics::SetInflightLimit(size_t bytes) { families_->inflight_limit.Set(static_cast<double>(bytes)); }

void BackendMetrics::SetCertificateExpiry(absl::string_view which, absl::Time not_after) {
  families_->certificate_expiry.Add({{"certificate", std::string(which)}})
      .Set(static_cast<double>(absl::ToUnixSeconds(not_after)));
}

std::string BackendMetrics::Text() const { return prometheus::TextSerializer().Serialize(registry_->Collect()); }

}  // namespace rollcall
