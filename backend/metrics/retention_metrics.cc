#include "backend/metrics/retention_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <utility>

namespace rollcall {
namespace {

using ::prometheus::Counter;
using ::prometheus::Family;
using ::prometheus::Gauge;
using ::prometheus::Registry;

Gauge& OneGauge(Registry& registry, const char* name, const char* help) {
  return ::prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

Counter& OneCounter(Registry& registry, const char* name, const char* help) {
  return ::prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

double Seconds(absl::Time time) { return absl::ToDoubleSeconds(time - absl::UnixEpoch()); }

}  // namespace

struct RetentionMetrics::Families {
  explicit Families(Registry& r)
      : steps(::prometheus::BuildCounter()
                  .Name("rollcall_retention_steps_total")
                  .Help("Steps of buckets that were carried out and verified, by step.")
                  .Register(r)),
        rows_deleted(OneCounter(r, "rollcall_retention_rows_deleted_total", "Rows deleted from the stores.")),
        refused(OneGauge(r, "rollcall_purges_refused", "Deletions that a guard stopped at the last tick.")),
        failed(OneGauge(r, "rollcall_retention_failed", "Steps that failed at the last tick and are tried again.")),
        last_tick(OneGauge(r, "rollcall_retention_last_tick_timestamp_seconds", "When buckets were last looked at.")),
        clock_unhealthy(OneGauge(r, "rollcall_clock_unhealthy", "Whether the clock is not trusted to delete by.")),
        due(::prometheus::BuildGauge()
                .Name("rollcall_due_buckets")
                .Help("Buckets that fall due within so many days, those that are due among them.")
                .Register(r)),
        oldest_due_age(
            OneGauge(r, "rollcall_oldest_due_age_seconds", "For how long the oldest of those due has been.")),
        held(OneGauge(r, "rollcall_hold_buckets", "Buckets that a hold keeps.")),
        holds_past_review(OneGauge(r, "rollcall_holds_past_review", "Holds whose day to look again has passed.")),
        overdue(OneGauge(r, "rollcall_overdue_buckets",
                         "Buckets past their deadline of which the stores or the archive have something.")),
        misplaced(OneGauge(r, "rollcall_misplaced_buckets", "Buckets in the archive that may not be there.")),
        last_audit(OneGauge(r, "rollcall_retention_last_audit_timestamp_seconds",
                            "When the stores were last asked for what is overdue.")) {}

  void CountSteps(const char* step, uint64_t count) {
    steps.Add({{"step", step}}).Increment(static_cast<double>(count));
  }

  Family<Counter>& steps;
  Counter& rows_deleted;
  Gauge& refused;
  Gauge& failed;
  Gauge& last_tick;
  Gauge& clock_unhealthy;
  Family<Gauge>& due;
  Gauge& oldest_due_age;
  Gauge& held;
  Gauge& holds_past_review;
  Gauge& overdue;
  Gauge& misplaced;
  Gauge& last_audit;
};

RetentionMetrics::RetentionMetrics(std::shared_ptr<prometheus::Registry> registry)
    : registry_(std::move(registry)), families_(std::make_unique<Families>(*registry_)) {}

RetentionMetrics::~RetentionMetrics() = default;

void RetentionMetrics::OnTick(const TickReport& report) {
  families_->clock_unhealthy.Set(report.clock.ok() ? 0 : 1);
  if (!report.clock.ok()) return;
  families_->CountSteps("archive", report.archived + report.late_archived);
  families_->CountSteps("empty_stores", report.emptied);
  families_->CountSteps("restore", report.restored);
  families_->CountSteps("erase_part", report.parts_erased);
  families_->CountSteps("purge", report.purged + report.late_purged);
  families_->rows_deleted.Increment(static_cast<double>(report.rows_deleted));
  families_->refused.Set(static_cast<double>(report.refused.size()));
  families_->failed.Set(static_cast<double>(report.failed.size()));
  families_->last_tick.Set(Seconds(report.at));
}

void RetentionMetrics::OnFigures(const RetentionFigures& figures) {
  families_->due.Add({{"days", "1"}}).Set(static_cast<double>(figures.due_next_1d));
  families_->due.Add({{"days", "7"}}).Set(static_cast<double>(figures.due_next_7d));
  families_->due.Add({{"days", "30"}}).Set(static_cast<double>(figures.due_next_30d));
  families_->oldest_due_age.Set(absl::ToDoubleSeconds(figures.oldest_due_age));
  families_->held.Set(static_cast<double>(figures.held));
  families_->holds_past_review.Set(static_cast<double>(figures.holds_past_review));
}

void RetentionMetrics::OnAudit(const AuditFigures& figures) {
  families_->overdue.Set(static_cast<double>(figures.overdue));
  families_->misplaced.Set(static_cast<double>(figures.misplaced));
  families_->last_audit.Set(Seconds(figures.at));
}

}  // namespace rollcall
