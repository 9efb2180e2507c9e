// Decisions per second, as a tick asks for them: dates only, of the buckets of a tenant's services over years. The
// argument is what happened to the tenant: 0 nothing, 1 its services have ended, 2 there are also holds and a request.
#include <benchmark/benchmark.h>

#include "absl/strings/str_cat.h"
#include "backend/retention/bucket_decision.h"
#include "backend/retention/civil_time.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr int kServices = 10;
constexpr int kDays = 1000;
const absl::CivilDay kFirstDay(2023, 6, 1);

const RetentionPolicy& Policy() {
  static const RetentionPolicy* const policy = new RetentionPolicy(*LoadRetentionPolicy(ROLLCALL_DEFAULT_POLICY));
  return *policy;
}

std::string ServiceName(int number) { return absl::StrCat("cvm:ins-", number); }

pb::LifecycleEvent* AddEvent(pb::TenantFacts* facts, absl::CivilDay day) {
  pb::LifecycleEvent* event = facts->add_events();
  event->set_id(absl::StrCat("e", facts->events_size()));
  *event->mutable_at() = ToWire(EndOfDay(day, Policy().zone));
  return event;
}

pb::TenantFacts MakeFacts(int64_t what) {
  pb::TenantFacts facts;
  facts.set_tenant("t-100");
  for (int i = 0; i < kServices; ++i) facts.add_hosting_services(ServiceName(i));
  if (what == 0) return facts;
  for (int i = 0; i < kServices; ++i) {
    pb::LifecycleEvent* end = AddEvent(&facts, kFirstDay + 900);
    end->mutable_termination_scheduled()->mutable_subscription()->set_hosting_service(ServiceName(i));
    *end->mutable_termination_scheduled()->mutable_effective_at() =
        ToWire(EndOfDay(kFirstDay + 900 + i, Policy().zone));
  }
  if (what == 1) return facts;
  pb::HoldPlaced* hold = AddEvent(&facts, kFirstDay + 950)->mutable_hold_placed();
  hold->set_legal_basis("court order 7");
  hold->set_review_by("2030-01-01");
  hold->mutable_selector()->add_hosting_services(ServiceName(1));
  AddEvent(&facts, kFirstDay + 960)
      ->mutable_deletion_requested()
      ->mutable_selector()
      ->add_hosting_services(ServiceName(2));
  return facts;
}

std::vector<Bucket> MakeBuckets() {
  std::vector<Bucket> buckets;
  for (int service = 0; service < kServices; ++service) {
    for (int day = 0; day < kDays; ++day) {
      Bucket bucket;
      bucket.key = {ServiceName(service), pb::ASSET_BASIC, kFirstDay + day};
      bucket.records = 1500;
      buckets.push_back(std::move(bucket));
    }
  }
  return buckets;
}

void EvaluateBuckets(benchmark::State& state) {
  const absl::Time now = EndOfDay(kFirstDay + kDays, Policy().zone);
  const absl::StatusOr<TenantTimeline> timeline = FoldEvents(Policy(), MakeFacts(state.range(0)), now);
  if (!timeline.ok()) return state.SkipWithError(timeline.status().ToString().c_str());
  const std::vector<Bucket> buckets = MakeBuckets();
  uint64_t overdue = 0;
  for (auto _ : state) {
    BucketEvaluator evaluator(Policy(), *timeline);
    for (const Bucket& bucket : buckets) overdue += evaluator.Evaluate(bucket, Detail::kBounds).overdue ? 1 : 0;
  }
  benchmark::DoNotOptimize(overdue);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * buckets.size()));
}
BENCHMARK(EvaluateBuckets)->DenseRange(0, 2);

}  // namespace
}  // namespace rollcall
