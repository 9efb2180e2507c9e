// What commands about tenants' lives put on the screen, whole. See screens_test.cc.
#include <gtest/gtest.h>

#include <sstream>

#include "cli/lifecycle_command.h"
#include "cli/testing/fake_lifecycle.h"
#include "cli/testing/golden_screen.h"
#include "cli/testing/made_up_host.h"

namespace rollcall {
namespace {

class LifecycleScreensTest : public ::testing::Test {
 protected:
  LifecycleScreensTest() {
    context_.lifecycle = fake_.stub();
    context_.now = kMadeUpNow;
    context_.new_request_id = [] { return absl::StatusOr<std::string>("0b9d1f6e-6f0f-4f0e-9d57-1a2b3c4d5e6f"); };
  }

  template <typename Run>
  void ExpectScreen(const std::string& name, Run run, OutputFormat format = OutputFormat::kTable) {
    std::ostringstream out;
    Screen screen(&out, format, false, 0, false);
    context_.screen = &screen;
    const absl::Status status = run(context_);
    ASSERT_TRUE(status.ok()) << status;
    ExpectGoldenScreen(name, out.str());
  }

  FakeLifecycle fake_;
  CommandContext context_;
};

TEST_F(LifecycleScreensTest, Services) {
  fake_.AddAnswer(
      "ListServices",
      "services { subscription { feature: true } state: RUNS paid_until { seconds: 1798761600 } }"
      "services { subscription { hosting_service: 'cvm:ins-1' } state: ENDS ends_at { seconds: 1796083200 } "
      "buckets: 181 }"
      "services { subscription { hosting_service: 'cvm:ins-2' } state: ENDED ended_at { seconds: 1793404800 } "
      "buckets: 3 }"
      "services { subscription { hosting_service: 'ecm:\\033[31m' } state: RESUMES ended_at { seconds: 1 } "
      "resumes_at { seconds: 1796083200 } }"
      "epoch: 12 region: 'eu-frankfurt'");
  ExpectScreen("service_list", [](const CommandContext& context) { return RunServiceList(context); });
  ExpectScreen(
      "service_list_csv", [](const CommandContext& context) { return RunServiceList(context); }, OutputFormat::kCsv);
  ExpectScreen(
      "service_list_json", [](const CommandContext& context) { return RunServiceList(context); }, OutputFormat::kJson);
}

TEST_F(LifecycleScreensTest, Holds) {
  const auto list = [](const CommandContext& context) { return RunHoldList(context, {}); };
  ExpectScreen("hold_list_none", list);
  fake_.AddAnswer("ListHolds",
                  "holds { id: 'h-1' hold { legal_basis: 'court order 7' review_by: '2026-06-01' "
                  "selector { categories: ASSET_BASIC hosting_services: 'cvm:ins-1' } } state: IN_FORCE "
                  "placed_by: 'operator/carol' approved_by: 'operator/dave' past_review: true }"
                  "holds { id: 'h-2' hold { legal_basis: 'audit' review_by: '2027-06-01' } state: AWAITS_APPROVAL "
                  "placed_by: 'operator/carol' }");
  ExpectScreen("hold_list", list);
  ExpectScreen("hold_place", [](const CommandContext& context) {
    HoldPlaceArguments arguments;
    arguments.basis = "court order 7";
    arguments.review_by = "2027-06-01";
    arguments.selector.categories = {"asset_basic"};
    return RunHoldPlace(context, arguments);
  });
}

TEST_F(LifecycleScreensTest, Requests) {
  const auto all = [](const CommandContext& context) { return RunRequestStatus(context, {}); };
  ExpectScreen("request_status_none", all);
  fake_.AddAnswer("ListRequests",
                  "deletions { id: 'r-1' reason: 'left us' requested_at { seconds: 1795000000 } days_left: 12 "
                  "remaining_buckets: 40 dates { restricted_at { seconds: 1795000000 } "
                  "cancellable_until { seconds: 1795259200 } not_before { seconds: 1795259200 } "
                  "target { seconds: 1795600000 } deadline { seconds: 1796731200 } whole_buckets: 40 part_buckets: 2 "
                  "explanation: 'R7: 30 working days after the request' } }"
                  "deletions { id: 'r-2' reason: 'held' requested_at { seconds: 1795000000 } remaining_buckets: 1 "
                  "dates { held_buckets: 1 } }"
                  "deletions { id: 'r-3' reason: 'late' days_left: -2 remaining_buckets: 1 "
                  "dates { deadline { seconds: 1795500000 } } }"
                  "exports { id: 'x-1' days_left: 3 request { reason: 'copy' target { seconds: 1795953600 } } }");
  ExpectScreen("request_status", all);
  ExpectScreen("request_status_one", [](const CommandContext& context) {
    RequestIdArguments arguments;
    arguments.request = "r-1";
    return RunRequestStatus(context, arguments);
  });
  fake_.AddAnswer("RequestDeletion",
                  "deletion { cancellable_until { seconds: 1795953600 } not_before { seconds: 1795953600 } "
                  "deadline { seconds: 1799323200 } whole_buckets: 1 part_buckets: 0 }");
  ExpectScreen("request_delete", [](const CommandContext& context) {
    RequestArguments arguments;
    arguments.everything = true;
    arguments.reason = "left us";
    arguments.operation.yes = true;
    return RunRequestDelete(context, arguments);
  });
}

TEST_F(LifecycleScreensTest, Certificates) {
  const auto list = [](const CommandContext& context) { return RunCertificateList(context, {}); };
  ExpectScreen("certificate_list_none", list);
  fake_.AddAnswer("ListCertificates",
                  "certificates { certificate_id: '60be5965ec9b832527c6d349957cf7edb5054055dd20157c88f1909ed7fad6e2' "
                  "leaf_index: 41 bucket { tenant: 'acme' region: 'eu' hosting_service: 'cvm:ins-1' "
                  "category: ASSET_BASIC collected_day: '2026-03-01' } last_retained_day: '2026-09-30' "
                  "deadline { seconds: 1790899200 } executed_at { seconds: 1790823600 } records: 1200 bytes: 345678 }");
  ExpectScreen("certificate_list", list);
}

TEST_F(LifecycleScreensTest, Retention) {
  const auto status = [](const CommandContext& context) { return RunRetentionStatus(context, {}); };
  fake_.AddAnswer("GetRetentionStatus",
                  "policy { id: 'tcss-dpsa-module' version: 1 hash: '\\253\\315\\357\\001\\002\\003\\004' } epoch: 12 "
                  "buckets: 400 due_buckets: 4 overdue_buckets: 1 held_buckets: 20 restricted_buckets: 3 "
                  "oldest_due_at { seconds: 1795521600 } "
                  "forecast { day: '2026-11-26' buckets: 4 } forecast { day: '2026-11-27' } "
                  "forecast { day: '2026-11-28' buckets: 7 } "
                  "open_requests { id: 'r-1' days_left: 12 remaining_buckets: 40 } open_requests { id: 'r-2' } "
                  "holds_in_force: 2 holds_past_review: 1 "
                  "latest_dry_run { day: '2026-11-26' list_hash: 'aa' } "
                  "clock { wall { seconds: 1795694400 } reason: 'the clock is not synchronised' } "
                  "enforced: true counted_at { seconds: 1795694100 }");
  fake_.AddAnswer("GetRetentionStatus",
                  "policy { id: 'tcss-dpsa-module' version: 1 } buckets: 2 "
                  "latest_dry_run { day: '2026-11-26' list_hash: 'aa' acknowledged_by: 'operator/carol' "
                  "acknowledged_at { seconds: 1795690000 } } "
                  "clock { wall { seconds: 1795694400 } trusted: true synchronised: true } "
                  "enforced: true counted_at { seconds: 1795694100 }");
  fake_.AddAnswer("GetRetentionStatus",
                  "policy { id: 'tcss-dpsa-module' version: 1 } "
                  "clock { wall { seconds: 1795694400 } trusted: true synchronised: true }");
  ExpectScreen("retention_status", status);
  ExpectScreen("retention_status_well", status);
  ExpectScreen("retention_status_uncounted", status);
  fake_.AddAnswer("MakeDryRun",
                  "policy_hash: 'p' day: '2026-11-27' list_hash: "
                  "'2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' "
                  "lines: 'acme cvm:ins-1 ASSET_BASIC 2026-03-01' lines: 'acme cvm:ins-1 ASSET_BASIC 2026-03-02' "
                  "others: true");
  ExpectScreen("retention_dry_run", [](const CommandContext& context) { return RunRetentionDryRun(context, {}); });
}

}  // namespace
}  // namespace rollcall
