#include "backend/metrics/backend_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rollcall {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(BackendMetrics, CountsWhatItObserves) {
  BackendMetrics metrics("1.2.3");
  metrics.OnSessionOpened();
  metrics.OnSessionOpened();
  metrics.OnSessionClosed();
  metrics.OnSessionRefused("not_enrolled");
  metrics.OnBatchReceived(100);
  metrics.OnBatchRejected(RejectReason::kReserved);
  ApplyOutcome outcome;
  outcome.inserted = 3;
  outcome.retired = 1;
  metrics.OnBatchApplied(outcome, 5, 2);
  outcome = {};
  outcome.verdict = ApplyVerdict::kResync;
  outcome.cause = pb::Resync::BASE_MISMATCH;
  metrics.OnBatchApplied(outcome, 0, 0);
  metrics.OnRedactedAgain("process", "url.userinfo", 2);
  metrics.OnResync(pb::Resync::BASE_MISMATCH);
  metrics.OnGreeting(Greeting::kLaterLife);
  metrics.OnPollAsked();
  metrics.OnDrain(pb::Drain::POLL);
  metrics.OnWindow(true);
  metrics.SetAdmission(true, true, 77);
  metrics.SetInflightLimit(100);
  metrics.OnQuery("ListHosts", absl::StatusCode::kPermissionDenied, absl::Milliseconds(2));
  metrics.OnPurposeDenied("ListHosts");
  metrics.OnTokenRefused("invalid");
  metrics.SetCertificateExpiry("server", absl::FromUnixSeconds(1'700'000'000));
  metrics.SetCoverage({{"stale", 4}});
  const std::string text = metrics.Text();
  for (const char* line : {
           "rollcall_build_info{version=\"1.2.3\"} 1",
           "rollcall_sessions 1",
           "rollcall_sessions_opened_total 2",
           "rollcall_sessions_refused_total{reason=\"not_enrolled\"} 1",
           "rollcall_batch_bytes_received_total 100",
           "rollcall_batches_rejected_total{reason=\"reserved_field\"} 1",
           "rollcall_batches_applied_total{verdict=\"applied\"} 1",
           "rollcall_redacted_again_total{kind=\"process\",rule=\"url.userinfo\"} 2",
           "rollcall_resyncs_total{cause=\"base_mismatch\"} 1",
           "rollcall_greetings_total{agent=\"later_life\"} 1",
           "rollcall_polls_asked_total 1",
           "rollcall_polling 1",
           "rollcall_drains_total{reason=\"poll\"} 1",
           "rollcall_window_changes_total{change=\"lowered\"} 1",
           "rollcall_windows_lowered 1",
           "rollcall_inflight_bytes 77",
           "rollcall_inflight_limit_bytes 100",
           "rollcall_records_received_total 5",
           "rollcall_record_changes_total{change=\"inserted\"} 3",
           "rollcall_clock_suspect_records_total 2",
           "rollcall_queries_denied_total 1",
           "rollcall_purpose_denied_total{method=\"ListHosts\"} 1",
           "rollcall_tokens_refused_total{reason=\"invalid\"} 1",
           "rollcall_units{coverage=\"stale\"} 4",
           "rollcall_units{coverage=\"complete\"} 0",
           "rollcall_certificate_expiry_timestamp_seconds{certificate=\"server\"} 1700000000",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(BackendMetrics, DuplicatesAreNotCountedAsRecords) {
  BackendMetrics metrics("x");
  ApplyOutcome outcome;
  outcome.verdict = ApplyVerdict::kDuplicate;
  metrics.OnBatchApplied(outcome, 50, 1);
  EXPECT_THAT(metrics.Text(), HasSubstr("rollcall_records_received_total 0"));
}

TEST(MetricsEndpoint, ServesLoopbackOnlyAndReportsATakenPort) {
  BackendMetrics metrics("x");
  EXPECT_EQ(ServeMetrics(metrics, "0.0.0.0:0").status().code(), absl::StatusCode::kInvalidArgument);
  auto endpoint = ServeMetrics(metrics, "127.0.0.1:0");
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_GT((*endpoint)->port(), 0);
  const auto taken = ServeMetrics(metrics, absl::StrCat("127.0.0.1:", (*endpoint)->port()));
  EXPECT_EQ(taken.status().code(), absl::StatusCode::kUnavailable) << taken.status();
}

}  // namespace
}  // namespace rollcall
