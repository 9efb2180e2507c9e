#include "backend/lifecycle_service/tenant_report.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "backend/retention/civil_time.h"
#include "backend/retention/purge_guards.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

using Service = pb::ListServicesResponse::Service;

void Put(const std::optional<absl::Time>& time, google::protobuf::Timestamp* (Service::*field)(), Service* service) {
  if (time.has_value()) *(service->*field)() = ToWire(*time);
}

pb::ListServicesResponse::State StateOf(const SubscriptionState& state) {
  if (state.ended_at.has_value()) {
    return state.resumes_at.has_value() ? pb::ListServicesResponse::RESUMES : pb::ListServicesResponse::ENDED;
  }
  return state.ends_at.has_value() ? pb::ListServicesResponse::ENDS : pb::ListServicesResponse::RUNS;
}

void Fill(const SubscriptionState& state, Service* service) {
  service->set_state(StateOf(state));
  Put(state.ended_at, &Service::mutable_ended_at, service);
  Put(state.ends_at, &Service::mutable_ends_at, service);
  Put(state.resumes_at, &Service::mutable_resumes_at, service);
  Put(state.paid_until, &Service::mutable_paid_until, service);
}

uint64_t CountOf(const std::vector<StoredBucket>& buckets, const std::string& service) {
  return static_cast<uint64_t>(std::count_if(buckets.begin(), buckets.end(), [&](const StoredBucket& bucket) {
    return bucket.facts.key.hosting_service == service && bucket.facts.state != pb::BUCKET_PURGED;
  }));
}

bool InForce(const StoredHold& hold) {
  return hold.state() == HoldState::kInForce || hold.state() == HoldState::kAwaitsRelease;
}

bool PastReview(const StoredHold& hold, absl::string_view today) {
  return InForce(hold) && hold.body.review_by() < today;
}

pb::HoldRecord::State StateOf(const StoredHold& hold) {
  switch (hold.state()) {
    case HoldState::kAwaitsApproval:
      return pb::HoldRecord::AWAITS_APPROVAL;
    case HoldState::kInForce:
      return pb::HoldRecord::IN_FORCE;
    case HoldState::kAwaitsRelease:
      return pb::HoldRecord::AWAITS_RELEASE;
    case HoldState::kReleased:
      return pb::HoldRecord::RELEASED;
  }
  return pb::HoldRecord::STATE_UNSPECIFIED;
}

}  // namespace

void ReportServices(const TenantTimeline& timeline, const std::vector<StoredBucket>& buckets,
                    pb::ListServicesResponse* response) {
  Service* feature = response->add_services();
  feature->mutable_subscription()->set_feature(true);
  Fill(timeline.feature, feature);
  for (const auto& [name, state] : timeline.hosting) {
    Service* service = response->add_services();
    service->mutable_subscription()->set_hosting_service(name);
    Fill(state, service);
    service->set_buckets(CountOf(buckets, name));
  }
  response->set_epoch(timeline.epoch);
}

pb::HoldRecord ReportHold(const StoredHold& hold, absl::string_view today) {
  pb::HoldRecord record;
  record.set_id(hold.id);
  *record.mutable_hold() = hold.body;
  record.set_state(StateOf(hold));
  record.set_placed_by(hold.placed_by);
  *record.mutable_placed_at() = ToWire(hold.placed_at);
  record.set_approved_by(hold.approved_by);
  if (hold.approved_at.has_value()) *record.mutable_approved_at() = ToWire(*hold.approved_at);
  record.set_release_asked_by(hold.release_asked_by);
  if (hold.release_asked_at.has_value()) *record.mutable_release_asked_at() = ToWire(*hold.release_asked_at);
  record.set_released_by(hold.released_by);
  if (hold.released_at.has_value()) *record.mutable_released_at() = ToWire(*hold.released_at);
  record.set_past_review(PastReview(hold, today));
  return record;
}

pb::ListRequestsResponse::Deletion ReportDeletion(const OpenDeletion& deletion) {
  pb::ListRequestsResponse::Deletion report;
  report.set_id(deletion.id);
  report.set_reason(deletion.reason);
  *report.mutable_requested_at() = ToWire(deletion.requested_at);
  *report.mutable_dates() = deletion.dates;
  if (deletion.days_left.has_value()) report.set_days_left(*deletion.days_left);
  report.set_remaining_buckets(deletion.remaining);
  return report;
}

pb::ListRequestsResponse::Export ReportExport(const OpenExport& request) {
  pb::ListRequestsResponse::Export report;
  report.set_id(request.request.id);
  *report.mutable_request() = request.request.body;
  report.set_days_left(request.days_left);
  return report;
}

void ReportBuckets(const RetentionPolicy& policy, const TenantTimeline& timeline,
                   const std::vector<StoredBucket>& buckets, int days, pb::GetRetentionStatusResponse* response) {
  std::vector<BucketDecision> to_come;
  absl::Time oldest = absl::InfiniteFuture();
  BucketEvaluator evaluator(policy, timeline);
  for (const StoredBucket& bucket : buckets) {
    if (bucket.facts.state == pb::BUCKET_PURGED) continue;
    BucketDecision decision = evaluator.Evaluate(bucket.facts, Detail::kBounds);
    const bool due = decision.overdue || decision.Wants(ActionKind::kPurge) || decision.Wants(ActionKind::kFinishPurge);
    response->set_buckets(response->buckets() + 1);
    response->set_due_buckets(response->due_buckets() + (due ? 1 : 0));
    response->set_overdue_buckets(response->overdue_buckets() + (decision.overdue ? 1 : 0));
    response->set_held_buckets(response->held_buckets() + (decision.dates.held ? 1 : 0));
    response->set_restricted_buckets(response->restricted_buckets() + (decision.dates.restricted ? 1 : 0));
    if (due) oldest = std::min(oldest, decision.dates.due_from);
    if (bucket.facts.state != pb::BUCKET_PURGING) to_come.push_back(std::move(decision));
  }
  if (oldest != absl::InfiniteFuture()) *response->mutable_oldest_due_at() = ToWire(oldest);
  const std::map<absl::CivilDay, uint64_t> forecast = ForecastPurges(policy, to_come, timeline.now);
  const absl::CivilDay today = DayOf(timeline.now, policy.zone);
  for (int i = 0; i < days; ++i) {
    pb::GetRetentionStatusResponse::DayForecast* day = response->add_forecast();
    day->set_day(DayText(today + i));
    const auto found = forecast.find(today + i);
    if (found != forecast.end()) day->set_buckets(found->second);
  }
}

void ReportOpenRequests(const OpenRequests& requests, pb::GetRetentionStatusResponse* response) {
  for (const OpenDeletion& deletion : requests.deletions) {
    pb::GetRetentionStatusResponse::OpenRequest* open = response->add_open_requests();
    open->set_id(deletion.id);
    if (deletion.days_left.has_value()) open->set_days_left(*deletion.days_left);
    open->set_remaining_buckets(deletion.remaining);
  }
  for (const OpenExport& request : requests.exports) {
    pb::GetRetentionStatusResponse::OpenRequest* open = response->add_open_requests();
    open->set_id(request.request.id);
    open->set_is_export(true);
    open->set_days_left(request.days_left);
  }
}

void ReportHolds(const std::vector<StoredHold>& holds, absl::string_view today,
                 pb::GetRetentionStatusResponse* response) {
  for (const StoredHold& hold : holds) {
    response->set_holds_in_force(response->holds_in_force() + (InForce(hold) ? 1 : 0));
    response->set_holds_past_review(response->holds_past_review() + (PastReview(hold, today) ? 1 : 0));
  }
}

}  // namespace rollcall
