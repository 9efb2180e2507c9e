#include "backend/retention/bucket_decision.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "backend/retention/bucket_machine.h"
#include "backend/retention/civil_time.h"
#include "platform/status_macros.h"
#include "proto/wire_time.h"

namespace rollcall {
namespace {

constexpr int kMaxDays = 3660;

}  // namespace

class BucketEvaluator::Evaluation {
 public:
  Evaluation(const RetentionPolicy& policy, const TenantTimeline& timeline, ZoneDays::Memory memory)
      : policy_(policy), timeline_(timeline), days_(policy.zone, memory) {
    events_.feature_terminated_at = timeline_.feature.ended_at;
  }

  BucketDecision Run(const Bucket& bucket, Detail detail) {
    bucket_ = &bucket;
    detail_ = detail;
    BucketDecision decision;
    decision_ = &decision;
    decision.epoch = timeline_.epoch;
    if (!has_group_ || facts_.category != bucket.key.category || facts_.hosting_service != bucket.key.hosting_service) {
      SetGroup();
    }
    SetFacts();
    SetOrders();
    decision.dates = rollcall::Evaluate(policy_, facts_, events_, timeline_.now, detail_, days_);
    if (detail_ == Detail::kSteps) decision.explanation = decision.dates.steps;
    Restrict();
    decision.overdue = decision.dates.deadline.has_value() && timeline_.now >= *decision.dates.deadline &&
                       bucket.state != pb::BUCKET_PURGED;
    DecideParts();
    DecideState();
    return decision;
  }

 private:
  template <typename... Parts>
  void Say(const Parts&... parts) {
    if (detail_ == Detail::kSteps) decision_->explanation.push_back(absl::StrCat(parts...));
  }

  template <typename... Parts>
  void Do(ActionKind kind, std::optional<absl::Time> by, const Parts&... parts) {
    decision_->actions.push_back({kind, by, detail_ == Detail::kSteps ? absl::StrCat(parts...) : "", ""});
  }

  // Nothing unless words are wanted: they cost more than all the rest.
  std::string InWords(absl::Time time) const {
    return detail_ == Detail::kSteps ? absl::FormatTime(time, policy_.zone) : std::string();
  }

  // What the buckets of a service and a category have in common.
  void SetGroup() {
    has_group_ = true;
    facts_.category = bucket_->key.category;
    facts_.hosting_service = bucket_->key.hosting_service;
    rules_ = policy_.Find(facts_.category);
    facts_.period_end = PaidUntil();
    events_.hosting.clear();
    if (facts_.hosting_service == kAllServices) {
      for (const auto& [name, service] : timeline_.hosting) events_.hosting.push_back({name, service.ended_at});
    } else if (const auto it = timeline_.hosting.find(facts_.hosting_service); it != timeline_.hosting.end()) {
      events_.hosting.push_back({it->first, it->second.ended_at});
    }
  }

  void SetFacts() {
    // The latest a record of it can have been observed: nothing of it goes too early.
    facts_.collected_at = days_.EndOfDay(bucket_->key.collected_day) - absl::Nanoseconds(1);
    facts_.created_at = bucket_->first_stored_at.has_value() ? bucket_->first_stored_at : facts_.collected_at;
  }

  // The end of the paid period that the category's rules look at.
  std::optional<absl::Time> PaidUntil() const {
    if (rules_ == nullptr) return std::nullopt;
    for (const pb::RetainRule& rule : rules_->retain()) {
      if (rule.trigger() == pb::RetainRule::TERMINATED && rule.scope() == pb::HOSTING) return HostingPaidUntil();
    }
    return timeline_.feature.paid_until;
  }

  std::optional<absl::Time> HostingPaidUntil() const {
    if (bucket_->key.hosting_service != kAllServices) {
      const auto own = timeline_.hosting.find(bucket_->key.hosting_service);
      return own == timeline_.hosting.end() ? std::nullopt : own->second.paid_until;
    }
    std::optional<absl::Time> last;
    for (const auto& [name, service] : timeline_.hosting) {
      if (service.paid_until.has_value()) last = std::max(last.value_or(*service.paid_until), *service.paid_until);
    }
    return last;
  }

