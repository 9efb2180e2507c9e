#include "backend/metrics/retention_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <sstream>

namespace rollcall {
namespace {

using ::testing::HasSubstr;

TEST(RetentionMetrics, SaysWhatItObserves) {
  const auto registry = std::make_shared<prometheus::Registry>();
  RetentionMetrics metrics(registry);
  TickReport report;
  report.at = absl::FromUnixSeconds(1'700'000'000);
  report.archived = 3;
  report.purged = 2;
  report.late_purged = 1;
  report.rows_deleted = 40;
  report.failed.resize(5);
  report.refused.resize(6);
  metrics.OnTick(report);
  metrics.OnTick(report);
  TickReport distrusted;
  distrusted.clock = absl::FailedPreconditionError("jumped");
  metrics.OnTick(distrusted);
  RetentionFigures figures;
  figures.due_next_1d = 7;
  figures.due_next_7d = 8;
  figures.due_next_30d = 9;
  figures.oldest_due_age = absl::Minutes(1);
  figures.held = 10;
  figures.holds_past_review = 11;
  metrics.OnFigures(figures);
  metrics.OnAudit({absl::FromUnixSeconds(1'700'000'001), 12, 13});
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, registry->Collect());
  for (const char* line : {
           "rollcall_retention_steps_total{step=\"archive\"} 6",
           "rollcall_retention_steps_total{step=\"purge\"} 6",
           "rollcall_retention_rows_deleted_total 80",
           "rollcall_purges_refused 6",
           "rollcall_retention_failed 5",
           "rollcall_retention_last_tick_timestamp_seconds 1700000000",
           "rollcall_clock_unhealthy 1",
           "rollcall_due_buckets{days=\"1\"} 7",
           "rollcall_due_buckets{days=\"7\"} 8",
           "rollcall_due_buckets{days=\"30\"} 9",
           "rollcall_oldest_due_age_seconds 60",
           "rollcall_hold_buckets 10",
           "rollcall_holds_past_review 11",
           "rollcall_overdue_buckets 12",
           "rollcall_misplaced_buckets 13",
           "rollcall_retention_last_audit_timestamp_seconds 1700000001",
       }) {
    EXPECT_THAT(text.str(), HasSubstr(line));
  }
}

}  // namespace
}  // namespace rollcall
