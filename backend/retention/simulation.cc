#include "backend/retention/simulation.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "backend/retention/bucket_decision.h"
#include "backend/retention/civil_time.h"
#include "backend/retention/textproto_file.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr size_t kMaxFacts = size_t{1} << 20;
// Some 150 MB. A file of 1 MiB can ask for 45 million, at a bucket a day.
constexpr int64_t kMaxBuckets = 1'000'000;

// Days that a line of facts stands for. What makes no sense is one; it is refused when its turn comes.
int64_t BucketsOf(const pb::BucketFacts& facts) {
  absl::CivilDay first;
  absl::CivilDay last;
  if (!ParseDay(facts.collected_day(), &first) || !ParseDay(facts.through_day(), &last)) return 1;
  return std::max<int64_t>(last - first + 1, 1);
}

absl::Status CheckSize(const pb::RetentionFacts& facts) {
  int64_t buckets = 0;
  for (const pb::TenantFacts& tenant : facts.tenants()) {
    for (const pb::BucketFacts& of : tenant.buckets()) buckets += BucketsOf(of);
  }
  if (buckets <= kMaxBuckets) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("simulate day: the facts stand for ", buckets, " buckets, more than ", kMaxBuckets));
}

class Simulation {
 public:
  Simulation(const RetentionPolicy& policy, absl::CivilDay day)
      : policy_(policy), day_(day), now_(EndOfDay(day, policy.zone) - absl::Nanoseconds(1)) {
    report_.set_day(DayText(day));
    report_.set_policy_id(policy.data.id());
    report_.set_policy_version(policy.data.version());
  }

  absl::Status Add(const pb::TenantFacts& tenant) {
    absl::StatusOr<TenantTimeline> timeline = FoldEvents(policy_, tenant, now_);
    if (!timeline.ok()) return Named(tenant, timeline.status());
    for (const std::string& note : timeline->notes) report_.add_notes(absl::StrCat(tenant.tenant(), ": ", note));
    std::vector<Bucket> buckets;
    for (const pb::BucketFacts& facts : tenant.buckets()) {
      absl::StatusOr<std::vector<Bucket>> more = BucketsFrom(facts);
      if (!more.ok()) return Named(tenant, more.status());
      std::move(more->begin(), more->end(), std::back_inserter(buckets));
    }
    std::sort(buckets.begin(), buckets.end(), [](const Bucket& a, const Bucket& b) { return Key(a) < Key(b); });
    BucketEvaluator evaluator(policy_, *timeline);
    for (const Bucket& bucket : buckets) {
      // What is collected later is not there yet.
      if (bucket.key.collected_day > day_) continue;
      AddBucket(tenant.tenant(), bucket, *timeline, evaluator.Evaluate(bucket, Detail::kBounds));
    }
    return absl::OkStatus();
  }

  pb::SimulationReport Finish() { return std::move(report_); }

 private:
  static std::tuple<const std::string&, int, absl::CivilDay> Key(const Bucket& bucket) {
    return {bucket.key.hosting_service, bucket.key.category, bucket.key.collected_day};
  }

  static absl::Status Named(const pb::TenantFacts& tenant, const absl::Status& status) {
    return absl::InvalidArgumentError(absl::StrCat("tenant ", tenant.tenant(), ": ", status.message()));
  }

  void AddBucket(const std::string& tenant, const Bucket& bucket, const TenantTimeline& timeline,
                 const BucketDecision& decision) {
    if (decision.dates.held) {
      report_.set_held_buckets(report_.held_buckets() + 1);
    } else if (decision.actions.empty()) {
      report_.set_resting_buckets(report_.resting_buckets() + 1);
    }
    for (const DueAction& action : decision.actions) AddStep(tenant, bucket, timeline, decision, action);
  }

  void AddStep(const std::string& tenant, const Bucket& bucket, const TenantTimeline& timeline,
               const BucketDecision& decision, const DueAction& action) {
    const std::string text =
        absl::StrCat(ActionText(action.kind), action.request.empty() ? "" : " for ", action.request);
    const std::string day = DayText(bucket.key.collected_day);
    const bool overdue = action.by.has_value() && *action.by <= StartOfDay(day_, policy_.zone);
    pb::SimulatedStep* last = report_.steps().empty() ? nullptr : report_.mutable_steps(report_.steps_size() - 1);
    const bool joins = last != nullptr && last->tenant() == tenant && last->category() == bucket.key.category &&
                       last->hosting_service() == bucket.key.hosting_service && last->action() == text &&
                       last->overdue() == overdue && last->through_day() == DayText(bucket.key.collected_day - 1);
    if (!joins) {
      last = report_.add_steps();
      last->set_tenant(tenant);
      last->set_hosting_service(bucket.key.hosting_service);
      last->set_category(bucket.key.category);
      last->set_from_day(day);
      last->set_action(text);
      last->set_overdue(overdue);
      if (action.kind == ActionKind::kPurge) *last->mutable_due_from() = ToWire(decision.dates.due_from);
      if (action.by.has_value()) *last->mutable_deadline() = ToWire(*action.by);
      for (std::string& step : EvaluateBucket(policy_, bucket, timeline).explanation) {
        last->add_explanation(std::move(step));
      }
    }
    last->set_through_day(day);
    last->set_buckets(last->buckets() + 1);
    last->set_records(last->records() + bucket.records);
    last->set_bytes(last->bytes() + bucket.bytes);
  }

  const RetentionPolicy& policy_;
  const absl::CivilDay day_;
  const absl::Time now_;
  pb::SimulationReport report_;
};

}  // namespace

absl::StatusOr<pb::RetentionFacts> ParseFacts(absl::string_view text, absl::string_view name) {
  pb::RetentionFacts facts;
  if (!absl::EndsWith(name, ".json")) {
    google::protobuf::TextFormat::ParseInfoTree locations;
    ROLLCALL_RETURN_IF_ERROR(ParseTextproto(text, name, &facts, &locations));
    return facts;
  }
  if (text.size() > kMaxFacts) return absl::InvalidArgumentError(absl::StrCat(name, ": larger than 1 MiB"));
  const auto status = google::protobuf::util::JsonStringToMessage(std::string(text), &facts);
  if (status.ok()) return facts;
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": ", absl::string_view(status.message().data(), status.message().size())));
}

absl::StatusOr<pb::RetentionFacts> LoadFacts(const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  return ParseFacts(text, path);
}

absl::StatusOr<pb::SimulationReport> SimulateDay(const RetentionPolicy& policy, const pb::RetentionFacts& facts,
                                                 absl::CivilDay day) {
  ROLLCALL_RETURN_IF_ERROR(CheckSize(facts));
  Simulation simulation(policy, day);
  for (const pb::TenantFacts& tenant : facts.tenants()) ROLLCALL_RETURN_IF_ERROR(simulation.Add(tenant));
  return simulation.Finish();
}

}  // namespace rollcall