  void SetOrders() {
    events_.holds.clear();
    events_.deletion_requested_at.reset();
    for (const KnownOrder& hold : timeline_.holds) {
      if (!hold.selection.Touches(bucket_->key)) continue;
      events_.holds.push_back({hold.id, hold.placed_at, hold.lifted_at});
      if (!hold.lifted_at.has_value()) decision_->holds.push_back(hold.id);
    }
    for (const KnownRequest& request : timeline_.requests) {
      if (request.selection.Covers(bucket_->key) != Coverage::kWhole) continue;
      auto& first = events_.deletion_requested_at;
      first = std::min(first.value_or(request.requested_at), request.requested_at);
    }
  }

  void Restrict() {
    for (const KnownOrder& order : timeline_.restrictions) {
      if (order.lifted_at.has_value() || !order.selection.Touches(bucket_->key)) continue;
      decision_->dates.restricted = true;
      Say("Restricted by ", order.id, ": read for legal purposes only.");
    }
    for (const pb::HostDecommissioned& host : timeline_.decommissioned) {
      if (host.hosting_service() != bucket_->key.hosting_service) continue;
      Say("Host ", host.host(), " is gone; its data is kept as long as the hosting service's.");
    }
  }

  void DecideParts() {
    for (const KnownRequest& request : timeline_.requests) {
      if (request.selection.Covers(bucket_->key) != Coverage::kPart) continue;
      TenantEvents events = events_;
      events.deletion_requested_at =
          std::min(events.deletion_requested_at.value_or(request.requested_at), request.requested_at);
      const RetentionDecision dates =
          rollcall::Evaluate(policy_, facts_, events, timeline_.now, Detail::kBounds, days_);
      if (!dates.deadline.has_value()) continue;  // held
      const bool done =
          std::find(bucket_->erased_for.begin(), bucket_->erased_for.end(), request.id) != bucket_->erased_for.end();
      decision_->parts.push_back({request.id, dates.not_before, dates.due_from, *dates.deadline, done});
      if (dates.restricted) decision_->dates.restricted = true;
      Say("Request ", request.id, " is for a part of it: deleted between ", InWords(dates.not_before), " and ",
          InWords(*dates.deadline), done ? "; done." : ".");
    }
  }

  void DecideState() {
    const pb::BucketState state = bucket_->state;
    if (state == pb::BUCKET_PURGED) {
      decision_->wanted = pb::BUCKET_PURGED;
      return Say("It is gone.");
    }
    if (state == pb::BUCKET_PURGING) {
      decision_->wanted = pb::BUCKET_PURGED;
      return Do(ActionKind::kFinishPurge, decision_->dates.deadline, "its deletion has begun, and nothing undoes that");
    }
    if (decision_->dates.DueAt(timeline_.now)) {
      decision_->wanted = pb::BUCKET_PURGED;
      return Do(ActionKind::kPurge, decision_->dates.deadline, "it is due since ", InWords(decision_->dates.due_from));
    }
    ErasePartsThatAreDue();
    const bool ended = decision_->dates.ended_at.has_value();
    if (state == pb::BUCKET_RESTORING) {
      decision_->wanted = pb::BUCKET_ACTIVE;
      return Do(ActionKind::kFinishRestore, std::nullopt, "what is half restored is restored first");
    }
    if (ended && rules_ != nullptr && !rules_->archives().empty()) return ToTheArchive();
    decision_->wanted = pb::BUCKET_ACTIVE;
    if (state == pb::BUCKET_ACTIVE) return;
    Do(ActionKind::kStartRestore, std::nullopt, ended ? "the agreement allows it no archive" : "the service is in use");
  }

  void ErasePartsThatAreDue() {
    // Rows are erased where they are in the stores, or by rewriting the object; not while it moves.
    const bool rests = bucket_->state == pb::BUCKET_ACTIVE || bucket_->state == pb::BUCKET_COLD;
    for (const PartialDeletion& part : decision_->parts) {
      if (part.done || !rests || decision_->dates.held || timeline_.now < part.due_from) continue;
      Do(ActionKind::kErasePart, part.deadline, "request ", part.request, " is for a part of it");
      decision_->actions.back().request = part.request;
    }
  }

  void ToTheArchive() {
    decision_->wanted = pb::BUCKET_COLD;
    const absl::Time by = *decision_->dates.ended_at + absl::Hours(rules_->archives(0).start_within_hours());
    switch (bucket_->state) {
      case pb::BUCKET_ACTIVE:
        return Do(ActionKind::kStartArchive, by, "the service ended on ",
                  detail_ == Detail::kSteps ? DayText(DayOf(*decision_->dates.ended_at, policy_.zone)) : "");
      case pb::BUCKET_ARCHIVING:
        return Do(ActionKind::kFinishArchive, std::nullopt, "its move to the archive has begun");
      case pb::BUCKET_ARCHIVED:
        return Do(ActionKind::kEmptyStores, std::nullopt, "the archive has it");
      default:
        return;
    }
  }

