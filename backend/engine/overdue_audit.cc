#include "backend/engine/overdue_audit.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "backend/retention/civil_time.h"
#include "backend/retention/retention_policy.h"
#include "platform/status_macros.h"

namespace rollcall {
namespace {

constexpr size_t kBucketsPerPage = 1000;

class OverdueAudit {
 public:
  OverdueAudit(const AuditedStores& stores, const RetentionPolicy& policy, const pb::TenantFacts& facts, absl::Time now,
               const StopToken& stop)
      : stores_(stores), policy_(policy), facts_(facts), now_(now), stop_(stop) {}

  absl::StatusOr<OverdueReport> Run(absl::CivilDay first_day) {
    ROLLCALL_ASSIGN_OR_RETURN(timeline_, FoldEvents(policy_, facts_, now_));
    ROLLCALL_RETURN_IF_ERROR(CountRows());
    ROLLCALL_RETURN_IF_ERROR(CountObjects(first_day));
    OverdueReport report;
    for (auto& [name, found] : found_) {
      HeldBucket& bucket = found.bucket;
      ++report.buckets;
      bucket.deadline = DeadlineOf(found);
      if (bucket.deadline.has_value() && now_ >= *bucket.deadline) report.overdue.push_back(bucket);
      const pb::CategoryRules* rules = policy_.Find(bucket.key.category);
      const bool in_archive = bucket.objects + bucket.uploads > 0;
      if (in_archive && (rules == nullptr || rules->archives().empty())) report.misplaced.push_back(bucket);
    }
    return report;
  }

 private:
  struct Found {
    HeldBucket bucket;
    std::optional<absl::Time> first_stored_at;
  };

  Found& Find(const BucketKey& key) {
    Found& found = found_[{key.hosting_service, key.category, key.collected_day}];
    found.bucket.key = key;
    return found;
  }

  absl::Status CheckStop() const {
    return stop_.stop_requested() ? absl::CancelledError("audit overdue: stopped") : absl::OkStatus();
  }

  absl::Status CountRows() {
    BucketPage page;
    do {
      ROLLCALL_RETURN_IF_ERROR(CheckStop());
      ROLLCALL_ASSIGN_OR_RETURN(
          page, stores_.store->ListBuckets(facts_.tenant(), policy_.zone, page.next_cursor, kBucketsPerPage));
      for (const BucketSummary& summary : page.buckets) {
        Found& found = Find(summary.key);
        found.bucket.records = summary.records;
        found.bucket.staged = summary.staged;
        if (summary.records > 0) found.first_stored_at = summary.first_stored_at;
      }
    } while (!page.next_cursor.empty());
    return absl::OkStatus();
  }

  absl::Status CountObjects(absl::CivilDay first_day) {
    std::set<std::string> services(facts_.hosting_services().begin(), facts_.hosting_services().end());
    services.insert(kAllServices);
    for (const auto& [name, found] : found_) services.insert(found.bucket.key.hosting_service);
    const absl::CivilDay last_day = DayOf(now_, policy_.zone) + 1;
    for (const std::string& service : services) {
      for (const pb::CategoryRules& rules : policy_.data.categories()) {
        for (absl::CivilDay day = first_day; day <= last_day; ++day) {
          ROLLCALL_RETURN_IF_ERROR(CountObjectsOf({service, rules.category(), day}));
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status CountObjectsOf(const BucketKey& key) {
    ROLLCALL_RETURN_IF_ERROR(CheckStop());
    pb::BucketName name;
    name.set_tenant(facts_.tenant());
    name.set_region(facts_.region());
    name.set_hosting_service(key.hosting_service);
    name.set_category(key.category);
    name.set_collected_day(DayText(key.collected_day));
    ROLLCALL_ASSIGN_OR_RETURN(const ArchiveListing listing, stores_.archive->List(name));
    if (listing.empty()) return absl::OkStatus();
    Found& found = Find(key);
    found.bucket.objects = listing.versions.size();
    found.bucket.uploads = listing.uploads.size();
    return absl::OkStatus();
  }

  // Of its latest record: the whole bucket is deleted when that is due.
  std::optional<absl::Time> DeadlineOf(const Found& found) const {
    const BucketKey& key = found.bucket.key;
    RecordFacts record;
    record.category = key.category;
    record.hosting_service = key.hosting_service;
    record.collected_at = EndOfDay(key.collected_day, policy_.zone) - absl::Nanoseconds(1);
    record.created_at = found.first_stored_at.value_or(record.collected_at);
    record.period_end = PaidUntil(key);
    return Evaluate(policy_, record, EventsOf(key), now_, Detail::kDates).deadline;
  }

  std::optional<absl::Time> PaidUntil(const BucketKey& key) const {
    const pb::CategoryRules* rules = policy_.Find(key.category);
    const bool by_hosting =
        rules != nullptr && std::any_of(rules->retain().begin(), rules->retain().end(), [](const pb::RetainRule& rule) {
          return rule.trigger() == pb::RetainRule::TERMINATED && rule.scope() == pb::HOSTING;
        });
    if (!by_hosting) return timeline_.feature.paid_until;
    std::optional<absl::Time> last;
    for (const auto& [service, state] : timeline_.hosting) {
      if (key.hosting_service != kAllServices && key.hosting_service != service) continue;
      if (state.paid_until.has_value()) last = std::max(last.value_or(*state.paid_until), *state.paid_until);
    }
    return last;
  }

  TenantEvents EventsOf(const BucketKey& key) const {
    TenantEvents events;
    for (const auto& [service, state] : timeline_.hosting) events.hosting.push_back({service, state.ended_at});
    events.feature_terminated_at = timeline_.feature.ended_at;
    for (const KnownOrder& hold : timeline_.holds) {
      if (hold.selection.Touches(key)) events.holds.push_back({hold.id, hold.placed_at, hold.lifted_at});
    }
    for (const KnownRequest& request : timeline_.requests) {
      if (request.selection.Covers(key) != Coverage::kWhole) continue;
      std::optional<absl::Time>& first = events.deletion_requested_at;
      if (!first.has_value() || request.requested_at < *first) first = request.requested_at;
    }
    return events;
  }

  const AuditedStores& stores_;
  const RetentionPolicy& policy_;
  const pb::TenantFacts& facts_;
  const absl::Time now_;
  const StopToken& stop_;
  TenantTimeline timeline_;
  std::map<std::tuple<std::string, pb::Category, absl::CivilDay>, Found> found_;
};

}  // namespace

absl::StatusOr<OverdueReport> AuditOverdue(const AuditedStores& stores, const RetentionPolicy& policy,
                                           const pb::TenantFacts& facts, absl::CivilDay first_day, absl::Time now,
                                           const StopToken& stop) {
  return OverdueAudit(stores, policy, facts, now, stop).Run(first_day);
}

}  // namespace rollcall