  const RetentionPolicy& policy_;
  const TenantTimeline& timeline_;
  const ZoneDays days_;
  // Of the latest bucket's service and category.
  bool has_group_ = false;
  const pb::CategoryRules* rules_ = nullptr;
  RecordFacts facts_;
  TenantEvents events_;
  // While Run runs.
  const Bucket* bucket_ = nullptr;
  Detail detail_ = Detail::kBounds;
  BucketDecision* decision_ = nullptr;
};

BucketEvaluator::BucketEvaluator(const RetentionPolicy& policy, const TenantTimeline& timeline, ZoneDays::Memory memory)
    : evaluation_(std::make_unique<Evaluation>(policy, timeline, memory)) {}

BucketEvaluator::~BucketEvaluator() = default;

BucketDecision BucketEvaluator::Evaluate(const Bucket& bucket, Detail detail) {
  return evaluation_->Run(bucket, detail);
}

absl::StatusOr<std::vector<Bucket>> BucketsFrom(const pb::BucketFacts& facts) {
  const auto bad = [&](absl::string_view what) {
    return absl::InvalidArgumentError(
        absl::StrCat("bucket of ", facts.hosting_service(), " on ", facts.collected_day(), ": ", what));
  };
  Bucket bucket;
  if (facts.hosting_service().empty()) return bad("names no hosting service; ALL stands for all");
  if (!pb::Category_IsValid(facts.category()) || facts.category() == pb::CATEGORY_UNSPECIFIED) {
    return bad("has no category");
  }
  if (!pb::BucketState_IsValid(facts.state())) return bad("has a state that is not known");
  bucket.key = {facts.hosting_service(), facts.category(), absl::CivilDay()};
  if (!ParseDay(facts.collected_day(), &bucket.key.collected_day)) return bad("collected_day is no day");
  absl::CivilDay last = bucket.key.collected_day;
  if (!facts.through_day().empty() && !ParseDay(facts.through_day(), &last)) return bad("through_day is no day");
  if (last < bucket.key.collected_day) return bad("through_day is before collected_day");
  if (last - bucket.key.collected_day >= kMaxDays) return bad("through_day is more than ten years later");
  if (facts.has_first_stored_at()) {
    bucket.first_stored_at = FromWire(facts.first_stored_at());
    if (!bucket.first_stored_at.has_value()) return bad("first_stored_at is no time");
  }
  if (facts.state() != pb::BUCKET_STATE_UNSPECIFIED) bucket.state = facts.state();
  bucket.records = facts.records();
  bucket.bytes = facts.bytes();
  bucket.erased_for.assign(facts.erased_for().begin(), facts.erased_for().end());
  std::vector<Bucket> buckets;
  for (; bucket.key.collected_day <= last; ++bucket.key.collected_day) buckets.push_back(bucket);
  return buckets;
}

absl::string_view ActionText(ActionKind kind) {
  switch (kind) {
    case ActionKind::kStartArchive:
      return "archive";
    case ActionKind::kFinishArchive:
      return "finish archiving";
    case ActionKind::kEmptyStores:
      return "empty stores";
    case ActionKind::kStartRestore:
      return "restore";
    case ActionKind::kFinishRestore:
      return "finish restoring";
    case ActionKind::kErasePart:
      return "erase part";
    case ActionKind::kPurge:
      return "purge";
    case ActionKind::kFinishPurge:
      return "finish purging";
  }
  return "unknown";
}

bool BucketDecision::Wants(ActionKind kind) const {
  return std::any_of(actions.begin(), actions.end(), [&](const DueAction& action) { return action.kind == kind; });
}

BucketDecision EvaluateBucket(const RetentionPolicy& policy, const Bucket& bucket, const TenantTimeline& timeline,
                              Detail detail) {
  return BucketEvaluator(policy, timeline, ZoneDays::Memory::kNone).Evaluate(bucket, detail);
}

absl::StatusOr<BucketDecision> EvaluateBucketAt(const RetentionPolicy& policy, const Bucket& bucket,
                                                const pb::TenantFacts& tenant, absl::Time now) {
  ROLLCALL_ASSIGN_OR_RETURN(const TenantTimeline timeline, FoldEvents(policy, tenant, now));
  return EvaluateBucket(policy, bucket, timeline);
}

}  // namespace rollcall
